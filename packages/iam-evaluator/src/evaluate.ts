import type { Check, CheckResource, Decision, PolicyType, StatementRef } from "@iap/aws-core";
import type { CandidateFinder, CompiledStatement, PolicyGroup } from "./compiled-statement.ts";
import { BY_NAME, BY_ROLE, closestNaming, type Naming, NOT_NAMED, type PrincipalMatcher } from "./principal-matcher.ts";
import { quote } from "./quote.ts";
import { allowedReason, explicitDenyReason, implicitDenyReason } from "./reason.ts";
import { RequestContext } from "./request-context.ts";
import { type Principal, type RequestPrincipal, readPrincipalOf } from "./request-principal.ts";
import type { RequestedResource } from "./resource-matcher.ts";
import { type Facts, isAbout, isOutOfReach, isOutsider, whyUndetermined } from "./statement-match.ts";
import { NO, UNDETERMINED, YES } from "./truth.ts";
import { compileWildcard } from "./wildcard.ts";

/**
 * One action on one resource: a `Check`, and who asks. Without `authoritative` a condition key that is not in `context`
 * is absent, as in AWS; with it, a key that is in neither is unknown.
 */
export interface AuthorizationRequest extends Pick<Check, "action" | "resource">, Partial<Pick<Check, "context">> {
  readonly authoritative?: readonly string[] | undefined;
  /** Needed by policies that name principals. */
  readonly principal?: Principal | undefined;
  /**
   * Whose the resource is. By default the account of its ARN, or, where that has none, that of the principal. Of a pattern
   * that leaves the account open it cannot be told, and then both sides must allow.
   */
  readonly resourceAccount?: string | undefined;
}

/** What `compilePolicySet` makes of policies. */
export interface CompiledPolicies {
  readonly groups: readonly PolicyGroup[];
  readonly candidatesFor: CandidateFinder;
  readonly version: string;
  /** Whether resource policies are judged here, and whether the resource has one. */
  readonly judgesResource: boolean;
  readonly hasResourcePolicy: boolean;
  /** Whether the principal has a permissions boundary. */
  readonly isBounded: boolean;
  readonly hasSessionPolicy: boolean;
}

/**
 * A longer resource is denied unread. S3 keys have at most 1,024 bytes and ARNs about 2,048 characters (S3 User Guide,
 * "Naming Amazon S3 objects"; IAM API Reference, arnType).
 */
export const MOST_RESOURCE_CHARACTERS = 4096;

/** Deny first: one statement that denies beats all that allow (IAM User Guide, "Policy evaluation logic"). */
export function decide(request: AuthorizationRequest, policies: CompiledPolicies): Decision {
  const { action, resource } = request;
  const { groups, version } = policies;
  const candidates = policies.candidatesFor(action);
  if (candidates === undefined) return refusal(`${quote(action)} is not the name of one action`, version);
  const requested = requestedResource(resource);
  if (requested === undefined) {
    const reason = `the resource of the ${action} action cannot be evaluated: it must be one text of at most ${MOST_RESOURCE_CHARACTERS} characters, or none`;
    return refusal(reason, version);
  }
  if (candidates.action === GET_CALLER_IDENTITY) {
    const reason = `${action} needs no permission, and no policy denies it`;
    return decision("allowed", reason, NO_STATEMENTS, NO_UNEVALUATED, NONE, version);
  }

  const who = readPrincipalOf(request.principal);
  const context = new RequestContext(request.context, request.authoritative);
  const facts: Facts = { action: candidates.action, requested, context, who, isBounded: policies.isBounded };
  let unevaluated: Unevaluated | undefined;

  let undetermined: CompiledStatement | undefined;
  for (const statement of candidates.denies) {
    const truth = isAbout(statement, facts);
    if (truth === NO) continue;
    if (truth === YES) {
      const reason = explicitDenyReason(statement, resource);
      return decision("explicitDeny", reason, [statement.ref], unevaluated, context.missing, version);
    }
    undetermined ??= statement;
    unevaluated ??= [];
    unevaluated.push({ statement: statement.ref, why: whyUndetermined(statement, facts) });
  }
  if (undetermined !== undefined) {
    const reason = explicitDenyReason(undetermined, resource, unevaluated?.[0]?.why);
    return decision("explicitDeny", reason, [undetermined.ref], unevaluated, context.missing, version);
  }

  const needs = needOf(request, facts, policies);
  let matched: CompiledStatement | undefined;
  let more: CompiledStatement[] | undefined;
  let blockedBy: PolicyType[] | undefined;
  let blocking = -1;
  let naming: Naming = NOT_NAMED;
  for (let i = 0; i < groups.length; i++) {
    const { type } = groups[i] as PolicyGroup;
    if (!needs.mayMatter(type) || (type !== "resource" && !needs.isNeeded(type, naming))) continue;
    let found: CompiledStatement | undefined;
    for (const statement of candidates.allows[i] as readonly CompiledStatement[]) {
      const truth = isAbout(statement, facts);
      if (truth === YES) {
        if (type !== "resource") {
          found = statement;
          break;
        }
        // There is one: the policy of a resource is not read without.
        const closer = closestNaming(statement.principal as PrincipalMatcher, who);
        if (closer > naming) {
          naming = closer;
          found = statement;
        }
        if (naming === BY_NAME) break;
      } else if (truth === UNDETERMINED) {
        unevaluated ??= [];
        unevaluated.push({ statement: statement.ref, why: whyUndetermined(statement, facts) });
      }
    }
    if (found !== undefined) {
      if (matched === undefined) matched = found;
      else {
        more ??= [matched];
        more.push(found);
      }
    } else if (needs.isNeeded(type, naming)) {
      blockedBy ??= [];
      if (!blockedBy.includes(type)) blockedBy.push(type);
      if (blocking < 0) blocking = i;
    }
  }
  if (blockedBy === undefined) {
    const statements = more ?? (matched === undefined ? [] : [matched]);
    const refs =
      matched === undefined ? NO_STATEMENTS : more === undefined ? [matched.ref] : more.map(({ ref }) => ref);
    return decision("allowed", allowedReason(statements), refs, unevaluated, context.missing, version);
  }
  const allows = candidates.allows[blocking] as readonly CompiledStatement[];
  const reason = implicitDenyReason(request, blockedBy[0] as PolicyType, allows, facts);
  const denied = decision("implicitDeny", reason, NO_STATEMENTS, unevaluated, context.missing, version);
  return { ...denied, blockedBy };
}

/** Every check must be allowed; an explicit deny of any of them is told before an implicit one, with the check it is of. */
export function decideAll(requests: readonly AuthorizationRequest[], policies: CompiledPolicies): Decision {
  const { version } = policies;
  if (requests.length === 0) return refusal("there is no action to allow: the call has no checks", version);
  let denied: Decision | undefined;
  let allowed: Decision | undefined;
  const matched = new Set<StatementRef>();
  const missing = new Set<string>();
  const unevaluated: Decision["unevaluated"][number][] = [];
  for (const request of requests) {
    const one = decide(request, policies);
    const { action, resource } = request;
    if (one.outcome === "explicitDeny") return { ...one, deniedCheck: { action, resource } };
    if (one.outcome === "implicitDeny") denied ??= { ...one, deniedCheck: { action, resource } };
    allowed ??= one;
    for (const statement of one.matchedStatements) matched.add(statement);
    for (const key of one.missingContextKeys) missing.add(key);
    unevaluated.push(...one.unevaluated);
  }
  if (denied !== undefined) return denied;
  const first = allowed as Decision;
  if (requests.length === 1) return first;
  const others = matched.size - first.matchedStatements.length;
  const reason = others === 0 ? first.reason : `${first.reason} and ${others} more`;
  return decision("allowed", reason, [...matched], unevaluated, [...missing], version);
}

/**
 * GetCallerIdentity needs no permission, and an explicit deny does not keep anyone from it (STS API Reference,
 * GetCallerIdentity).
 */
const GET_CALLER_IDENTITY = "sts:getcalleridentity";

type Unevaluated = { readonly statement: StatementRef; readonly why: string }[];
const NO_STATEMENTS: readonly StatementRef[] = [];
const NO_UNEVALUATED: Decision["unevaluated"] = [];
const NONE: readonly string[] = [];

function decision(
  outcome: Decision["outcome"],
  reason: string,
  matchedStatements: readonly StatementRef[],
  unevaluated: Decision["unevaluated"] | undefined,
  missingContextKeys: readonly string[],
  policyVersion: string,
): Decision {
  return {
    outcome,
    reason,
    by: "iam",
    matchedStatements,
    missingContextKeys,
    unevaluated: unevaluated ?? NO_UNEVALUATED,
    policyVersion,
  };
}

function refusal(reason: string, version: string): Decision {
  return decision("implicitDeny", reason, NO_STATEMENTS, NO_UNEVALUATED, NONE, version);
}

/** Undefined for what is not a resource, or is too long to be one. */
export function requestedResource(resource: CheckResource): RequestedResource | undefined {
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

/** Which types of policy must allow. */
interface Need {
  readonly mayMatter: (type: PolicyType) => boolean;
  /** `naming` is how closely the resource's policy names who asks, as far as it allows them. */
  readonly isNeeded: (type: PolicyType, naming: Naming) => boolean;
}

function needOf(request: AuthorizationRequest, facts: Facts, policies: CompiledPolicies): Need {
  const { who, requested } = facts;
  const { judgesResource, hasSessionPolicy } = policies;
  if (!judgesResource && who.kind === "unknown") {
    return hasSessionPolicy ? WITHOUT_RESOURCE_POLICY : WITHOUT_RESOURCE_AND_SESSION_POLICY;
  }
  const outsider = judgesResource && isOutsider(who);
  const text = textOf(requested);
  const isCross = judgesResource && text !== undefined && isCrossAccount(text, requested, request, who);
  const needsResource =
    outsider || isCross || (policies.hasResourcePolicy && text !== undefined && isMandatory(text, request));
  return {
    mayMatter: (type) => !isOutOfReach(type, facts),
    isNeeded: (type, naming) => {
      switch (type) {
        case "rcp":
          // RCPFullAWSAccess, which cannot be detached, allows what no RCP denies.
          return false;
        case "scp":
        case "vpcEndpoint":
          return true;
        case "resource":
          return needsResource;
        case "identity":
          // The root user may do everything in its account but what others forbid.
          return !outsider && who.kind !== "root" && (isCross || naming < BY_ROLE);
        case "session":
          // Without one, a federated user session has no permissions (STS API Reference, GetFederationToken).
          if (!hasSessionPolicy && who.kind !== "federatedUser") return false;
          break;
        case "permissionsBoundary":
          break;
      }
      return !outsider && who.kind !== "root" && (isCross || naming < BY_NAME);
    },
  };
}

const WITHOUT_RESOURCE_POLICY: Need = {
  mayMatter: () => true,
  isNeeded: (type) => type !== "rcp" && type !== "resource",
};

const WITHOUT_RESOURCE_AND_SESSION_POLICY: Need = {
  ...WITHOUT_RESOURCE_POLICY,
  isNeeded: (type) => type !== "rcp" && type !== "resource" && type !== "session",
};

/** Undefined where there is no resource. */
function textOf(requested: RequestedResource): string | undefined {
  switch (requested.kind) {
    case "exact":
      return requested.text;
    case "pattern":
      return requested.wildcard.text;
    case "none":
      return undefined;
  }
}

function isCrossAccount(
  text: string,
  { kind }: RequestedResource,
  { resourceAccount }: AuthorizationRequest,
  who: RequestPrincipal,
): boolean {
  if (resourceAccount === undefined && kind === "pattern" && !ACCOUNT_IS_TOLD.test(text)) return true;
  const own = resourceAccount ?? accountOf(text) ?? who.account;
  return own === undefined || own !== who.account;
}

/** A pattern of an ARN with no wildcard in its account. */
const ACCOUNT_IS_TOLD = /^(?:[^:]*:){4}[^:*?]*:/;

function accountOf(text: string): string | undefined {
  const [, , , , account = ""] = text.split(":", 5);
  return /^[0-9]{12}$/.test(account) ? account : undefined;
}

/**
 * Key policies and role trust policies must allow: without them not even the account's own policies count (KMS Developer
 * Guide, "Key policies in AWS KMS"; IAM User Guide, "Policy evaluation for requests within a single account").
 */
function isMandatory(text: string, { action }: AuthorizationRequest): boolean {
  const [, , service, , , ...rest] = text.split(":", 6);
  if (service === "kms") return action.toLowerCase().startsWith("kms:");
  return service === "iam" && (rest[0] ?? "").startsWith("role/") && action.toLowerCase().startsWith("sts:");
}
