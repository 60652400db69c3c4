import { mintsCredentials } from "@iap/action-resolver";
import type { AgentKey, Decision, Mode, ResolvedCall } from "@iap/aws-core";
import type { PolicySource } from "./policy-source.ts";

/** Whether a call may go ahead. */
export type Decide = (call: ResolvedCall, key: AgentKey) => Promise<Decision>;

/**
 * Guards first, which hold in every mode and whatever a policy says; then the policies. Without policies (record mode)
 * what passes the guards is allowed.
 */
export function decider(policies: PolicySource): Decide {
  return async (call, key) => {
    const guard = guardedBecause(call);
    if (guard !== undefined) return decision("explicitDeny", guard, "guard");
    const evaluator = policies.current(key.agent);
    if (evaluator === undefined) return decision("allowed", "recorded; no policy is held against it", "guard");
    const { version } = evaluator;
    if (call.marker === "unknown") {
      const what = call.why ?? "the operation is not known";
      return decision("implicitDeny", `no policy can allow a request that is not understood: ${what}`, "iam", version);
    }
    if (call.marker === "permissionless") {
      return decision("allowed", `${operationName(call)} needs no permission`, "iam", version);
    }
    return evaluator.evaluateAll(call.checks);
  };
}

/** Whether the request goes on to AWS: shadow mode lets pass what only a policy denies. */
export function isForwarded({ outcome, by }: Decision, mode: Mode): boolean {
  return outcome === "allowed" || (mode === "shadow" && by === "iam");
}

function guardedBecause(call: ResolvedCall): string | undefined {
  switch (call.marker) {
    case "ambiguous":
      return `the request can be read in more than one way: ${call.why ?? "its parts disagree"}`;
    case "unsigned":
    case "bearer":
      return `${operationName(call)} is not authorised by AWS credentials, so there is nothing to sign it with`;
    default:
      return mintingReason(call);
  }
}

function mintingReason(call: ResolvedCall): string | undefined {
  const why = mintsCredentials(call);
  if (why === undefined) return undefined;
  const clause = why.charAt(0).toLowerCase() + why.slice(1).replace(/\.$/, "");
  return `no agent may call ${operationName(call)} through this proxy: ${clause}`;
}

function operationName({ service, operations }: ResolvedCall): string {
  return operations.length === 0 ? service : `${service}:${operations.join("|")}`;
}

function decision(outcome: Decision["outcome"], reason: string, by: Decision["by"], policyVersion = ""): Decision {
  return { outcome, reason, by, policyVersion, matchedStatements: [], missingContextKeys: [], unevaluated: [] };
}
