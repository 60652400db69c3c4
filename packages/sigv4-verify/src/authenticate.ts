import { timingSafeEqual } from "node:crypto";
import { type AgentKey, AwsError, type KeyRing } from "@iap/aws-core";
import { formatAmzDate, isS3Family } from "@iap/sigv4";
import type { Authorization } from "./authorization.ts";

export interface AuthenticateOptions {
  /** Whose signatures count. */
  readonly keys: KeyRing;
  /** The instant to judge by. */
  readonly now: Date;
  /** How far the client's clock may be off, in milliseconds. Default: 5 minutes; 15 for the S3 family and presigned URLs. */
  readonly maxSkewMs?: number | undefined;
}

const MINUTE = 60_000;

/**
 * Finds the agent key a request claims and judges what can be judged without the signature: that the key is ours and
 * live, that its session token came along, that the request was signed now. Throws `UnknownAccessKey`, `InvalidToken`,
 * `ExpiredToken`, `RequestTimeTooSkewed` or `PresignedUrlExpired`.
 */
export function authenticate(authorization: Authorization, options: AuthenticateOptions): AgentKey {
  const { keys, now, maxSkewMs = defaultSkewMs(authorization) } = options;
  const { accessKeyId, sessionToken } = authorization;

  const key = keys.lookup(accessKeyId, sessionToken);
  // A key that is not ours costs a comparison too, and so takes as long to refuse.
  const tokenMatches = sameText(
    sessionToken ?? "",
    (key === undefined ? sessionToken : key.credentials.sessionToken) ?? "",
  );
  if (key === undefined || key.credentials.accessKeyId !== accessKeyId) {
    throw new AwsError(
      "UnknownAccessKey",
      "The access key or its session token is not one this proxy vended. Use the agent's credentials (profile iam-agent-proxy), not others.",
      { details: { AWSAccessKeyId: accessKeyId } },
    );
  }
  if (!tokenMatches) {
    throw new AwsError(
      "InvalidToken",
      sessionToken === undefined
        ? "The request has no session token, but its access key needs one. Sign with all of the agent's credentials."
        : "The session token does not belong to the access key. Fetch the agent's credentials again.",
    );
  }
  if (key.notAfter.getTime() <= now.getTime()) {
    throw new AwsError("ExpiredToken", "The agent's credentials have expired. Fetch them again.");
  }
  checkClock(authorization, now, maxSkewMs);
  return key;
}

function defaultSkewMs({ form, scope }: Authorization): number {
  return form !== "header" || isS3Family(scope.service) ? 15 * MINUTE : 5 * MINUTE;
}

function checkClock(
  { form, algorithm, date, amzDate, scope, expiresSeconds = 0 }: Authorization,
  now: Date,
  maxSkewMs: number,
): void {
  // A form's policy says how long it holds.
  if (form === "form") return;
  const ageMs = now.getTime() - date.getTime();
  if (form !== "header") {
    // Signature Version 2 does not say when a URL was signed, only when it expires.
    if (algorithm !== "AWS" && ageMs < -maxSkewMs) throw skewed(scope.service, amzDate, now, maxSkewMs, "early");
    if (ageMs > expiresSeconds * 1000) throw urlExpired(date, expiresSeconds, now);
  } else if (Math.abs(ageMs) > maxSkewMs) {
    throw skewed(scope.service, amzDate, now, maxSkewMs, ageMs < 0 ? "early" : "late");
  }
}

/** SDKs know the clock error by the beginning of its message and then correct their clock: S3 has its own. */
function skewed(service: string, amzDate: string, now: Date, maxSkewMs: number, which: "early" | "late"): AwsError {
  const details = {
    RequestTime: amzDate,
    ServerTime: isoSeconds(now),
    MaxAllowedSkewMilliseconds: String(maxSkewMs),
  };
  if (isS3Family(service)) {
    return new AwsError(
      "RequestTimeTooSkewed",
      "The difference between the request time and the current time is too large.",
      { details },
    );
  }
  const minutes = Math.round(maxSkewMs / MINUTE);
  const limit = formatAmzDate(new Date(now.getTime() + (which === "late" ? -maxSkewMs : maxSkewMs)));
  const message =
    which === "late"
      ? `Signature expired: ${amzDate} is now earlier than ${limit} (${formatAmzDate(now)} - ${minutes} min.)`
      : `Signature not yet current: ${amzDate} is still later than ${limit} (${formatAmzDate(now)} + ${minutes} min.)`;
  return new AwsError("RequestTimeTooSkewed", message, { details });
}

function urlExpired(date: Date, expiresSeconds: number, now: Date): AwsError {
  return new AwsError("PresignedUrlExpired", "Request has expired", {
    details: {
      "X-Amz-Expires": String(expiresSeconds),
      Expires: isoSeconds(new Date(date.getTime() + expiresSeconds * 1000)),
      ServerTime: isoSeconds(now),
    },
  });
}

function isoSeconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

/** Compares in a time that depends on the length alone. */
function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a, "latin1"), Buffer.from(b, "latin1")];
  return left.length === right.length && timingSafeEqual(left, right);
}
