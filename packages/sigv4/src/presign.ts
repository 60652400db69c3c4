import { type CredentialScope, type HeaderLine, type RequestHead, type SignedHead, splitTarget } from "@iap/aws-core";
import { ALGORITHM, ALGORITHM_V4A } from "./algorithm.ts";
import { formatAmzDate } from "./amz-date.ts";
import { canonicalPath, pathRule } from "./canonical-path.ts";
import { canonicalQuery } from "./canonical-query.ts";
import { formatCredentialScope } from "./credential-scope.ts";
import { headerName } from "./header-policy.ts";
import { nameLookup } from "./name-lookup.ts";
import { UNSIGNED_PAYLOAD } from "./payload-hash.ts";
import { queryAuthentication, withoutParameters } from "./presigned-query.ts";
import { isS3Family } from "./s3-family.ts";
import type { SignOptions } from "./sign.ts";
import { SignedHeaders } from "./signed-headers.ts";
import { keyFor } from "./signer-key.ts";
import { signature } from "./signing-key.ts";
import { stringToSign } from "./string-to-sign.ts";
import { uriEncode } from "./uri-encode.ts";

export interface PresignOptions extends SignOptions {
  /** How long the URL is good for, from 1 to 604,800 seconds. */
  readonly expiresSeconds: number;
  /**
   * Puts the session token behind the signature, outside of what it covers: AWS IoT's WebSocket endpoint
   * (`iotdevicegateway`) has it so. Default false.
   */
  readonly tokenUnsigned?: boolean | undefined;
}

/**
 * Signs a request in its query, in place of what authenticated it before: for what has no header to sign in (WebSocket
 * clients, links), and for S3 requests whose query holds headers, which S3 reads there only in a presigned URL.
 *
 * `payload` is the hash line: `UNSIGNED-PAYLOAD` for S3, elsewhere the body's hash. Header lines go on as with `sign`.
 */
export function presign(head: RequestHead, options: PresignOptions): SignedHead {
  const { credentials, region, service, now, payload, algorithm = ALGORITHM, signingKeys } = options;
  const { expiresSeconds, tokenUnsigned = false, tokenHeader = "x-amz-security-token" } = options;
  const amzDate = formatAmzDate(now);
  const scope: CredentialScope = { date: amzDate.slice(0, 8), region: algorithm === ALGORITHM ? region : "", service };
  const scopeText = formatCredentialScope(scope);
  const { lines, signed } = presignableHeaders(head, options);

  const names = signed.names;
  const parameters: [name: string, value: string][] = [
    ["X-Amz-Algorithm", algorithm],
    ["X-Amz-Credential", `${credentials.accessKeyId}/${scopeText}`],
    ["X-Amz-Date", amzDate],
    ["X-Amz-Expires", String(expiresSeconds)],
    ["X-Amz-SignedHeaders", names],
  ];
  if (algorithm === ALGORITHM_V4A) parameters.push(["X-Amz-Region-Set", options.regionSet ?? "*"]);
  if (isS3Family(service) && payload !== UNSIGNED_PAYLOAD && !signed.has("x-amz-content-sha256")) {
    parameters.push(["X-Amz-Content-Sha256", payload]);
  }
  const tokenName = tokenHeader === "x-amz-security-token" ? "X-Amz-Security-Token" : "X-Amz-S3session-Token";
  const { sessionToken } = credentials;
  if (sessionToken !== undefined && !tokenUnsigned) parameters.push([tokenName, sessionToken]);

  const inQuery = queryAuthentication(splitTarget(head.target).query);
  const bare = inQuery === undefined ? head.target : withoutParameters(head.target, inQuery);
  const target = withQuery(bare, parameters);
  const { path, query } = splitTarget(target);
  const canonicalTarget = `${canonicalPath(path, pathRule(service))}\n${canonicalQuery(query)}`;
  const canonical = `${head.method}\n${canonicalTarget}\n${signed.canonical()}\n${names}\n${payload}`;
  const key = keyFor(credentials, scope, algorithm, signingKeys);
  const hex = signature(key, stringToSign(canonical, { amzDate, scope: scopeText, algorithm }), algorithm);

  const last: [string, string][] = [["X-Amz-Signature", hex]];
  if (sessionToken !== undefined && tokenUnsigned) last.push([tokenName, sessionToken]);
  const { httpVersion, method, host } = head;
  // The brand has no value at run time: here, in `sign` and in `postFormHead` it is granted.
  return { httpVersion, method, target: withQuery(target, last), headers: lines, host } as RequestHead as SignedHead;
}

function presignableHeaders(
  head: RequestHead,
  { signedHeaders = [] }: PresignOptions,
): { readonly lines: readonly HeaderLine[]; readonly signed: SignedHeaders } {
  const lines: HeaderLine[] = [];
  const signed = new SignedHeaders();
  const wasSigned = nameLookup(signedHeaders);
  for (const line of head.headers) {
    const { name, fate } = headerName(line[0]);
    if (fate === "drop" || fate === "replace") continue;
    if (fate === "sign" || (fate === "asBefore" && wasSigned(name))) signed.add(name, line[1]);
    lines.push(line);
  }
  if (signed.addOnce("host", head.host) && head.httpVersion === "1.1") lines.push(["Host", head.host]);
  return { lines, signed };
}

function withQuery(target: string, parameters: readonly (readonly [name: string, value: string])[]): string {
  const text = parameters.map(([name, value]) => `${name}=${uriEncode(value, false)}`).join("&");
  if (!target.includes("?")) return `${target}?${text}`;
  return target.endsWith("?") || target.endsWith("&") ? `${target}${text}` : `${target}&${text}`;
}
