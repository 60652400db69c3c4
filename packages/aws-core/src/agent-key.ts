import type { Credentials } from "./credentials.ts";

/** Names the upstream credentials that requests of an agent key are re-signed with. `default`: the proxy's own. */
export type UpstreamRef = string;

/** A key pair that an agent holds: worthless outside the proxy, and the agent's identity inside it. */
export interface AgentKey {
  /** Who holds it, by the operator's name for it: what policies and records go by. */
  readonly agent: string;
  /** One run of that agent. */
  readonly session: string;
  /** The fake key pair and its sealed session token. */
  readonly credentials: Credentials;
  /** From this instant on it is expired. */
  readonly notAfter: Date;
  readonly upstream: UpstreamRef;
  /** The access key id of the agent key that obtained this one (a role session), if any. */
  readonly parent?: string | undefined;
}

/** Finds the agent key of an access key id and session token. */
export interface KeyRing {
  /** Undefined for a key that is not ours or a token that does not open; an expired key is returned, and judged by its `notAfter`. */
  lookup(accessKeyId: string, sessionToken: string | undefined): AgentKey | undefined;
}

/** Finds the upstream credentials an agent key stands for. */
export interface Upstreams {
  /** For an agent that is known by name there may be some of its own. Throws `AwsError` `ServiceUnavailable` when there are none now. */
  credentials(ref: UpstreamRef, agent?: string): Promise<Credentials>;
}
