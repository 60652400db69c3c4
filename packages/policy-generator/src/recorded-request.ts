import type { ActivityRecord, DecidedRecord, FinishedRecord } from "@iap/aws-core";

/** One request of a recording: what was decided, and how it ended, if that was recorded. */
export interface RecordedRequest {
  readonly decided: DecidedRecord;
  readonly finished: FinishedRecord | undefined;
}

/** Joins `decided` and `finished` records by id, in whatever order they come. A `finished` without a request is passed over. */
export function joinRecords(records: Iterable<ActivityRecord>): RecordedRequest[] {
  const decided: DecidedRecord[] = [];
  const finished = new Map<string, FinishedRecord>();
  for (const record of records) {
    if (record.type === "decided") {
      decided.push(record);
    } else {
      const known = finished.get(record.id);
      // Twice the same id is a damaged recording: keep the ending that grants less.
      if (known === undefined || rank(record) > rank(known)) finished.set(record.id, record);
    }
  }
  return decided.map((record) => ({ decided: record, finished: finished.get(record.id) }));
}

/** How a request ended, as far as it bears on the permissions it needs. */
export type Ending = "answered" | "denied" | "unknown";

/** `denied`: AWS refused it, so it shows no permission that is needed; `unknown`: no answer of AWS is on record. */
export function endingOf(finished: FinishedRecord | undefined): Ending {
  if (finished === undefined) return "unknown";
  const { outcome, status, errorCode } = finished;
  if (status === 401 || status === 403 || (errorCode !== undefined && isAccessDenied(errorCode))) return "denied";
  if (outcome === "answered") return "answered";
  return status === undefined || status >= 500 ? "unknown" : "answered";
}

function rank(finished: FinishedRecord): number {
  return RANKS[endingOf(finished)];
}

const RANKS: Readonly<Record<Ending, number>> = { answered: 0, unknown: 1, denied: 2 };

/**
 * Whether an error code says that the caller lacks permission. Services name it differently: `AccessDenied` (S3, STS),
 * `AccessDeniedException` (JSON services), `Client.UnauthorizedOperation` (EC2), `AuthorizationError` (SNS), and with
 * restJson1 the name may carry a namespace before "#" and a URI after ":".
 */
function isAccessDenied(errorCode: string): boolean {
  const name = errorCode.slice(errorCode.lastIndexOf("#") + 1).split(":", 1)[0] ?? "";
  return /^(?:Client\.)?(?:AccessDenied|Unauthorized|NotAuthorized|AuthorizationError|Forbidden)/.test(name);
}
