import type { PolicyDocument, PolicyInput, PolicyStatement } from "@iap/iam-evaluator";
import { ROOM } from "@iap/policy-generator";
import { UsageError } from "../usage-error.ts";

export interface SessionPolicyOptions {
  /** Together they say what is allowed. */
  readonly identity: readonly PolicyInput[];
  /** Boundaries and session policies: of these only what they deny can be said in the same document. */
  readonly limits: readonly PolicyInput[];
  /** The role that is assumed with it. */
  readonly roleArn: string;
}

/**
 * The policies an agent is held to as one session policy, for AWS to hold it to them as well: what the identity policies
 * allow and none of all denies. That a boundary or a session policy must allow, too, one document cannot say; the proxy sees
 * to it. The policies are known to be valid. Throws `UsageError` when they do not fit (STS API Reference, AssumeRole, `Policy`).
 */
export function sessionPolicyText({ identity, limits, roleArn }: SessionPolicyOptions): string {
  // `as`: they have been compiled.
  const documents = [...identity, ...limits].map(({ document }) => JSON.parse(document as string) as PolicyDocument);
  const isNew = ({ Version }: PolicyDocument): boolean => Version === "2012-10-17";
  // Only in the newer version does ${ begin a variable.
  const mixed = documents.find((document) => !isNew(document) && JSON.stringify(document).includes("${"));
  if (mixed !== undefined && documents.some(isNew)) {
    throw new UsageError(
      "the policies cannot be one session policy (--dual-enforce): one without Version 2012-10-17 has ${, which is a variable in the others. Give it that version, or leave out --dual-enforce",
    );
  }
  const statements = documents.flatMap(({ Statement }, i) =>
    ([Statement].flat() as PolicyStatement[])
      .filter(({ Effect }) => i < identity.length || Effect === "Deny")
      .filter((statement) => !isOfOthers(statement, roleArn)),
  );
  const policy = {
    ...(mixed === undefined ? { Version: "2012-10-17" } : {}),
    // A Sid is unique in a document, and takes room.
    Statement: statements.map(({ Sid: _, ...statement }) => statement),
  };
  const text = JSON.stringify(policy).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const { characters } = ROOM.session;
  if (text.length > characters) {
    throw new UsageError(
      `the policy does not fit into a session (--dual-enforce): it has ${text.length} characters, and AWS takes ${characters}. Make it smaller (\`iam-agent-proxy policy --for session\`, --generalize), or leave out --dual-enforce: the proxy holds the agent to all of it in any case`,
    );
  }
  return text;
}

/** An Allow for sessions of other roles, as `policy` writes them of an agent that assumed some: nothing to this one. */
function isOfOthers({ Effect, Condition }: PolicyStatement, roleArn: string): boolean {
  const roles = Object.entries(Condition?.StringEquals ?? {}).find(([key]) => key.toLowerCase() === "aws:principalarn");
  return Effect === "Allow" && roles !== undefined && ![roles[1]].flat().includes(roleArn);
}
