import type { RequestHead } from "@iap/aws-core";
import { ALGORITHM_V4A, type Algorithm, formatAmzDate, parseAmzDate, trimBlanks } from "@iap/sigv4";
import type { Authorization } from "./authorization.ts";
import { malformed } from "./authorization-error.ts";
import { parseHttpDate } from "./http-date.ts";
import { parsePayload } from "./payload.ts";
import { onlyValue, parseCredential, parseSignature, parseSignedHeaders } from "./signature-parts.ts";

/**
 * Reads the parts of `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…` (or
 * `AWS4-ECDSA-P256-SHA256`, SigV4a), given without the algorithm. They may come in any order, with or without blanks
 * around the commas, as clients differ in that; anything else is refused.
 */
export function parseHeaderAuthorization(head: RequestHead, text: string, algorithm: Algorithm): Authorization {
  const parts = parseParts(text);
  const { accessKeyId, scope } = parseCredential(parts.Credential, algorithm);
  const signedHeaders = parseSignedHeaders(parts.SignedHeaders, head);
  const signature = parseSignature(parts.Signature, algorithm);
  const { date, amzDate } = signingDate(head);
  if (scope.date !== amzDate.slice(0, 8)) {
    throw malformed(`the credential scope is of ${scope.date}, but the request was signed on ${amzDate.slice(0, 8)}`);
  }
  const authorization: Authorization = {
    form: "header",
    algorithm,
    accessKeyId,
    scope,
    signedHeaders,
    signature,
    date,
    amzDate,
    sessionToken: onlyValue(head, "x-amz-security-token"),
    payload: parsePayload(onlyValue(head, "x-amz-content-sha256"), algorithm) ?? { kind: "collect" },
  };
  if (algorithm === ALGORITHM_V4A) return { ...authorization, regionSet: regionSet(head, signedHeaders) };
  return withSession(head, authorization);
}

/** The regions a SigV4a request is good for: said in a header that is signed. */
function regionSet(head: RequestHead, signedHeaders: readonly string[]): string {
  const regions = onlyValue(head, "x-amz-region-set");
  if (regions === undefined || !signedHeaders.includes("x-amz-region-set")) {
    throw malformed(`a signature of ${ALGORITHM_V4A} covers an x-amz-region-set header`);
  }
  return regions;
}

/** An S3 Express session has a token of its own in place of the key's. */
function withSession(head: RequestHead, authorization: Authorization): Authorization {
  const token = onlyValue(head, "x-amz-s3session-token");
  if (token === undefined) return authorization;
  if (authorization.sessionToken !== undefined) {
    throw malformed("the request has both an x-amz-s3session-token and an x-amz-security-token");
  }
  return { ...authorization, sessionToken: token, tokenHeader: "x-amz-s3session-token" };
}

interface Parts {
  readonly Credential: string;
  readonly SignedHeaders: string;
  readonly Signature: string;
}

function parseParts(text: string): Parts {
  let Credential: string | undefined;
  let SignedHeaders: string | undefined;
  let Signature: string | undefined;
  const once = (name: keyof Parts, before: string | undefined, value: string): string => {
    if (before !== undefined) throw malformed(`the Authorization header has ${name} twice`);
    return value;
  };
  for (const piece of text.split(",")) {
    const part = trimBlanks(piece);
    const equals = part.indexOf("=");
    const value = part.slice(equals + 1);
    switch (part.slice(0, Math.max(equals, 0))) {
      case "Credential":
        Credential = once("Credential", Credential, value);
        break;
      case "SignedHeaders":
        SignedHeaders = once("SignedHeaders", SignedHeaders, value);
        break;
      case "Signature":
        Signature = once("Signature", Signature, value);
        break;
      default:
        throw malformed("the Authorization header has a part other than Credential, SignedHeaders and Signature");
    }
  }
  if (Credential === undefined) throw malformed("the Authorization header has no Credential");
  if (SignedHeaders === undefined) throw malformed("the Authorization header has no SignedHeaders");
  if (Signature === undefined) throw malformed("the Authorization header has no Signature");
  return { Credential, SignedHeaders, Signature };
}

export interface SigningDate {
  readonly date: Date;
  readonly amzDate: string;
}

/** `x-amz-date`, or `Date` when there is none: botocore signs that one when its caller set it. */
function signingDate(head: RequestHead): SigningDate {
  const amzDate = onlyValue(head, "x-amz-date");
  if (amzDate !== undefined) {
    const date = parseAmzDate(amzDate);
    if (date === undefined) throw malformed("x-amz-date is not a date of the form YYYYMMDDTHHMMSSZ");
    return { date, amzDate };
  }
  const text = onlyValue(head, "date");
  if (text === undefined) throw malformed("the request has neither an x-amz-date nor a Date header");
  const date = parseAmzDate(text) ?? parseHttpDate(text);
  if (date === undefined) throw malformed("the Date header is not a date of RFC 1123 or of the form YYYYMMDDTHHMMSSZ");
  return { date, amzDate: formatAmzDate(date) };
}
