import { randomUUID } from "node:crypto";
import { type AgentKey, AwsError, Credentials, type UpstreamRef, type Upstreams } from "@iap/aws-core";
import { type KeyVendor, maxTtlSeconds } from "@iap/cred-vendor";
import type { Identity } from "../upstream/identity.ts";
import type { FoundCredentials } from "./virtualise.ts";

/** Real credentials that AWS gave for a call of an agent, and where they came from. */
export interface RoleSession {
  readonly credentials: Credentials;
  /** The identities assumed one after another, from the proxy's own credentials on: role ARNs, or what the operation is called. */
  readonly lineage: readonly string[];
  /** Whom AWS takes the credentials for, as far as it is known. */
  readonly identity: Identity;
  readonly notAfter: Date;
}

/** Who gets a session, and by what. */
export interface SessionOrigin {
  readonly agent: string;
  readonly session: string;
  /** The agent key that asked; undefined where the request was not signed. */
  readonly parent: AgentKey | undefined;
  /** Of the session that asked, as it was then: by now it may be forgotten. Undefined where it was none. */
  readonly lineage: readonly string[] | undefined;
  /** The operation that gave the credentials: `sts:AssumeRole`. */
  readonly from: string;
  /** The role, where it is known. */
  readonly role?: string | undefined;
  readonly identity?: Identity | undefined;
}

/** Real credentials, and the session they are of; undefined: they are the proxy's own. */
export interface CredentialsBehind {
  readonly credentials: Credentials;
  readonly session: RoleSession | undefined;
}

/** Where the other processes of one proxy find the sessions that one of them opened. */
export interface SharedSessions {
  /** Told of a session opened here. */
  opened(ref: UpstreamRef, session: RoleSession): void;
  /** A session that another has opened; undefined when none did. */
  find(ref: UpstreamRef): Promise<RoleSession | undefined>;
}

export interface RoleSessionsOptions {
  readonly vendor: Pick<KeyVendor, "issue">;
  /** The credentials of all other references. */
  readonly base: Upstreams;
  readonly now: () => Date;
  /** How many are kept at once, the oldest forgotten first; 20,000 by default (about 2 KB each). */
  readonly max?: number | undefined;
  /** Without it there are no other processes. */
  readonly shared?: SharedSessions | undefined;
}

/** Where an answer does not say how long its keys live, they are given out for an hour: AWS's shortest default. */
const unsaidSeconds = 3600;
const sessionPrefix = "session:";
const sweepEveryMs = 60_000;
const unknownIdentity: Identity = { account: undefined, principalArn: undefined };

/**
 * The real credentials behind the fake ones that agents got for `AssumeRole` and the like. Held in memory only: after a
 * restart their fake keys still verify, and are answered `ExpiredToken`: the code at which those SDKs ask for new ones that do
 * so for any (that for Ruby does; boto3 and that for JavaScript go by the time alone).
 */
export class RoleSessions {
  readonly #options: RoleSessionsOptions;
  readonly #sessions = new Map<UpstreamRef, RoleSession>();
  #nextSweep = 0;

  constructor(options: RoleSessionsOptions) {
    this.#options = options;
  }

  /** How many live. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Keeps real credentials and gives a fake key pair of the same life for them. */
  open(found: FoundCredentials, origin: SessionOrigin): AgentKey {
    const { agent, session, parent, lineage = [], from, role, identity = unknownIdentity } = origin;
    const { vendor, now, max = 20_000, shared } = this.#options;
    const at = now();
    this.#forget(at, max - 1);
    const ref: UpstreamRef = `${sessionPrefix}${randomUUID()}`;
    const left = found.expiration === undefined ? unsaidSeconds : (found.expiration.getTime() - at.getTime()) / 1000;
    const fake = vendor.issue({
      agent,
      session,
      ttlSeconds: Math.min(Math.max(Math.floor(left), 1), maxTtlSeconds),
      upstream: ref,
      parent: parent?.credentials.accessKeyId,
      now: at,
    });
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = found;
    const opened: RoleSession = {
      credentials: new Credentials({
        accessKeyId,
        secretAccessKey,
        sessionToken,
        ...(expiration === undefined ? {} : { expiration }),
      }),
      lineage: [...lineage, role ?? from],
      identity,
      notAfter: fake.notAfter,
    };
    this.#sessions.set(ref, opened);
    shared?.opened(ref, opened);
    return fake;
  }

  /** Keeps a session that another process has opened. */
  adopt(ref: UpstreamRef, session: RoleSession): void {
    const { now, max = 20_000 } = this.#options;
    if (!this.#sessions.has(ref)) this.#forget(now(), max - 1);
    this.#sessions.set(ref, session);
  }

  /** The session of a reference that is kept here; undefined when there is none. */
  get(ref: UpstreamRef): RoleSession | undefined {
    return this.#sessions.get(ref);
  }

  /**
   * What an agent key's reference leads to. One answer, not one for each question: what is signed with, judged and recorded
   * must not come apart. Throws `AwsError` `ExpiredToken` when the session has ended, and what the proxy's own throw.
   */
  async behind(ref: UpstreamRef, agent?: string): Promise<CredentialsBehind> {
    const { base, now } = this.#options;
    if (!ref.startsWith(sessionPrefix)) return { credentials: await base.credentials(ref, agent), session: undefined };
    const session = this.#sessions.get(ref) ?? (await this.#find(ref));
    if (session !== undefined && session.notAfter > now()) return { credentials: session.credentials, session };
    throw new AwsError(
      "ExpiredToken",
      "The role session behind this key pair has ended, or iam-agent-proxy was started anew since. Ask for new credentials (AssumeRole or the like), or start the program that asks; the AWS CLI keeps old ones in ~/.aws/cli/cache.",
    );
  }

  async #find(ref: UpstreamRef): Promise<RoleSession | undefined> {
    const found = await this.#options.shared?.find(ref);
    if (found !== undefined) this.adopt(ref, found);
    return found;
  }

  /** Forgets what has ended, at most once a minute, and the oldest down to `most`. */
  #forget(now: Date, most: number): void {
    if (now.getTime() >= this.#nextSweep) {
      this.#nextSweep = now.getTime() + sweepEveryMs;
      for (const [ref, { notAfter }] of this.#sessions) if (notAfter <= now) this.#sessions.delete(ref);
    }
    for (const ref of this.#sessions.keys()) {
      if (this.#sessions.size <= most) break;
      this.#sessions.delete(ref);
    }
  }
}
