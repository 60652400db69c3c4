import type { AgentKey, UpstreamRef } from "@iap/aws-core";
import { type KeyVendor, maxTtlSeconds } from "./key-vendor.ts";

export interface AgentKeyRotationOptions {
  readonly vendor: KeyVendor;
  readonly agent: string;
  readonly session: string;
  /** How long each key is valid, in seconds: 60 to 129,600. */
  readonly ttlSeconds: number;
  /** `default` by default. */
  readonly upstream?: UpstreamRef | undefined;
}

/**
 * One agent's key: the same until it nears its end, then a new one, while the old one stays valid to its own end.
 *
 * A key is given out only while enough of it is left that an SDK does not ask again at once. botocore refreshes when
 * less than 15 minutes are left, and must below 10; the other SDKs refresh later than that.
 */
export class AgentKeyRotation {
  readonly #options: AgentKeyRotationOptions;
  readonly #minLeftMs: number;
  #current: AgentKey | undefined;

  constructor(options: AgentKeyRotationOptions) {
    const { ttlSeconds } = options;
    if (!Number.isSafeInteger(ttlSeconds) || ttlSeconds < minTtlSeconds || ttlSeconds > maxTtlSeconds) {
      throw new RangeError(
        `The life of agent keys is ${ttlSeconds} seconds; it must be a whole number from ${minTtlSeconds} to ${maxTtlSeconds}.`,
      );
    }
    this.#options = options;
    this.#minLeftMs = minLeftSeconds(ttlSeconds) * 1000;
  }

  /** The key to hand out at this instant. */
  current(now: Date): AgentKey {
    const { vendor, ...issue } = this.#options;
    const left = (this.#current?.notAfter.getTime() ?? 0) - now.getTime();
    // More than a whole life, and the second that its end is rounded up by: it was made by a clock that was ahead.
    const tooMuch = left > (issue.ttlSeconds + 1) * 1000;
    if (this.#current === undefined || left < this.#minLeftMs || tooMuch) {
      this.#current = vendor.issue({ ...issue, now });
    }
    return this.#current;
  }
}

/** The shortest life of a rotating key, in seconds. */
const minTtlSeconds = 60;

/**
 * How much of a key must be left for it to be given out, in seconds. From an hour on, 20 minutes: five more than
 * botocore's. Below, as far above its 15 minutes as the life allows; a life within them cannot please it, and a third
 * is kept for requests under way.
 */
export function minLeftSeconds(ttlSeconds: number): number {
  const advisory = 15 * 60;
  if (ttlSeconds <= advisory) return ttlSeconds / 3;
  return Math.min(20 * 60, advisory + (ttlSeconds - advisory) / 9);
}
