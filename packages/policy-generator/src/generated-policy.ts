import type { PolicyDocument } from "@iap/iam-evaluator";
import type { ActionWildcard } from "./action-wildcards.ts";
import type { LearnedConditions } from "./conditions.ts";
import type { Seen } from "./grants.ts";
import type { LeftOut } from "./left-out-ledger.ts";
import type { PolicyText } from "./policy-text.ts";

/** A policy, and what there is to know about how it came about. */
export interface GeneratedPolicy {
  /** The first policy; there are more only when it had to be split. */
  readonly policy: PolicyDocument;
  /** Its text: JSON of two spaces, stable order, a line break at the end. The same records always give the same text. */
  readonly text: string;
  /** All of them. */
  readonly policies: readonly PolicyText[];
  readonly report: GenerationReport;
}

export interface GenerationReport {
  /** Calls (or lines of an action log) read, retries of one call counted once, and of these those the policy allows. */
  readonly requests: number;
  readonly granted: number;
  /** Requests beyond the first of a call. */
  readonly retries: number;
  /** Distinct actions granted. */
  readonly actions: number;
  /** Distinct (action, resource) pairs that were used. */
  readonly pairs: number;
  /**
   * Pairs that the policy grants by name, over pairs that were used: 1 when nothing is granted that was not used. A
   * resource with a wildcard counts as the pairs it was seen for. Undefined at level `actions`, which has no measure.
   */
  readonly overGrant: number | undefined;
  readonly leftOut: readonly LeftOut[];
  /** Operations that were let through without being understood: no policy can allow them. */
  readonly unknownOperations: readonly string[];
  /** Resources the request itself could not tell exactly, so that the policy has the declared pattern. */
  readonly declaredWildcards: readonly DeclaredWildcard[];
  /** Resources the policy writes wider than they were seen. */
  readonly widenings: readonly Widening[];
  /** Resources that another, wider one of the same action made superfluous. */
  readonly collapsed: number;
  readonly conditions: readonly LearnedCondition[];
  /** Permissions that AWS asks for besides and that never show as a request, in sentences. They are not in the policy. */
  readonly unseen: readonly string[];
  readonly actionWildcards: readonly ActionWildcard[];
  /** By statement: how many checks it was made of, first and last seen. */
  readonly provenance: readonly Provenance[];
  /** Characters as AWS counts them for what the policy is for; of several policies the sum. */
  readonly characters: number;
  /** What was done to make it fit. */
  readonly fitting: readonly string[];
  /** What to mind before using the policy, in sentences. */
  readonly warnings: readonly string[];
}

export interface DeclaredWildcard {
  /** As the policy writes it. */
  readonly resource: string;
  readonly actions: readonly string[];
  readonly why: string;
  /** Exact resources of the same actions that other requests named, and that it covers: what it may be narrowed to by hand. */
  readonly covers: readonly string[];
}

export interface Widening {
  /** As it was seen: the first few in order. */
  readonly seen: string;
  /** Of how many resources that were seen this is one. */
  readonly count: number;
  /** As the policy writes it. */
  readonly resource: string;
  readonly actions: readonly string[];
  readonly why: string;
}

export interface LearnedCondition {
  readonly actions: readonly string[];
  readonly resource: string;
  readonly conditions: LearnedConditions;
}

export interface Provenance extends Readonly<Seen> {
  /** From 0. */
  readonly policy: number;
  readonly sid: string;
}

/** There is nothing to grant: a policy must have a statement. The report says why each request was left out. */
export class NothingToGrantError extends Error {
  override readonly name = "NothingToGrantError";
  readonly leftOut: readonly LeftOut[];

  constructor(leftOut: readonly LeftOut[]) {
    const reasons = leftOut.map(({ why, count, examples }) => `${count} × ${why} (${examples.join(", ")})`);
    super(
      reasons.length === 0
        ? "There is nothing to make a policy of: the recording has no requests. Run something through the proxy first."
        : `There is nothing to make a policy of: every request was left out. ${reasons.join("; ")}.`,
    );
    this.leftOut = leftOut;
  }
}
