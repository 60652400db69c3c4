import type { AwsError, RequestHead } from "@iap/aws-core";
import { ALGORITHM, formatAmzDate, parseAmzDate } from "@iap/sigv4";
import type { Authorization } from "./authorization.ts";
import { malformed, notImplemented } from "./authorization-error.ts";
import { parseHttpDate } from "./http-date.ts";
import { parsePayload } from "./payload.ts";
import { onlyValue, parseCredential, parseSignature, parseSignedHeaders } from "./signature-parts.ts";

/**
 * Reads `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`. The parts may come in any order,
 * with or without blanks around the commas, as clients differ in that; anything else is refused.
 */
export function parseHeaderAuthorization(head: RequestHead, header: string): Authorization {
  const text = trimBlanks(header);
  const blank = text.search(/[ \t]/);
  const scheme = blank < 0 ? text : text.slice(0, blank);
  if (scheme !== ALGORITHM) throw otherScheme(scheme);

  const parts = parseParts(blank < 0 ? "" : text.slice(blank));
  const { accessKeyId, scope } = parseCredential(parts.Credential);
  const signedHeaders = parseSignedHeaders(parts.SignedHeaders, head);
  const signature = parseSignature(parts.Signature);
  const { date, amzDate } = signingDate(head);
  if (scope.date !== amzDate.slice(0, 8)) {
    throw malformed(`the credential scope is of ${scope.date}, but the request was signed on ${amzDate.slice(0, 8)}`);
  }
  return {
    form: "header",
    accessKeyId,
    scope,
    signedHeaders,
    signature,
    date,
    amzDate,
    sessionToken: onlyValue(head, "x-amz-security-token"),
    payload: parsePayload(onlyValue(head, "x-amz-content-sha256")) ?? { kind: "collect" },
  };
}

interface Parts {
  readonly Credential: string;
  readonly SignedHeaders: string;
  readonly Signature: string;
}

function parseParts(text: string): Parts {
  const parts: { Credential?: string; SignedHeaders?: string; Signature?: string } = {};
  for (const piece of text.split(",")) {
    const part = trimBlanks(piece);
    const equals = part.indexOf("=");
    const name = equals < 0 ? part : part.slice(0, equals);
    if (equals < 0 || (name !== "Credential" && name !== "SignedHeaders" && name !== "Signature")) {
      throw malformed("the Authorization header has a part other than Credential, SignedHeaders and Signature");
    }
    if (parts[name] !== undefined) throw malformed(`the Authorization header has ${name} twice`);
    parts[name] = part.slice(equals + 1);
  }
  const { Credential, SignedHeaders, Signature } = parts;
  if (Credential === undefined) throw malformed("the Authorization header has no Credential");
  if (SignedHeaders === undefined) throw malformed("the Authorization header has no SignedHeaders");
  if (Signature === undefined) throw malformed("the Authorization header has no Signature");
  return { Credential, SignedHeaders, Signature };
}

interface SigningDate {
  readonly date: Date;
  readonly amzDate: string;
}

/** `x-amz-date`, or `Date` when there is none: botocore signs that one when its caller set it. */
function signingDate(head: RequestHead): SigningDate {
  const stated = onlyValue(head, "x-amz-date");
  if (stated !== undefined) {
    const amzDate = trimBlanks(stated);
    const date = parseAmzDate(amzDate);
    if (date === undefined) throw malformed("x-amz-date is not a date of the form YYYYMMDDTHHMMSSZ");
    return { date, amzDate };
  }
  const text = onlyValue(head, "date");
  if (text === undefined) throw malformed("the request has neither an x-amz-date nor a Date header");
  const date = parseAmzDate(trimBlanks(text)) ?? parseHttpDate(trimBlanks(text));
  if (date === undefined) throw malformed("the Date header is not a date of RFC 1123 or of the form YYYYMMDDTHHMMSSZ");
  return { date, amzDate: formatAmzDate(date) };
}

/** The error for a scheme that is not SigV4's; it names the schemes AWS has, and never echoes what may be a secret. */
function otherScheme(scheme: string): AwsError {
  if (scheme === "AWS4-ECDSA-P256-SHA256") {
    return notImplemented(
      "SigV4a (AWS4-ECDSA-P256-SHA256)",
      "use a regional endpoint rather than a multi-region or global one",
    );
  }
  if (scheme === "AWS") {
    return notImplemented(
      "Signature Version 2 (Authorization: AWS)",
      "set the client's signature version to s3v4 or v4",
    );
  }
  if (scheme.toLowerCase() === "bearer") {
    return notImplemented(
      "bearer tokens",
      "let the client sign with the agent's credentials (profile iam-agent-proxy)",
    );
  }
  if (scheme.toLowerCase() === "basic") {
    return notImplemented("Basic authentication", "let the client sign with the agent's credentials");
  }
  return malformed(`the Authorization header does not begin with ${ALGORITHM}`);
}

function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
