import { hkdfSync, type KeyObject, randomBytes } from "node:crypto";
import { type AgentKey, Credentials, type KeyRing, type UpstreamRef } from "@iap/aws-core";
import { type TokenSeal, tokenSeal } from "./seal.ts";

export interface KeyVendorOptions {
  /** From `openInstallKey`. Proxies that share one accept each other's agent keys. */
  readonly installKey: KeyObject;
  /** How many opened tokens are remembered; 1,000 by default. */
  readonly maxRemembered?: number | undefined;
}

export interface IssueOptions {
  /** Who the key is for: 1 to 256 characters. */
  readonly agent: string;
  /** One run of that agent: 1 to 256 characters. */
  readonly session: string;
  /** From 1 to 129,600 (36 hours, the longest STS gives). */
  readonly ttlSeconds: number;
  /** The upstream credentials it stands for; `default` by default. */
  readonly upstream?: UpstreamRef | undefined;
  /** The access key id of the agent key that obtained this one. */
  readonly parent?: string | undefined;
  readonly now: Date;
}

/**
 * Makes agent keys, and finds them again by access key id and session token. It keeps no list: a key is in its own
 * token, sealed under the install key, so that a restart strands nobody and nothing grows.
 */
export class KeyVendor implements KeyRing {
  /** The four characters after `ASIA` in every access key id of this installation: traceable, not secret. */
  readonly installId: string;
  readonly #seal: TokenSeal;
  readonly #maxRemembered: number;
  /** By access key id, in the order of use, the least recent first. Holds only keys whose token opened. */
  readonly #remembered = new Map<string, AgentKey>();

  constructor({ installKey, maxRemembered = 1000 }: KeyVendorOptions) {
    if (installKey.type !== "secret" || installKey.symmetricKeySize !== 32) {
      throw new RangeError("The install key must be a secret key of 32 bytes; openInstallKey gives one.");
    }
    this.#seal = tokenSeal(installKey);
    this.#maxRemembered = maxRemembered;
    const id = Buffer.from(hkdfSync("sha256", installKey, "", "iam-agent-proxy install id v1", 4));
    this.installId = base32(id);
  }

  issue({ agent, session, ttlSeconds, upstream = "default", parent, now }: IssueOptions): AgentKey {
    for (const [name, value, max] of [
      ["agent", agent, 256],
      ["session", session, 256],
      ["upstream", upstream, 2048],
      ["parent", parent ?? "-", 128],
    ] as const) {
      if (value.length < 1 || value.length > max) {
        throw new RangeError(`${name} has ${value.length} characters; an agent key takes 1 to ${max}.`);
      }
    }
    if (!Number.isSafeInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > maxTtlSeconds) {
      throw new RangeError(`ttlSeconds is ${ttlSeconds}; it must be a whole number from 1 to ${maxTtlSeconds}.`);
    }
    const accessKeyId = `ASIA${this.installId}${base32(randomBytes(12))}`;
    const secret = randomBytes(30).toString("base64");
    // Whole seconds, rounded up: what the token says is what the agent is told, and never less than was asked for.
    const notAfter = new Date((Math.ceil(now.getTime() / 1000) + ttlSeconds) * 1000);
    const sealed = { agent, session, secret, notAfter, upstream, ...(parent !== undefined && { parent }) };
    const key = agentKey(accessKeyId, this.#seal.seal(accessKeyId, sealed), sealed);
    this.#remember(key);
    return key;
  }

  lookup(accessKeyId: string, sessionToken: string | undefined): AgentKey | undefined {
    if (sessionToken === undefined) return undefined;
    const known = this.#remembered.get(accessKeyId);
    if (known !== undefined && known.credentials.sessionToken === sessionToken) {
      this.#remembered.delete(accessKeyId);
      this.#remembered.set(accessKeyId, known);
      return known;
    }
    if (!accessKeyIdForm.test(accessKeyId)) return undefined;
    const sealed = this.#seal.open(accessKeyId, sessionToken);
    if (sealed === undefined) return undefined;
    const key = agentKey(accessKeyId, sessionToken, sealed);
    this.#remember(key);
    return key;
  }

  #remember(key: AgentKey): void {
    this.#remembered.set(key.credentials.accessKeyId, key);
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= this.#maxRemembered) break;
      this.#remembered.delete(oldest);
    }
  }
}

/** The longest life of an agent key, in seconds: 36 hours. */
export const maxTtlSeconds = 129_600;

const accessKeyIdForm = /^ASIA[A-Z2-7]{16}$/;

function agentKey(
  accessKeyId: string,
  sessionToken: string,
  sealed: {
    agent: string;
    session: string;
    secret: string;
    notAfter: Date;
    upstream: string;
    parent?: string | undefined;
  },
): AgentKey {
  const { secret, ...rest } = sealed;
  return {
    ...rest,
    credentials: new Credentials({
      accessKeyId,
      secretAccessKey: secret,
      sessionToken,
      expiration: sealed.notAfter,
    }),
  };
}

/** One character of `A-Z2-7` (RFC 4648 section 6) for each byte: five bits of it. */
function base32(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".charAt(byte & 31)).join("");
}
