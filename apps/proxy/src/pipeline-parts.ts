import type { Resolver } from "@iap/action-resolver";
import type { AgentKey, Decision, KeyRing, ResolvedCall } from "@iap/aws-core";
import type { SigningKeys } from "@iap/sigv4";
import type { Decide } from "./policies/decide.ts";
import type { ByteBudget } from "./request/byte-budget.ts";
import type { RequestStoryOptions } from "./request/request-story.ts";
import type { AllowedHosts } from "./upstream/allowed-hosts.ts";
import type { UpstreamIdentity } from "./upstream/identity.ts";
import type { CredentialReplacer } from "./virtual/credential-replacer.ts";
import type { RoleSessions } from "./virtual/role-sessions.ts";

/** What the life of a request is made of. */
export interface PipelineParts extends RequestStoryOptions {
  readonly keys: KeyRing;
  readonly signingKeys: SigningKeys;
  /** The real credentials, and those of the sessions that agents got from AWS. */
  readonly upstreams: Pick<RoleSessions, "behind">;
  /** Which answers get other credentials in place of the real ones. */
  readonly credentialReplacer: CredentialReplacer;
  /** What is appended to the User-Agent of a key's requests; undefined: nothing. */
  readonly userAgentSuffix?: ((key: AgentKey) => string | undefined) | undefined;
  readonly identity: Pick<UpstreamIdentity, "current">;
  readonly resolver: Resolver;
  /** The customers' endpoints that are signed for. */
  readonly allowedHosts: AllowedHosts;
  readonly decide: Decide;
  readonly decideUnsigned: (call: ResolvedCall) => Decision;
  readonly budget: ByteBudget;
  /** The longest body that is read whole, in bytes. */
  readonly maxBodyBytes: number;
  /** Told of what the agent's developer cannot mend: our bugs, and AWS refusing the real credentials. */
  readonly onFault: (error: Error) => void;
}
