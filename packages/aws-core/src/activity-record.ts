import type { Check, Marker, Protocol } from "./check.ts";
import type { Decision } from "./decision.ts";

/** `record`: let through and write down; `shadow`: say what would be denied; `enforce`: deny. */
export type Mode = "record" | "shadow" | "enforce";

/** What became of a request: its line in `activity.jsonl` before anything is forwarded. */
export interface DecidedRecord {
  readonly v: 1;
  readonly type: "decided";
  /** Joins `decided` and `finished`; also the decision id that a denial carries. */
  readonly id: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly time: string;
  /** One run of the proxy. */
  readonly run: string;
  readonly mode: Mode;
  /** Absent when the request did not prove to come from an agent key. */
  readonly agent?: string | undefined;
  readonly session?: string | undefined;
  readonly accessKeyId?: string | undefined;
  /** Whose credentials the request goes on with, as far as it is known: `arn:aws:sts::123456789012:assumed-role/dev/session`. */
  readonly principalArn?: string | undefined;
  /** The role of that principal, if it is one: `arn:aws:iam::123456789012:role/dev`. */
  readonly role?: string | undefined;
  /**
   * Of a session that the agent got from AWS, how it came to it: the ARNs of the roles one after another, or the operation
   * where no role is known. Absent with the proxy's own credentials.
   */
  readonly lineage?: readonly string[] | undefined;
  readonly host: string;
  readonly method: string;
  /**
   * The same for each attempt of one call, so that a call that was tried again counts once: `sdk-` and the SDK's
   * invocation id, or `req-` and a hash of the request, which tells retries only after an attempt that failed.
   */
  readonly retry?: string | undefined;
  readonly service?: string | undefined;
  readonly operations: readonly string[];
  readonly protocol?: Protocol | undefined;
  readonly region?: string | undefined;
  readonly account?: string | undefined;
  readonly marker?: Marker | undefined;
  readonly checks: readonly Check[];
  readonly decision: Pick<Decision, "outcome" | "reason" | "by" | "policyVersion">;
  /** Whether the request goes on to AWS. In shadow mode a denied decision is forwarded all the same. */
  readonly forwarded: boolean;
}

/** How the exchange ended. None for an id means that the outcome is unknown (a crash). */
export interface FinishedRecord {
  readonly v: 1;
  readonly type: "finished";
  /** That of the `decided` record. */
  readonly id: string;
  /** When it ended: ISO 8601, UTC, milliseconds. */
  readonly time: string;
  /** `answered`: the client got the whole answer; `aborted`: the client left; `failed`: upstream or the proxy failed. */
  readonly outcome: "answered" | "aborted" | "failed";
  /** The status the client got, if any. */
  readonly status?: number | undefined;
  /** The error code in AWS's answer or ours. */
  readonly errorCode?: string | undefined;
  /** AWS's request id. */
  readonly requestId?: string | undefined;
  /** Body bytes sent upstream and received from it. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** From the request's head to the end of the exchange. */
  readonly durationMs: number;
}

export type ActivityRecord = DecidedRecord | FinishedRecord;

/** Writes what happens, where it cannot be lost. */
export interface Recorder {
  /** Resolves when the record is written; in enforce mode a failure denies the request. */
  decided(record: DecidedRecord): Promise<void>;
  /** Does not wait: a record that cannot be written is told by the recorder itself. */
  finished(record: FinishedRecord): void;
}
