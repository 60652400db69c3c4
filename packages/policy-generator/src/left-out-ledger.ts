/** Requests that did not become part of the policy, by reason. */
export interface LeftOut {
  readonly why: string;
  readonly count: number;
  /** The first few in order: `s3:PutObject`, or method and host where the operation is not known. */
  readonly examples: readonly string[];
}

/** Counts what is left out. What it says does not depend on the order in which it was told. */
export class LeftOutLedger {
  readonly #reasons = new Map<string, { count: number; examples: Set<string> }>();

  add(why: string, example: string): void {
    let reason = this.#reasons.get(why);
    if (reason === undefined) {
      reason = { count: 0, examples: new Set() };
      this.#reasons.set(why, reason);
    }
    reason.count++;
    reason.examples.add(example);
  }

  list(): LeftOut[] {
    return [...this.#reasons]
      .map(([why, { count, examples }]) => ({ why, count, examples: [...examples].sort().slice(0, MOST_EXAMPLES) }))
      .sort((a, b) => (a.why < b.why ? -1 : 1));
  }
}

export const MOST_EXAMPLES = 5;
