import { AwsError, type Check, type CheckResource, type Decision, type ResolvedCall } from "@iap/aws-core";

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
  return new AwsError("AccessDenied", `User: ${who} is not authorized to perform: ${describe(call, check)} ${why}`);
}

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
