import type { Check } from "./check.ts";

export type Outcome = "allowed" | "explicitDeny" | "implicitDeny";

export type PolicyType = "identity" | "permissionsBoundary" | "session" | "scp" | "rcp" | "resource" | "vpcEndpoint";

/** Where a statement stands. */
export interface StatementRef {
  readonly policyType: PolicyType;
  /** The policy's name: usually its file. */
  readonly policy: string;
  readonly sid?: string | undefined;
  /** From 0. */
  readonly index: number;
  readonly effect: "Allow" | "Deny";
}

/** Whether a check or a whole call may go ahead, and why. */
export interface Decision {
  readonly outcome: Outcome;
  /** One sentence for people. */
  readonly reason: string;
  /** What decided: policies, a guard that stands before them, or a limit. */
  readonly by: "iam" | "guard" | "limit";
  readonly matchedStatements: readonly StatementRef[];
  /** Condition keys consulted and not in the request. */
  readonly missingContextKeys: readonly string[];
  /** Statements that could not be evaluated: an Allow among them did not allow, a Deny denied. */
  readonly unevaluated: readonly { readonly statement: StatementRef; readonly why: string }[];
  /** Of an implicit deny: the types of policy that had to allow and did not. */
  readonly blockedBy?: readonly PolicyType[] | undefined;
  /** Of a call's checks, the one that decided against it. */
  readonly deniedCheck?: Pick<Check, "action" | "resource"> | undefined;
  /** Names the set of policies that decided; empty when none did. */
  readonly policyVersion: string;
}
