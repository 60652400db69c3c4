import type { CheckResource, PolicyType } from "@iap/aws-core";
import type { CompiledStatement } from "./compiled-statement.ts";
import type { AuthorizationRequest } from "./evaluate.ts";
import { quote } from "./quote.ts";
import { isAboutSome } from "./resource-matcher.ts";
import { type Facts, isAbout, principalTruth, resourceTruth, whyUndetermined } from "./statement-match.ts";
import { NO, UNDETERMINED, YES } from "./truth.ts";

/** A type of policy as AWS names it in its access denied messages, with and without an article. */
const POLICY_TYPE_NAMES: Readonly<Record<PolicyType, readonly [article: string, name: string]>> = {
  identity: ["an", "identity-based policy"],
  permissionsBoundary: ["a", "permissions boundary"],
  session: ["a", "session policy"],
  scp: ["a", "service control policy"],
  rcp: ["a", "resource control policy"],
  resource: ["a", "resource-based policy"],
  vpcEndpoint: ["a", "VPC endpoint policy"],
};

/** Of the statements that allow: none but to the root user, whom no policy of its account has to allow anything. */
export function allowedReason(statements: readonly CompiledStatement[]): string {
  const [first, ...rest] = statements;
  if (first === undefined) return "the root user may do everything in its account";
  return rest.length === 0
    ? `allowed by ${first.label}`
    : `allowed by ${first.label} and ${rest.map(({ label }) => label).join(" and ")}`;
}

/** `why` says what could not be evaluated, of a Deny that applies because it cannot be ruled out. */
export function explicitDenyReason({ label, ref }: CompiledStatement, resource: CheckResource, why?: string): string {
  const reason = `with an explicit deny in ${POLICY_TYPE_NAMES[ref.policyType].join(" ")} (${label})`;
  if (why !== undefined) return `${reason}; it applies because it cannot be ruled out: ${why}`;
  if (!("pattern" in resource)) return reason;
  return `${reason}; the resource is known only as the pattern ${quote(resource.pattern)} (${resource.why}), and a deny of any part of it applies`;
}

/** `allows` are the statements about the action in the policies that had to allow, and did not. */
export function implicitDenyReason(
  { action, resource }: AuthorizationRequest,
  type: PolicyType,
  allows: readonly CompiledStatement[],
  facts: Facts,
): string {
  const reason = `no ${POLICY_TYPE_NAMES[type][1]} allows the ${action} action`;
  if ("none" in resource) {
    const missed = nearMiss(allows, facts);
    if (missed !== undefined) return `${reason}; ${missed}`;
    return allows.length === 0
      ? reason
      : `${reason}; the action takes no resource, so only a statement with "Resource": "*" allows it`;
  }
  const missed = nearMiss(allows, facts);
  if ("arn" in resource) {
    return `${reason} on resource ${quote(resource.arn)}${missed === undefined ? "" : `; ${missed}`}`;
  }

  const shown = quote(resource.pattern);
  const pattern = `${reason} on all of the resource pattern ${shown} (${resource.why})`;
  if (missed !== undefined) return `${pattern}; ${missed}`;
  const { requested, context } = facts;
  const partly = allows.find(
    ({ resources }) => resources !== undefined && isAboutSome(resources, requested, context) === YES,
  );
  return partly === undefined
    ? pattern
    : `${pattern}; ${partly.label} may allow part of it, but the resource cannot be told exactly: allow the whole pattern, with "Resource": ${shown}`;
}

/** The statement that came closest to allowing, and what it lacked. */
function nearMiss(allows: readonly CompiledStatement[], facts: Facts): string | undefined {
  for (const statement of allows) {
    if (principalTruth(statement, facts) === NO || resourceTruth(statement, facts) === NO) continue;
    if (isAbout(statement, facts) === UNDETERMINED) {
      return `${statement.label} does not count because ${whyUndetermined(statement, facts)}`;
    }
    for (const { operator, key, holds } of statement.conditions) {
      if (holds(facts.context) !== NO) continue;
      const listed = Array.isArray(facts.context.get(key)) && !operator.includes(":");
      const hint = listed ? ", for the key has a list of values and the operator takes one" : "";
      return `${statement.label} would, but its condition ${operator} on ${key.name} does not hold${hint}`;
    }
  }
  return undefined;
}
