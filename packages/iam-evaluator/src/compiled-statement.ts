import type { StatementRef } from "@iap/aws-core";
import type { ActionMatcher } from "./action-matcher.ts";
import type { ResourceMatcher } from "./resource-matcher.ts";

/** One statement, ready to be compared. */
export interface CompiledStatement {
  readonly ref: StatementRef;
  /** What people call it: `statement ReadReports in agent.json`. */
  readonly label: string;
  readonly actions: ActionMatcher;
  readonly resources: ResourceMatcher;
}

/** The statements about one action, by effect. */
export interface Candidates {
  readonly denies: readonly CompiledStatement[];
  readonly allows: readonly CompiledStatement[];
}

/** Finds the statements about an action; undefined when the text is not the name of one action. */
export type CandidateFinder = (action: string) => Candidates | undefined;
