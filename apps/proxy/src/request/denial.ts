import {
  AwsError,
  type Check,
  type CheckResource,
  type Decision,
  type PolicyType,
  type ResolvedCall,
} from "@iap/aws-core";

/** The error an agent gets for a decision that does not allow: whom, what, on what, and why, in AWS's order. */
export function denial(decision: Decision, call: ResolvedCall, principalArn: string | undefined): AwsError {
  const who = principalArn ?? "the agent";
  const check = decision.deniedCheck ?? call.checks[0];
  // AWS names the resource once, before the reason.
  const named =
    check !== undefined && "arn" in check.resource ? ` on resource ${JSON.stringify(check.resource.arn)}` : "";
  const reason = named === "" ? decision.reason : decision.reason.replace(named, "");
  // AWS's own sentence for a Deny goes on without a conjunction.
  const why = reason.startsWith("with an explicit deny") ? reason : `because ${reason}`;
  const sentence = `User: ${who} is not authorized to perform: ${describe(call, check)} ${why}`;
  const advice = adviceOn(decision, call);
  return new AwsError("AccessDenied", advice === undefined ? sentence : `${sentence}. ${advice}`);
}

/** Whom it takes to change the answer, and how. It is the proxy that denied: AWS was not asked. */
function adviceOn({ by, outcome, reason, blockedBy = [] }: Decision, { marker }: ResolvedCall): string | undefined {
  if (by !== "iam" || marker === "unknown") return undefined;
  const then = "and `iam-agent-proxy reload` makes it count";
  if (outcome === "explicitDeny") return `The operator of iam-agent-proxy can change that statement, ${then}.`;
  const options = blockedBy.flatMap((type) => OPTIONS[type] ?? []);
  // A reason that goes on after what is missing has named the statement that came closest.
  const what = reason.includes("; ") ? "change that, or add a statement" : "add a statement";
  const where = options.length === 0 ? "a policy" : `the policies of ${options.join(" and ")}`;
  return `The operator of iam-agent-proxy can ${what} in ${where}, ${then}.`;
}

const OPTIONS: Readonly<Partial<Record<PolicyType, string>>> = {
  identity: "--policy",
  permissionsBoundary: "--boundary",
  session: "--session-policy",
};

function describe(call: ResolvedCall, check: Pick<Check, "action" | "resource"> | undefined): string {
  if (check !== undefined) return `${check.action} on resource: ${resourceText(check.resource)}`;
  return call.operations.length > 0
    ? `${call.service}:${call.operations[0]}`
    : `an unknown operation of ${call.service}`;
}

function resourceText(resource: CheckResource): string {
  if ("arn" in resource) return `"${resource.arn}"`;
  return "pattern" in resource ? resource.pattern : "*";
}
