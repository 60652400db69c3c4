import {
  type CredentialScope,
  type Credentials,
  type HeaderLine,
  type RequestHead,
  type SignedHead,
  splitTarget,
} from "@iap/aws-core";
import { formatAmzDate } from "./amz-date.ts";
import { pathRule } from "./canonical-path.ts";
import { canonicalRequest } from "./canonical-request.ts";
import { formatCredentialScope } from "./credential-scope.ts";
import { headerFate } from "./header-policy.ts";
import { isSha256Hex } from "./payload-hash.ts";
import { isPresigned, withoutAuthParameters } from "./presigned-query.ts";
import { isS3Family } from "./s3-family.ts";
import { signature, signingKey } from "./signing-key.ts";
import type { SigningKeys } from "./signing-keys.ts";
import { ALGORITHM, stringToSign } from "./string-to-sign.ts";

export interface SignOptions {
  readonly credentials: Credentials;
  readonly region: string;
  /** The signing name: `s3`, `execute-api`. */
  readonly service: string;
  readonly now: Date;
  /** The hash line: the body's SHA-256 as lower-case hex, or the literal that stands for it. */
  readonly payload: string;
  /** What the client had signed (lower-case names): signed again, except what changes on the way. Default none. */
  readonly signedHeaders?: readonly string[] | undefined;
  /** Keys derived before; without it, a key is derived for this request alone. */
  readonly signingKeys?: SigningKeys | undefined;
}

/**
 * Signs a request in its header, in place of what authenticated it before (a header, or the query of a presigned URL).
 *
 * The target loses a presigned URL's own parameters and is otherwise not touched. Header lines keep their order, case
 * and duplicates; `header-policy.ts` says what becomes of each. `x-amz-content-sha256` stays as it came, since it selects
 * the form of the body; it is added for the S3 family, which demands it. A `Date` that was the old signing date goes.
 */
export function sign(head: RequestHead, options: SignOptions): SignedHead {
  const { credentials, region, service, now, payload, signingKeys } = options;
  const amzDate = formatAmzDate(now);
  const scope: CredentialScope = { date: amzDate.slice(0, 8), region, service };
  const unsigned = unsignedRequest(head, options, amzDate);

  const canonical = canonicalRequest(unsigned.head, {
    pathRule: pathRule(service),
    signedHeaders: unsigned.names,
    payloadHash: payload,
  });
  const scopeText = formatCredentialScope(scope);
  const key = signingKeys?.get(credentials, scope) ?? signingKey(credentials.secretAccessKey, scope);
  const hex = signature(key, stringToSign(canonical, { amzDate, scope: scopeText }));

  unsigned.lines[unsigned.authorizationAt] = [
    unsigned.authorizationName,
    `${ALGORITHM} Credential=${credentials.accessKeyId}/${scopeText}, SignedHeaders=${unsigned.names.join(";")}, Signature=${hex}`,
  ];
  // The brand has no value at run time: this return is the one place that grants it.
  return unsigned.head as SignedHead;
}

interface UnsignedRequest {
  /** The head as it will go out, but for the value of `Authorization`. */
  readonly head: RequestHead;
  /** The lines of `head`. */
  readonly lines: HeaderLine[];
  readonly authorizationAt: number;
  readonly authorizationName: string;
  /** Names to sign: lower-case, sorted, each once. */
  readonly names: readonly string[];
}

function unsignedRequest(
  head: RequestHead,
  { credentials, service, payload, signedHeaders = [] }: SignOptions,
  amzDate: string,
): UnsignedRequest {
  const { sessionToken } = credentials;
  const presigned = isPresigned(splitTarget(head.target).query);
  const received = head.headers.map(([name]) => name.toLowerCase());
  const dateWasSigningDate = !presigned && !received.includes("x-amz-date");

  const lines: HeaderLine[] = [];
  const names: string[] = [];
  let authorizationAt = -1;
  for (let i = 0; i < received.length; i++) {
    const name = received[i] as string;
    const line = head.headers[i] as HeaderLine;
    const fate = headerFate(name);
    if (fate === "replace") {
      if (name === "authorization") {
        if (authorizationAt < 0) authorizationAt = lines.push([line[0], ""]) - 1;
      } else {
        const value = name === "x-amz-date" ? amzDate : sessionToken;
        if (value !== undefined && add(names, name)) lines.push([line[0], value]);
      }
    } else if (fate === "sign" || (fate === "asBefore" && signedHeaders.includes(name))) {
      if (name === "date" && dateWasSigningDate) continue;
      const first = add(names, name);
      // A presigned URL states the form of its body in the query; the header it is given instead must say the same.
      if (presigned && name === "x-amz-content-sha256") {
        if (first) lines.push([line[0], payload]);
      } else {
        lines.push(line);
      }
    } else if (fate !== "drop" && !(name === "date" && dateWasSigningDate)) {
      lines.push(line);
    }
  }

  if (add(names, "host") && head.httpVersion === "1.1") lines.push(["Host", head.host]);
  const statesPayload = isS3Family(service) || (presigned && !isSha256Hex(payload));
  if (statesPayload && add(names, "x-amz-content-sha256")) lines.push(["x-amz-content-sha256", payload]);
  if (add(names, "x-amz-date")) lines.push(["x-amz-date", amzDate]);
  if (sessionToken !== undefined && add(names, "x-amz-security-token")) {
    lines.push(["x-amz-security-token", sessionToken]);
  }
  const authorizationName = authorizationAt < 0 ? "Authorization" : (lines[authorizationAt] as HeaderLine)[0];
  if (authorizationAt < 0) authorizationAt = lines.push([authorizationName, ""]) - 1;

  const unsigned: RequestHead = {
    httpVersion: head.httpVersion,
    method: head.method,
    target: presigned ? withoutAuthParameters(head.target) : head.target,
    headers: lines,
    host: head.host,
  };
  return { head: unsigned, lines, authorizationAt, authorizationName, names: names.sort() };
}

/** Adds a name that is not there yet, and says whether it did. */
function add(names: string[], name: string): boolean {
  if (names.includes(name)) return false;
  names.push(name);
  return true;
}
