import type { AgentKey, Credentials } from "@iap/aws-core";
import type { PipelineParts } from "../pipeline-parts.ts";
import { type KnownKeys, principalContext } from "../policies/principal-context.ts";
import type { Identity } from "../upstream/identity.ts";
import { roleIn } from "./request-story.ts";

/** Who asks, and with whose credentials the request goes on. */
export interface Caller {
  readonly key: AgentKey;
  readonly credentials: Credentials;
  /** Whom AWS takes them for, as far as it is known. */
  readonly identity: Identity;
  /** How the agent came to them, where they are of a session it got; undefined: the proxy's own. */
  readonly lineage: readonly string[] | undefined;
  /** The condition keys that this tells. */
  readonly known: KnownKeys;
}

/** Finds the credentials behind an agent key. Throws `AwsError` when there are none, or when their session has ended. */
export async function callerOf(
  key: AgentKey,
  { upstreams, identity, now }: Pick<PipelineParts, "upstreams" | "identity" | "now">,
): Promise<Caller> {
  const { credentials, session } = await upstreams.behind(key.upstream, key.agent);
  const lineage = session?.lineage;
  const who = session?.identity ?? identity.current(credentials);
  const { account, principalArn, userId } = who;
  const known = principalContext({ account, principalArn, userId, roleArn: roleIn(lineage) ?? who.roleArn }, now());
  return { key, credentials, identity: who, lineage, known };
}
