import type { PolicyType, StatementRef } from "@iap/aws-core";
import type { ActionMatcher } from "./action-matcher.ts";
import type { CompiledCondition } from "./condition.ts";
import type { PrincipalMatcher } from "./principal-matcher.ts";
import type { ResourceMatcher } from "./resource-matcher.ts";

/** One statement, ready to be compared. */
export interface CompiledStatement {
  readonly ref: StatementRef;
  /** What people call it: `statement ReadReports in agent.json`. */
  readonly label: string;
  readonly actions: ActionMatcher;
  /** Absent in policies that say for whom they are by what they are attached to, or for everybody. */
  readonly principal: PrincipalMatcher | undefined;
  /** Absent where the policy is a resource's own. */
  readonly resources: ResourceMatcher | undefined;
  readonly conditions: readonly CompiledCondition[];
}

/**
 * Policies that are united: what any of them allows, the group allows. The groups that apply must all allow; there is
 * one for each level of SCPs and each permissions boundary.
 */
export interface PolicyGroup {
  readonly type: PolicyType;
  readonly statements: readonly CompiledStatement[];
}

/** The statements about one action. */
export interface Candidates {
  /** Of every group. */
  readonly denies: readonly CompiledStatement[];
  /** By group, in the order of the groups. */
  readonly allows: readonly (readonly CompiledStatement[])[];
  /** The action in lower case. */
  readonly action: string;
}

/** Finds the statements about an action; undefined when the text is not the name of one action. */
export type CandidateFinder = (action: string) => Candidates | undefined;
