import { AwsError } from "@iap/aws-core";

/** Bytes of request bodies held in memory at once, bounded for each agent key and for all together. */
export class ByteBudget {
  readonly #total: number;
  readonly #perKey: number;
  #used = 0;
  readonly #usedBy = new Map<string, number>();

  constructor({ total, perKey }: { readonly total: number; readonly perKey: number }) {
    this.#total = total;
    this.#perKey = perKey;
  }

  /** A share of the budget for one request of a key. `reserve` throws `AwsError` `ServiceUnavailable` when there is no room; `release` gives all of it back. */
  open(accessKeyId: string): { reserve(bytes: number): void; release(): void } {
    let held = 0;
    return {
      reserve: (bytes) => {
        const used = this.#usedBy.get(accessKeyId) ?? 0;
        if (this.#used + bytes > this.#total || used + bytes > this.#perKey) {
          throw new AwsError(
            "ServiceUnavailable",
            "Too many request bodies are held for inspection at once. Send fewer large requests at the same time.",
          );
        }
        held += bytes;
        this.#used += bytes;
        this.#usedBy.set(accessKeyId, used + bytes);
      },
      release: () => {
        this.#used -= held;
        const left = (this.#usedBy.get(accessKeyId) ?? 0) - held;
        if (left > 0) this.#usedBy.set(accessKeyId, left);
        else this.#usedBy.delete(accessKeyId);
        held = 0;
      },
    };
  }
}
