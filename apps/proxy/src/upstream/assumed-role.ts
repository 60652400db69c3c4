import { createHash } from "node:crypto";
import { AwsError, type Credentials, parseArn, type SignedHead, type UpstreamRef, type Upstreams } from "@iap/aws-core";
import type { FetchResult } from "@iap/interceptor";
import { sha256Hex, sign, uriEncode } from "@iap/sigv4";
import { type Identity, stsHost } from "./identity.ts";
import { UpstreamCredentials } from "./upstream-credentials.ts";

export interface AssumedRoleOptions {
  readonly roleArn: string;
  /** The agent whose session it is where none is named. */
  readonly agent: string;
  /** As the activity log names it. */
  readonly run: string;
  /** The credentials that assume the role. */
  readonly source: Upstreams;
  /** Where STS is asked; `us-east-1` by default. */
  readonly region: string | undefined;
  /** Sends a signed request upstream, the way the agent's requests go. */
  readonly fetch: (
    head: SignedHead,
    options: { readonly body: Uint8Array; readonly timeoutMs: number },
  ) => Promise<FetchResult>;
  readonly now: () => Date;
  /** Whether SourceIdentity says the agent; the trust policy must allow `sts:SetSourceIdentity`. */
  readonly sourceIdentity: boolean;
  /** Whether session tags say the agent and the run; the trust policy must allow `sts:TagSession`. */
  readonly sessionTags: boolean;
  /** The session policy, as it is now; undefined: none. */
  readonly sessionPolicy: () => string | undefined;
  /** Told why there is no session, once until there is. */
  readonly onUnavailable?: ((error: Error) => void) | undefined;
}

/**
 * Sessions of a role that the proxy itself assumes, one for each agent, so that AWS knows them apart: the agent and the run
 * are in the session's name, in SourceIdentity and in its tags (STS API Reference, AssumeRole). They are refreshed before
 * they expire.
 */
export class AssumedRole implements Upstreams {
  readonly #options: AssumedRoleOptions;
  #sessions = new Map<string, Session>();

  constructor(options: AssumedRoleOptions) {
    this.#options = options;
  }

  async credentials(_ref: UpstreamRef, agent: string = this.#options.agent): Promise<Credentials> {
    let session = this.#sessions.get(agent);
    if (session === undefined) {
      session = this.#open(agent);
      this.#sessions.set(agent, session);
    }
    return session.upstream.credentials("default");
  }

  /** Whom AWS takes credentials of these sessions for; undefined for others. */
  identity({ accessKeyId }: Pick<Credentials, "accessKeyId">): Identity | undefined {
    for (const { known } of this.#sessions.values()) if (known?.accessKeyId === accessKeyId) return known.identity;
    return undefined;
  }

  /** Assumes the role anew for each agent when it next asks: the session policy is another. */
  renew(): void {
    this.#sessions = new Map();
  }

  #open(agent: string): Session {
    const { now, onUnavailable } = this.#options;
    const session: Session = {
      upstream: new UpstreamCredentials({
        provider: async () => {
          const { identity, ...found } = await this.#assume(agent);
          session.known = { accessKeyId: found.accessKeyId, identity };
          return found;
        },
        now,
        // That the source has none has been told by the source.
        onUnavailable: (error) => error instanceof AwsError || onUnavailable?.(error),
      }),
      known: undefined,
    };
    return session;
  }

  async #assume(agent: string): Promise<Assumed> {
    const { roleArn, source, region = "us-east-1", fetch, now } = this.#options;
    const host = stsHost(region);
    if (host === undefined) throw new Error(`no STS endpoint is known for region ${region}`);
    const credentials = await source.credentials("default");
    const body = Buffer.from(
      Object.entries(this.#parameters(agent))
        .map(([name, value]) => `${name}=${uriEncode(Buffer.from(value).toString("latin1"), false)}`)
        .join("&"),
    );
    const signed = sign(
      {
        httpVersion: "1.1",
        method: "POST",
        target: "/",
        headers: [
          ["Host", host],
          ["Content-Type", "application/x-www-form-urlencoded"],
          ["Content-Length", String(body.length)],
        ],
        host,
      },
      { credentials, region, service: "sts", now: now(), payload: sha256Hex(body) },
    );
    const answer = await fetch(signed, { body, timeoutMs: 10_000 });
    const text = Buffer.from(answer.body).toString("utf8");
    if (answer.head.status !== 200) throw new Error(this.#refusal(answer.head.status, text, host));
    const [accessKeyId, secretAccessKey, sessionToken, expiration, arn, id] = [
      ...["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "Arn", "AssumedRoleId"],
    ].map((name) => element(text, name));
    if (!accessKeyId || !secretAccessKey || !sessionToken || !expiration) {
      throw new Error(`${host} answered AssumeRole without credentials`);
    }
    const { account } = parseArn(roleArn) ?? {};
    return {
      ...{ accessKeyId, secretAccessKey, sessionToken, expiration: new Date(expiration) },
      ...(account === undefined ? {} : { accountId: account }),
      identity: { account, principalArn: arn, userId: id, roleArn },
    };
  }

  #parameters(agent: string): Record<string, string> {
    const { roleArn, run, sourceIdentity, sessionTags, sessionPolicy } = this.#options;
    const name = asName(agent, 55);
    const policy = sessionPolicy();
    const tags = sessionTags ? { "iam-agent-proxy:agent": asTagValue(agent), "iam-agent-proxy:run": run } : {};
    const parameters: Record<string, string> = {
      ...{ Action: "AssumeRole", Version: "2011-06-15", RoleArn: roleArn },
      RoleSessionName: `${name}-${run.slice(0, 8)}`,
      ...(sourceIdentity ? { SourceIdentity: asName(agent, 64) } : {}),
      ...(policy === undefined ? {} : { Policy: policy }),
    };
    Object.entries(tags).forEach(([key, value], i) => {
      parameters[`Tags.member.${i + 1}.Key`] = key;
      parameters[`Tags.member.${i + 1}.Value`] = value;
    });
    return parameters;
  }

  /** Why AWS did not let the role be assumed, and what to do. */
  #refusal(status: number, text: string, host: string): string {
    const { roleArn, sourceIdentity, sessionTags } = this.#options;
    const code = element(text, "Code");
    const message = element(text, "Message") ?? "";
    const said = `${host} answered ${status}${code === undefined ? "" : ` ${code}`}${message === "" ? "" : `: ${message.slice(0, 600)}`}`;
    if (code === "PackedPolicyTooLarge") {
      const tags = sessionTags ? ", start with --no-session-tags" : "";
      return `the policy does not fit into a session of ${roleArn} (${said}). Make it smaller${tags}, or leave out --dual-enforce`;
    }
    if (code === "MalformedPolicyDocument") {
      return `AWS does not take the policy as a session policy of ${roleArn} (${said}). Mend it, or leave out --dual-enforce`;
    }
    if (code !== "AccessDenied") return `${roleArn} could not be assumed: ${said}`;
    const missing = /not authorized to perform: (sts:\w+)/.exec(message)?.[1];
    const option = missing === undefined ? undefined : OPTIONS[missing];
    if (option !== undefined) {
      return `${roleArn} could not be assumed: ${missing} is not allowed (${said}). Allow ${missing} in the role's trust policy, or start with ${option}`;
    }
    const needed = [
      "sts:AssumeRole",
      ...(sourceIdentity ? ["sts:SetSourceIdentity"] : []),
      ...(sessionTags ? ["sts:TagSession"] : []),
    ];
    const without = [
      ...(sourceIdentity ? ["--no-source-identity"] : []),
      ...(sessionTags ? ["--no-session-tags"] : []),
    ];
    return `${roleArn} could not be assumed (${said}). The role's trust policy, and for a role of another account the policies of the credentials, must allow ${list(needed)}${without.length === 0 ? "" : `; ${list(without)} ${without.length === 1 ? "does" : "do"} without the last${without.length === 1 ? "" : " two"}`}`;
  }
}

interface Session {
  readonly upstream: UpstreamCredentials;
  known: { readonly accessKeyId: string; readonly identity: Identity } | undefined;
}

interface Assumed {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
  readonly accountId?: string;
  readonly identity: Identity;
}

/** What does without a permission. */
const OPTIONS: Readonly<Record<string, string>> = {
  "sts:SetSourceIdentity": "--no-source-identity",
  "sts:TagSession": "--no-session-tags",
};

/** A name as RoleSessionName and SourceIdentity take it: 2 to 64 of `\w+=,.@-`. What has to be changed stays another. */
function asName(agent: string, most: number): string {
  const name = agent.replace(/[^A-Za-z0-9_+=,.@-]/g, "-");
  if (name === agent && name.length >= 2 && name.length <= most) return name;
  return `${name.slice(0, most - 9)}-${createHash("sha256").update(agent).digest("hex").slice(0, 8)}`;
}

/** The characters that every service takes in a tag's value, up to 256. */
function asTagValue(agent: string): string {
  return agent.replace(/[^\p{L}\p{N} _.:/=+@-]/gu, "-").slice(0, 256);
}

function list(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** The text of the first element of this name. */
function element(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text?.replace(/&(lt|gt|quot|apos|amp|#39|#34);/g, (whole, entity: string) => ENTITIES[entity] ?? whole);
}

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ lt: "<", gt: ">", quot: '"', apos: "'", amp: "&", "#39": "'", "#34": '"' },
};
