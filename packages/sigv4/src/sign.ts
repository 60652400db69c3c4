import {
  type CredentialScope,
  type Credentials,
  type HeaderLine,
  type RequestHead,
  type SignedHead,
  splitTarget,
} from "@iap/aws-core";
import { ALGORITHM, type Algorithm } from "./algorithm.ts";
import { formatAmzDate } from "./amz-date.ts";
import { canonicalPath, pathRule } from "./canonical-path.ts";
import { canonicalQuery } from "./canonical-query.ts";
import { formatCredentialScope } from "./credential-scope.ts";
import { headerName } from "./header-policy.ts";
import { nameLookup } from "./name-lookup.ts";
import { isSha256Hex } from "./payload-hash.ts";
import { queryAuthentication, withoutParameters } from "./presigned-query.ts";
import { isS3Family } from "./s3-family.ts";
import type { StreamSeed } from "./signature-chain.ts";
import { SignedHeaders } from "./signed-headers.ts";
import { keyFor } from "./signer-key.ts";
import { signature } from "./signing-key.ts";
import type { SigningKeys } from "./signing-keys.ts";
import { stringToSign } from "./string-to-sign.ts";

export interface SignOptions {
  /** Whose signature it is to be. A session token goes out with it. */
  readonly credentials: Credentials;
  /** Not used with SigV4a. */
  readonly region: string;
  /** The signing name: `s3`, `execute-api`. */
  readonly service: string;
  /** The date of the signature. */
  readonly now: Date;
  /** The hash line: the body's SHA-256 as lower-case hex, or the literal that stands for it. */
  readonly payload: string;
  /** What the client had signed (lower-case names): signed again, except what changes on the way. Default none. */
  readonly signedHeaders?: readonly string[] | undefined;
  /** Default: AWS4-HMAC-SHA256. */
  readonly algorithm?: Algorithm | undefined;
  /** With SigV4a: the regions the request is good for (`us-east-1`, `*`), when no `x-amz-region-set` header says it. */
  readonly regionSet?: string | undefined;
  /** Default: `x-amz-security-token`. The other is that of S3 Express sessions. */
  readonly tokenHeader?: TokenHeader | undefined;
  /** Keys derived before; without it, a key is derived for this request alone. */
  readonly signingKeys?: SigningKeys | undefined;
}

/** The header that carries a session token. */
export type TokenHeader = "x-amz-security-token" | "x-amz-s3session-token";

/** A signed head, and where the signatures of its body begin if that is a signed stream. */
export interface SignedStream {
  readonly head: SignedHead;
  readonly seed: StreamSeed;
}

/**
 * Signs a request in its header, in place of what authenticated it before (a header, or the query of a presigned URL).
 *
 * The target loses a presigned URL's own parameters and is otherwise not touched. Header lines keep their order, case
 * and duplicates; `header-policy.ts` says what becomes of each. `x-amz-content-sha256` stays as it came, since it selects
 * the form of the body; it is added for the S3 family, which demands it. A `Date` that was the old signing date goes.
 */
export function sign(head: RequestHead, options: SignOptions): SignedHead {
  return signStream(head, options).head;
}

/** The same, with the seed for a body in signed chunks or events: see `ChunkSigner` and `EventSigner`. */
export function signStream(head: RequestHead, options: SignOptions): SignedStream {
  const { credentials, region, service, now, payload, algorithm = ALGORITHM, signingKeys } = options;
  const amzDate = formatAmzDate(now);
  const scope: CredentialScope = { date: amzDate.slice(0, 8), region: algorithm === ALGORITHM ? region : "", service };
  const { path, query } = splitTarget(head.target);
  const inQuery = queryAuthentication(query);
  const target = inQuery === undefined ? head.target : withoutParameters(head.target, inQuery);
  const { lines, signed, authorizationAt } = signableHeaders(head, options, {
    amzDate,
    presigned: inQuery !== undefined,
  });

  const names = signed.names;
  const canonicalPathText = canonicalPath(path, pathRule(service));
  const canonicalQueryText = canonicalQuery(inQuery === undefined ? query : splitTarget(target).query);
  const canonical = `${head.method}\n${canonicalPathText}\n${canonicalQueryText}\n${signed.canonical()}\n${names}\n${payload}`;
  const scopeText = formatCredentialScope(scope);
  const key = keyFor(credentials, scope, algorithm, signingKeys);
  const hex = signature(key, stringToSign(canonical, { amzDate, scope: scopeText, algorithm }), algorithm);

  lines[authorizationAt] = [
    (lines[authorizationAt] as HeaderLine)[0],
    `${algorithm} Credential=${credentials.accessKeyId}/${scopeText}, SignedHeaders=${names}, Signature=${hex}`,
  ];
  const { httpVersion, method, host } = head;
  return {
    // The brand has no value at run time: here, in `presign` and in `postFormHead` it is granted.
    head: { httpVersion, method, target, headers: lines, host } as RequestHead as SignedHead,
    seed: { algorithm, key, amzDate, scope: scopeText, signature: hex },
  };
}

interface SignableHeaders {
  /** The lines as they will go out, but for the value of `Authorization`. */
  readonly lines: HeaderLine[];
  readonly authorizationAt: number;
  readonly signed: SignedHeaders;
}

function signableHeaders(
  head: RequestHead,
  options: SignOptions,
  { amzDate, presigned }: { readonly amzDate: string; readonly presigned: boolean },
): SignableHeaders {
  const { credentials, service, payload, signedHeaders = [], regionSet } = options;
  const { algorithm = ALGORITHM, tokenHeader = "x-amz-security-token" } = options;
  const { sessionToken } = credentials;
  const { headers } = head;
  const wasSigned = nameLookup(signedHeaders);
  const dateWasSigningDate = !presigned && !hasDate(head);

  const lines: HeaderLine[] = [];
  const signed = new SignedHeaders();
  let authorizationAt = -1;
  for (const line of headers) {
    const { name, fate } = headerName(line[0]);
    if (fate === "replace") {
      if (name === "authorization") {
        if (authorizationAt < 0) authorizationAt = lines.push([line[0], ""]) - 1;
      } else {
        const value = name === "x-amz-date" ? amzDate : name === tokenHeader ? sessionToken : undefined;
        if (value !== undefined && signed.addOnce(name, value)) lines.push([line[0], value]);
      }
    } else if (fate === "sign" || (fate === "asBefore" && wasSigned(name))) {
      if (name === "date" && dateWasSigningDate) continue;
      // A presigned URL states the form of its body in the query; the header it is given instead must say the same.
      if (presigned && name === "x-amz-content-sha256") {
        if (signed.addOnce(name, payload)) lines.push([line[0], payload]);
      } else {
        signed.add(name, line[1]);
        lines.push(line);
      }
    } else if (fate !== "drop" && !(name === "date" && dateWasSigningDate)) {
      lines.push(line);
    }
  }

  const complete = (name: string, value: string, shown = name): void => {
    if (signed.addOnce(name, value)) lines.push([shown, value]);
  };
  if (head.httpVersion === "1.1") complete("host", head.host, "Host");
  else signed.addOnce("host", authority(head));
  const statesPayload = isS3Family(service) || (presigned && !isSha256Hex(payload));
  if (statesPayload) complete("x-amz-content-sha256", payload);
  complete("x-amz-date", amzDate);
  if (sessionToken !== undefined) complete(tokenHeader, sessionToken);
  if (algorithm !== ALGORITHM && regionSet !== undefined) complete("x-amz-region-set", regionSet);
  if (authorizationAt < 0) authorizationAt = lines.push(["Authorization", ""]) - 1;
  return { lines, authorizationAt, signed };
}

function hasDate({ headers }: RequestHead): boolean {
  for (const [name] of headers) {
    if (name.length === 10 && headerName(name).name === "x-amz-date") return true;
  }
  return false;
}

/** The host of an HTTP/2 request: its `:authority`, or where the client connected to. */
function authority({ headers, host }: RequestHead): string {
  return headers.find(([name]) => name === ":authority")?.[1] ?? host;
}
