import { type Credentials, type Headers, type RequestHead, type SignedHead, splitTarget } from "@iap/aws-core";
import {
  canonicalRequest,
  EMPTY_SHA256,
  formatAmzDate,
  pathRule,
  sha256Hex,
  sign,
  signature,
  signingKey,
  stringToSign,
  uriEncode,
} from "@iap/sigv4";

export interface AgentRequest {
  readonly host: string;
  readonly method?: string | undefined;
  readonly target?: string | undefined;
  readonly headers?: Headers | undefined;
  readonly body?: Uint8Array | string | undefined;
  readonly credentials: Credentials;
  readonly region?: string | undefined;
  readonly service: string;
  readonly now?: Date | undefined;
  /** The hash line; the body's SHA-256 by default. */
  readonly payload?: string | undefined;
}

/** A request signed in its header with an agent key, as SDKs sign. */
export function signedRequest(request: AgentRequest): SignedHead {
  const { credentials, region = "eu-west-1", service, now = new Date(), body = "" } = request;
  const bytes = Buffer.from(body);
  return sign(unsignedRequest(request), {
    credentials,
    region,
    service,
    now,
    payload: request.payload ?? (bytes.length === 0 ? EMPTY_SHA256 : sha256Hex(bytes)),
    signedHeaders: ["content-length", "content-type"],
  });
}

/** The same before it is signed. */
export function unsignedRequest({
  host,
  method = "GET",
  target = "/",
  headers = [],
  body = "",
}: Omit<AgentRequest, "credentials" | "service">): RequestHead {
  const length = Buffer.from(body).length;
  const framed = length === 0 || headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  return {
    httpVersion: "1.1",
    method,
    target,
    host,
    headers: [["Host", host], ...headers, ...(framed ? [] : ([["Content-Length", String(length)]] as const))],
  };
}

/** A presigned URL, as `generate_presigned_url` makes it: the signature covers the host alone, the body not at all. */
export function presignedRequest(request: AgentRequest): RequestHead {
  const { credentials, region = "eu-west-1", service, now = new Date() } = request;
  const head = unsignedRequest(request);
  const amzDate = formatAmzDate(now);
  const scope = { date: amzDate.slice(0, 8), region, service };
  const scopeText = `${scope.date}/${region}/${service}/aws4_request`;
  const parameters = [
    ["X-Amz-Algorithm", "AWS4-HMAC-SHA256"],
    ["X-Amz-Credential", `${credentials.accessKeyId}/${scopeText}`],
    ["X-Amz-Date", amzDate],
    ["X-Amz-Expires", "300"],
    ["X-Amz-SignedHeaders", "host"],
    ["X-Amz-Security-Token", credentials.sessionToken ?? ""],
  ].map(([name = "", value = ""]) => `${name}=${uriEncode(value, false)}`);
  const { path, query } = splitTarget(head.target);
  const target = `${path}?${[...(query === undefined ? [] : [query]), ...parameters].join("&")}`;
  const canonical = canonicalRequest(
    { ...head, target },
    { pathRule: pathRule(service), signedHeaders: ["host"], payloadHash: "UNSIGNED-PAYLOAD" },
  );
  const hex = signature(
    signingKey(credentials.secretAccessKey, scope),
    stringToSign(canonical, { amzDate, scope: scopeText }),
  );
  return { ...head, target: `${target}&X-Amz-Signature=${hex}` };
}
