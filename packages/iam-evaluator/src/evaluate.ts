import type { Check, CheckResource, Decision, StatementRef } from "@iap/aws-core";
import type { CandidateFinder, Candidates, CompiledStatement } from "./compiled-statement.ts";
import { isAboutAll, isAboutSome, type RequestedResource } from "./resource-matcher.ts";
import { compileWildcard } from "./wildcard.ts";

/**
 * One action on one resource: a `Check`, of which the evaluator reads action and resource. Conditions will read the
 * rest.
 */
export type AuthorizationRequest = Pick<Check, "action" | "resource"> & Partial<Check>;

/**
 * A longer resource is denied unread. S3 keys have at most 1,024 bytes and ARNs about 2,048 characters (S3 User Guide,
 * "Naming Amazon S3 objects"; IAM API Reference, arnType).
 */
export const MOST_RESOURCE_CHARACTERS = 4096;

/** Deny first: one statement that denies beats all that allow (IAM User Guide, "Policy evaluation logic"). */
export function decide(
  { action, resource }: AuthorizationRequest,
  candidatesFor: CandidateFinder,
  policyVersion: string,
): Decision {
  const candidates = candidatesFor(action);
  if (candidates === undefined) {
    return decision("implicitDeny", `${quote(action)} is not the name of one action`, NO_STATEMENTS, policyVersion);
  }
  const requested = requestedResource(resource);
  if (requested === undefined) {
    const reason = `the resource of the ${action} action cannot be evaluated: it must be one text of at most ${MOST_RESOURCE_CHARACTERS} characters, or none`;
    return decision("implicitDeny", reason, NO_STATEMENTS, policyVersion);
  }

  for (const statement of candidates.denies) {
    if (isAboutSome(statement.resources, requested)) {
      return decision("explicitDeny", explicitDeny(statement, resource), [statement.ref], policyVersion);
    }
  }
  for (const statement of candidates.allows) {
    if (isAboutAll(statement.resources, requested)) {
      return decision("allowed", `allowed by ${statement.label}`, [statement.ref], policyVersion);
    }
  }
  return decision("implicitDeny", implicitDeny(action, resource, requested, candidates), NO_STATEMENTS, policyVersion);
}

/** Every check must be allowed; an explicit deny of any of them is told before an implicit one, with the check it is of. */
export function decideAll(
  requests: readonly AuthorizationRequest[],
  candidatesFor: CandidateFinder,
  policyVersion: string,
): Decision {
  if (requests.length === 0) {
    return decision(
      "implicitDeny",
      "there is no action to allow: the call has no checks",
      NO_STATEMENTS,
      policyVersion,
    );
  }
  let denied: Decision | undefined;
  let allowed: Decision | undefined;
  const matched = new Set<StatementRef>();
  for (const request of requests) {
    const one = decide(request, candidatesFor, policyVersion);
    if (one.outcome === "explicitDeny") return { ...one, deniedCheck: request };
    if (one.outcome === "implicitDeny") denied ??= { ...one, deniedCheck: request };
    allowed ??= one;
    for (const statement of one.matchedStatements) matched.add(statement);
  }
  const first = denied ?? (allowed as Decision);
  if (denied !== undefined || matched.size === 1) return first;
  const reason = `${first.reason} and ${matched.size - 1} more`;
  return decision("allowed", reason, [...matched], policyVersion);
}

const NO_STATEMENTS: readonly StatementRef[] = [];

function decision(
  outcome: Decision["outcome"],
  reason: string,
  matchedStatements: readonly StatementRef[],
  policyVersion: string,
): Decision {
  return { outcome, reason, by: "iam", matchedStatements, missingContextKeys: [], unevaluated: [], policyVersion };
}

/** Undefined for what is not a resource, or is too long to be one. */
function requestedResource(resource: CheckResource): RequestedResource | undefined {
  if (typeof resource !== "object" || resource === null) return undefined;
  if ("none" in resource) return resource.none === true && Object.keys(resource).length === 1 ? NO_RESOURCE : undefined;
  if ("pattern" in resource) {
    if ("arn" in resource || !isReadable(resource.pattern)) return undefined;
    return { kind: "pattern", wildcard: compileWildcard(resource.pattern, "resource") };
  }
  return isReadable(resource.arn) ? { kind: "exact", text: resource.arn } : undefined;
}

const NO_RESOURCE: RequestedResource = { kind: "none" };

function isReadable(text: unknown): text is string {
  return typeof text === "string" && text !== "" && text.length <= MOST_RESOURCE_CHARACTERS;
}

function explicitDeny({ label }: CompiledStatement, resource: CheckResource): string {
  const reason = `with an explicit deny in an identity-based policy (${label})`;
  if (!("pattern" in resource)) return reason;
  return `${reason}; the resource is known only as the pattern ${quote(resource.pattern)} (${resource.why}), and a deny of any part of it applies`;
}

function implicitDeny(
  action: string,
  resource: CheckResource,
  requested: RequestedResource,
  { allows }: Candidates,
): string {
  const reason = `no identity-based policy allows the ${action} action`;
  if ("none" in resource) {
    return allows.length === 0
      ? reason
      : `${reason}; the action takes no resource, so only a statement with "Resource": "*" allows it`;
  }
  if ("arn" in resource) return `${reason} on resource ${quote(resource.arn)}`;

  const shown = quote(resource.pattern);
  const partly = allows.find(({ resources }) => isAboutSome(resources, requested));
  const pattern = `${reason} on all of the resource pattern ${shown} (${resource.why})`;
  return partly === undefined
    ? pattern
    : `${pattern}; ${partly.label} may allow part of it, but the resource cannot be told exactly: allow the whole pattern, with "Resource": ${shown}`;
}

/** In double quotes, with line breaks and control characters as escapes: request text must not forge log lines. */
function quote(text: string): string {
  return JSON.stringify(text);
}
