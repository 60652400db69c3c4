import type { FinishedRecord } from "@iap/aws-core";

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

/** Of two ends of one request, which is a damaged recording, the one that grants less counts. */
export function worseOf(one: Ending, other: Ending): Ending {
  return RANKS[one] >= RANKS[other] ? one : other;
}

const RANKS: Readonly<Record<Ending, number>> = { answered: 0, unknown: 1, denied: 2 };

/** Whether a client tries the same call again after this end: no answer, an error of the server, throttling. */
export function invitesRetry(finished: FinishedRecord | undefined): boolean {
  if (finished?.status === undefined || finished.outcome !== "answered") return true;
  const { status, errorCode } = finished;
  return (
    status >= 500 || status === 429 || (errorCode !== undefined && /Throttl|SlowDown|TooManyRequests/.test(errorCode))
  );
}

/**
 * Whether an error code says that the caller lacks permission. Services name it differently: `AccessDenied` (S3, STS),
 * `AccessDeniedException` (JSON services), `Client.UnauthorizedOperation` (EC2), `AuthorizationError` (SNS), and with
 * restJson1 the name may carry a namespace before "#" and a URI after ":".
 */
function isAccessDenied(errorCode: string): boolean {
  const name = errorCode.slice(errorCode.lastIndexOf("#") + 1).split(":", 1)[0] ?? "";
  return /^(?:Client\.)?(?:AccessDenied|Unauthorized|NotAuthorized|AuthorizationError|Forbidden)/.test(name);
}
