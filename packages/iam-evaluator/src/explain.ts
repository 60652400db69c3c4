import type { ContextValue, Decision, PolicyType, StatementRef } from "@iap/aws-core";
import { isAboutAction } from "./action-matcher.ts";
import type { CompiledStatement } from "./compiled-statement.ts";
import { type AuthorizationRequest, type CompiledPolicies, decide, requestedResource } from "./evaluate.ts";
import { ABSENT, RequestContext, UNKNOWN } from "./request-context.ts";
import { readPrincipalOf } from "./request-principal.ts";
import {
  type Facts,
  isAbout,
  isOutOfReach,
  principalTruth,
  resourceTruth,
  whyUndetermined,
} from "./statement-match.ts";
import { NO, truthWord, UNDETERMINED } from "./truth.ts";

/** A decision and how it came about, statement by statement, in the order of the policies. */
export interface Explanation {
  readonly decision: Decision;
  readonly statements: readonly StatementTrace[];
}

/** `undetermined` counts as matching in a Deny and as not matching in an Allow. */
export type Verdict = "yes" | "no" | "undetermined";

export interface StatementTrace {
  readonly statement: StatementRef;
  /** Of SCPs, RCPs and boundaries: which of them, from 0. */
  readonly group: { readonly type: PolicyType; readonly index: number };
  /** Whether the statement is about the request: all of what follows. */
  readonly matches: Verdict;
  readonly action: Verdict;
  /** Absent when the policy does not name principals. */
  readonly principal?: Verdict | undefined;
  readonly resource: Verdict;
  readonly conditions: readonly ConditionTrace[];
  /** What could not be evaluated, or why the statement does not count. */
  readonly why?: string | undefined;
}

export interface ConditionTrace {
  /** As the policy writes them. */
  readonly operator: string;
  readonly key: string;
  readonly policyValues: readonly string[];
  readonly state: "present" | "absent" | "unknown";
  /** What the request says, if it does. */
  readonly requestValue?: ContextValue | undefined;
  readonly holds: Verdict;
}

/** Evaluates every statement on its own and in full, however soon the decision was clear. */
export function explain(request: AuthorizationRequest, policies: CompiledPolicies): Explanation {
  const decision = decide(request, policies);
  const candidates = policies.candidatesFor(request.action);
  const requested = requestedResource(request.resource);
  if (candidates === undefined || requested === undefined) return { decision, statements: [] };
  const facts: Facts = {
    action: candidates.action,
    requested,
    context: new RequestContext(request.context, request.authoritative),
    who: readPrincipalOf(request.principal),
    isBounded: policies.isBounded,
  };
  const seen = new Map<PolicyType, number>();
  const statements = policies.groups.flatMap(({ type, statements: listed }) => {
    const index = seen.get(type) ?? 0;
    seen.set(type, index + 1);
    return listed.map((statement) => traceOf(statement, { type, index }, candidates.action, facts));
  });
  return { decision, statements };
}

function traceOf(
  statement: CompiledStatement,
  group: StatementTrace["group"],
  action: string,
  facts: Facts,
): StatementTrace {
  const about = isAboutAction(statement.actions, action);
  const truth = about === NO ? NO : isAbout(statement, facts);
  return {
    statement: statement.ref,
    group,
    matches: truthWord(truth),
    action: truthWord(about),
    ...(statement.principal === undefined ? {} : { principal: truthWord(principalTruth(statement, facts)) }),
    resource: truthWord(resourceTruth(statement, facts)),
    conditions: statement.conditions.map((condition) => {
      const state = facts.context.get(condition.key);
      return {
        operator: condition.operator,
        key: condition.key.name,
        policyValues: condition.values,
        ...(state === ABSENT
          ? { state: "absent" as const }
          : state === UNKNOWN
            ? { state: "unknown" as const }
            : { state: "present" as const, requestValue: state }),
        holds: truthWord(condition.holds(facts.context)),
      };
    }),
    ...(truth === UNDETERMINED ? { why: whyUndetermined(statement, facts) } : {}),
    ...(isOutOfReach(group.type, facts) ? { why: "policies of this type do not bind such a request" } : {}),
  };
}
