import {
  MANAGED_POLICY_CHARACTERS,
  type PolicyDocument,
  type PolicyStatement,
  policyCharacters,
} from "@iap/iam-evaluator";
import type { LeftOut } from "./left-out-ledger.ts";

/** A policy, and what there is to know about how it came about. */
export interface GeneratedPolicy {
  readonly policy: PolicyDocument;
  /** The policy as JSON: two spaces, stable order, a line break at the end. The same records always give the same text. */
  readonly text: string;
  readonly report: GenerationReport;
}

export interface GenerationReport {
  /** Requests (or lines of an action log) read, and of these those that the policy allows. */
  readonly requests: number;
  readonly granted: number;
  /** Distinct actions granted. */
  readonly actions: number;
  readonly leftOut: readonly LeftOut[];
  /** Resources the request itself could not tell exactly, so that the policy has the declared pattern. */
  readonly declaredWildcards: readonly DeclaredWildcard[];
  /** Resources the policy writes wider than they were seen. */
  readonly widenings: readonly Widening[];
  /** Characters as AWS counts them: without white space. */
  readonly characters: number;
  /** What to mind before using the policy, in sentences. */
  readonly warnings: readonly string[];
}

export interface DeclaredWildcard {
  /** As the policy writes it. */
  readonly resource: string;
  readonly actions: readonly string[];
  readonly why: string;
}

export interface Widening {
  /** As it was seen. */
  readonly seen: string;
  /** As the policy writes it. */
  readonly resource: string;
  readonly why: string;
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

/** A policy document, its text, and its size with the warning that calls for. */
export interface PolicyText {
  readonly policy: PolicyDocument;
  readonly text: string;
  readonly characters: number;
  readonly warnings: readonly string[];
}

export function policyText(statements: readonly PolicyStatement[]): PolicyText {
  const policy: PolicyDocument = { Version: "2012-10-17", Statement: statements };
  const text = `${JSON.stringify(policy, null, 2)}\n`;
  const characters = policyCharacters(text);
  const warnings: string[] = [];
  if (characters > MANAGED_POLICY_CHARACTERS) {
    warnings.push(
      `The policy has ${characters} characters; AWS takes ${MANAGED_POLICY_CHARACTERS} in a managed policy. The proxy takes it as it is; for AWS, split it by statement, or generate it with actions only.`,
    );
  }
  return { policy, text, characters, warnings };
}
