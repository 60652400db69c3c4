import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import { getCanonicalHeaders, getSigningKey, SignatureV4 } from "@smithy/signature-v4";
import type { Checksum, HashConstructor, SourceData } from "@smithy/types";
import { type AwsChunkedBody, decodeAwsChunked } from "./aws-chunked.ts";
import { checksum } from "./checksum.ts";
import { splitTarget, valuesOf, type WireRequest } from "./wire-request.ts";

export interface RealCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface OracleOptions {
  readonly credentials: RealCredentials;
  /** What the host of the request is an endpoint of: the credential scope must say the same. */
  readonly service: string;
  readonly region: string;
  readonly now: Date;
}

export type Verdict =
  /** Signed by the real key. `payload` is the body without the `aws-chunked` coding, `trailers` are that coding's. */
  | {
      readonly valid: true;
      readonly form: "header" | "presigned";
      readonly payload: Buffer;
      readonly trailers: Trailers;
    }
  /** Not signed by the real key, or not as it arrived. */
  | { readonly valid: false; readonly why: string };

type Trailers = AwsChunkedBody["trailers"];

/**
 * Says whether a request that arrived carries the real key's signature over exactly what arrived. It canonicalises and
 * signs with `@smithy/signature-v4`, AWS's own signer, which shares no code with the proxy. What that signer's model
 * cannot express (a signed header on two lines, a `+` in the query) is refused as "cannot verify", never waved through.
 */
export async function judge(request: WireRequest, options: OracleOptions): Promise<Verdict> {
  try {
    return await verify(request, options);
  } catch (error) {
    if (error instanceof Refusal) return { valid: false, why: error.message };
    throw error;
  }
}

class Refusal extends Error {}

/** The signer, with its two inner steps opened: they take the header list and the payload hash that the request names. */
class Oracle extends SignatureV4 {
  async stringToSign(input: StringToSignInput): Promise<string> {
    const canonicalHeaders = getCanonicalHeaders(input.request, new Set(), new Set(Object.keys(input.request.headers)));
    const canonical = this.createCanonicalRequest(input.request, canonicalHeaders, input.payloadHash);
    return this.createStringToSign(input.date, input.scope, canonical, "AWS4-HMAC-SHA256");
  }
}

type OracleRequest = Parameters<typeof getCanonicalHeaders>[0];
interface StringToSignInput {
  readonly request: OracleRequest;
  readonly payloadHash: string;
  readonly date: string;
  readonly scope: string;
}

interface Authorization {
  readonly form: "header" | "presigned";
  readonly credential: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly date: string;
  readonly tokens: readonly string[];
  readonly expiresSeconds: number;
}

async function verify(request: WireRequest, { credentials, service, region, now }: OracleOptions): Promise<Verdict> {
  const { path, query } = splitTarget(request.target);
  const parameters = decodeQuery(query);
  const authorization = authorizationOf(request, parameters);
  const { credential, date, signedHeaders, form } = authorization;

  const [accessKeyId, day, scopeRegion, scopeService, last, ...rest] = credential.split("/");
  const scope = `${day}/${scopeRegion}/${scopeService}/${last}`;
  if (last !== "aws4_request" || rest.length > 0) throw new Refusal(`bad credential scope ${credential}`);
  if (accessKeyId !== credentials.accessKeyId)
    throw new Refusal(`signed with access key ${accessKeyId}, not the real one`);
  if (scopeService !== service) throw new Refusal(`scope names service ${scopeService}, the host is of ${service}`);
  if (scopeRegion !== region) throw new Refusal(`scope names region ${scopeRegion}, the host is of ${region}`);
  checkToken(authorization, credentials);
  checkClock(authorization, day as string, now);

  // On HTTP/2 the host is `:authority`, under either name.
  const authority = valuesOf(request.headers, ":authority")[0];
  if (!signedHeaders.includes("host") && !(authority !== undefined && signedHeaders.includes(":authority")))
    throw new Refusal("the host header is not signed");
  for (const [name] of request.headers) {
    const lower = name.toLowerCase();
    if (lower.startsWith("x-amz-") && !signedHeaders.includes(lower))
      throw new Refusal(`header ${lower} is not signed`);
  }
  const headers: Record<string, string> = {};
  for (const name of signedHeaders) {
    const values = valuesOf(request.headers, name);
    if (values.length === 0 && name === "host" && authority !== undefined) values.push(authority);
    if (values.length === 0) throw new Refusal(`signed header ${name} did not arrive`);
    if (values.length > 1) throw new Refusal(`cannot verify: signed header ${name} arrived on ${values.length} lines`);
    headers[name] = utf8(values[0] as string, `header ${name}`);
  }

  if (isS3(service)) checkCanonicalPath(path);
  const { sessionToken, ...keyPair } = credentials;
  const identity = sessionToken === undefined ? keyPair : { ...keyPair, sessionToken };
  const oracle = new Oracle({ credentials: identity, service, region, sha256, uriEscapePath: !isS3(service) });
  const payloadHash = payloadHashOf(request, form, service);
  const stringToSign = await oracle.stringToSign({
    request: {
      method: request.method,
      protocol: "https:",
      hostname: (headers.host ?? authority) as string,
      path,
      query: parameters,
      headers,
      body: undefined,
    } as unknown as OracleRequest, // the signer reads method, path, query and headers only
    payloadHash,
    date,
    scope,
  });
  const key = await getSigningKey(sha256, identity, day as string, region, service);
  const expected = createHmac("sha256", key).update(stringToSign).digest("hex");
  if (expected !== authorization.signature) {
    throw new Refusal(
      `signature ${authorization.signature.slice(0, 8)}… is not ${expected.slice(0, 8)}… of the real key`,
    );
  }
  return { valid: true, form, ...checkPayload(request, payloadHash, { key, date, scope, seed: expected }) };
}

/** Where the signatures of a verified request's events begin. */
export async function signingSeed(
  request: WireRequest,
  { credentials, service, region }: Omit<OracleOptions, "now">,
): Promise<{ readonly key: Uint8Array; readonly scope: string; readonly seed: string }> {
  const { credential, signature } = authorizationOf(request, {});
  const [, day = ""] = credential.split("/");
  const { sessionToken, ...keyPair } = credentials;
  const identity = sessionToken === undefined ? keyPair : { ...keyPair, sessionToken };
  const key = await getSigningKey(sha256, identity, day, region, service);
  return { key, scope: credential.slice(credential.indexOf("/") + 1), seed: signature };
}

/** The one authorization of a request: a header, or query parameters. */
function authorizationOf(request: WireRequest, parameters: Record<string, string | string[]>): Authorization {
  const headers = valuesOf(request.headers, "authorization");
  const presigned = "X-Amz-Signature" in parameters;
  if (headers.length + Number(presigned) === 0) throw new Refusal("unsigned: no Authorization header or query");
  if (headers.length + Number(presigned) > 1) throw new Refusal("two authorizations");
  if (presigned) {
    const one = (name: string): string => {
      const value = parameters[name];
      if (typeof value !== "string") throw new Refusal(`query parameter ${name} must stand once`);
      return value;
    };
    if (one("X-Amz-Algorithm") !== "AWS4-HMAC-SHA256") throw new Refusal("cannot verify: not AWS4-HMAC-SHA256");
    const token = parameters["X-Amz-Security-Token"];
    return {
      form: "presigned",
      credential: one("X-Amz-Credential"),
      signedHeaders: signedHeaderList(one("X-Amz-SignedHeaders")),
      signature: one("X-Amz-Signature"),
      date: one("X-Amz-Date"),
      tokens: [token ?? []].flat(),
      expiresSeconds: Number(one("X-Amz-Expires")),
    };
  }
  const match = /^AWS4-HMAC-SHA256 Credential=([^, ]+), ?SignedHeaders=([^, ]+), ?Signature=([0-9a-f]{64})$/.exec(
    headers[0] as string,
  );
  if (!match) throw new Refusal("cannot verify: the Authorization header is not AWS4-HMAC-SHA256");
  const dates = valuesOf(request.headers, "x-amz-date");
  if (dates.length !== 1) throw new Refusal("x-amz-date must stand once");
  return {
    form: "header",
    credential: match[1] as string,
    signedHeaders: signedHeaderList(match[2] as string),
    signature: match[3] as string,
    date: dates[0] as string,
    // Of a session at a directory bucket it stands in a header of its own.
    tokens: ["x-amz-security-token", "x-amz-s3session-token"].flatMap((name) => valuesOf(request.headers, name)),
    expiresSeconds: 5 * 60,
  };
}

function signedHeaderList(text: string): string[] {
  const names = text.split(";");
  if ([...new Set(names)].sort().join(";") !== text || text !== text.toLowerCase()) {
    throw new Refusal(`SignedHeaders is not sorted, unique and lower-case: ${text}`);
  }
  return names;
}

function isS3(service: string): boolean {
  return service === "s3" || service === "s3express";
}

function checkToken({ tokens }: Authorization, { sessionToken }: RealCredentials): void {
  if (sessionToken === undefined && tokens.length > 0)
    throw new Refusal("a session token arrived, the real key has none");
  if (sessionToken !== undefined && (tokens.length !== 1 || tokens[0] !== sessionToken)) {
    throw new Refusal(`expected the real session token once, got ${tokens.length} token(s)`);
  }
}

function checkClock({ date, expiresSeconds, form }: Authorization, day: string, now: Date): void {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (!match || !date.startsWith(day)) throw new Refusal(`x-amz-date ${date} does not go with scope date ${day}`);
  const [, y, mo, d, h, mi, s] = match.map(Number);
  const age = (now.getTime() - Date.UTC(y as number, (mo as number) - 1, d, h, mi, s)) / 1000;
  if (age > expiresSeconds || age < -5 * 60 || !(expiresSeconds <= 7 * 24 * 3600)) {
    throw new Refusal(`${form} signature of ${date} is not of this time`);
  }
}

/** Percent-decodes a query into the signer's model; several values of a name become a list. */
function decodeQuery(query: string): Record<string, string | string[]> {
  const parameters: Record<string, string | string[]> = {};
  if (query.includes("+")) throw new Refusal("cannot verify: a literal + in the query has two readings");
  for (const part of query.split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = decode(equals < 0 ? part : part.slice(0, equals));
    const value = equals < 0 ? "" : decode(part.slice(equals + 1));
    const before = parameters[name];
    parameters[name] = before === undefined ? value : [before, value].flat();
  }
  return parameters;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refusal(`cannot verify: ${JSON.stringify(text.slice(0, 80))} does not percent-decode to UTF-8`);
  }
}

/** S3 signs the path encoded once; the signer takes it as it stands, so it must stand in canonical form. */
function checkCanonicalPath(path: string): void {
  const canonical = path
    .split("/")
    .map((segment) =>
      encodeURIComponent(decode(segment)).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`),
    )
    .join("/");
  if (canonical !== path)
    throw new Refusal(`cannot verify: the path ${path} is not in S3's canonical form ${canonical}`);
}

function utf8(latin1: string, what: string): string {
  const text = Buffer.from(latin1, "latin1").toString("utf8");
  if (Buffer.from(text, "utf8").toString("latin1") !== latin1) throw new Refusal(`cannot verify: ${what} is not UTF-8`);
  return text;
}

/** The payload hash the signature covers: what the request says, else the hash of the body. */
function payloadHashOf(request: WireRequest, form: "header" | "presigned", service: string): string {
  const said = valuesOf(request.headers, "x-amz-content-sha256");
  if (said.length > 0) return said[0] as string;
  return form === "presigned" && isS3(service) ? "UNSIGNED-PAYLOAD" : hexSha256(request.body);
}

interface Seed {
  readonly key: Uint8Array;
  readonly date: string;
  readonly scope: string;
  readonly seed: string;
}

/** Judges the body by what `x-amz-content-sha256` says it is, and every checksum sent along; returns it decoded. */
function checkPayload(request: WireRequest, payloadHash: string, seed: Seed): { payload: Buffer; trailers: Trailers } {
  let payload = request.body;
  let trailers: Trailers = [];
  let sums = request.headers;
  if (payloadHash === "STREAMING-AWS4-HMAC-SHA256-EVENTS") {
    // Signed event by event, each after the one before: who reads them checks them, from `signingSeed` on.
  } else if (payloadHash.startsWith("STREAMING-")) {
    const decoded = decodeChunked(request.body);
    const trailing = payloadHash.endsWith("-TRAILER");
    if (
      payloadHash === "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" ||
      payloadHash === "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
    ) {
      checkChunkSignatures(decoded, trailing, seed);
    } else if (payloadHash !== "STREAMING-UNSIGNED-PAYLOAD-TRAILER") {
      throw new Refusal(`cannot verify: x-amz-content-sha256 is ${payloadHash}`);
    }
    checkTrailerNames(request, decoded, trailing);
    payload = Buffer.concat(decoded.chunks.map(({ data }) => data));
    const length = valuesOf(request.headers, "x-amz-decoded-content-length");
    if (length.length !== 1 || Number(length[0]) !== payload.length) {
      throw new Refusal(`x-amz-decoded-content-length is ${length}, the payload has ${payload.length} bytes`);
    }
    trailers = decoded.trailers;
    sums = [...sums, ...trailers];
  } else if (payloadHash !== "UNSIGNED-PAYLOAD") {
    if (payloadHash !== hexSha256(request.body)) throw new Refusal("the body does not have the hash that was signed");
  }
  for (const [name, value] of sums) {
    const lower = name.toLowerCase();
    const sum =
      lower === "content-md5" ? "md5" : /^x-amz-checksum-(crc32|crc32c|crc64nvme|sha1|sha256)$/.exec(lower)?.[1];
    // A GET, or the completion of an upload, may name the checksum of something else than its body.
    if (!sum || request.method === "GET" || (request.method === "POST" && lower !== "content-md5")) continue;
    const expected = checksum(sum, payload);
    if (expected === undefined) throw new Refusal(`cannot verify: checksum ${sum}`);
    if (expected !== value) throw new Refusal(`${lower} is ${value}, the payload has ${expected}`);
  }
  return { payload, trailers };
}

function decodeChunked(body: Buffer): AwsChunkedBody {
  try {
    return decodeAwsChunked(body);
  } catch (error) {
    throw new Refusal((error as Error).message);
  }
}

function checkTrailerNames(request: WireRequest, { trailers }: AwsChunkedBody, trailing: boolean): void {
  const announced = valuesOf(request.headers, "x-amz-trailer")
    .flatMap((value) => value.split(","))
    .map((name) => name.trim().toLowerCase());
  const sent = trailers.map(([name]) => name.toLowerCase()).filter((name) => name !== "x-amz-trailer-signature");
  if (trailing !== announced.length > 0 || announced.join() !== sent.join()) {
    throw new Refusal(`x-amz-trailer announces [${announced}], the trailers are [${sent}]`);
  }
}

/** The chain of chunk signatures, and the trailer's. https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html */
function checkChunkSignatures(
  { chunks, trailers }: AwsChunkedBody,
  trailing: boolean,
  { key, date, scope, seed }: Seed,
): void {
  const hmac = (lines: readonly string[]): string => createHmac("sha256", key).update(lines.join("\n")).digest("hex");
  let previous = seed;
  for (const [index, { data, signature }] of chunks.entries()) {
    const expected = hmac([
      "AWS4-HMAC-SHA256-PAYLOAD",
      date,
      scope,
      previous,
      hexSha256(Buffer.alloc(0)),
      hexSha256(data),
    ]);
    if (signature !== expected)
      throw new Refusal(`chunk ${index} of ${chunks.length} does not carry the real key's signature`);
    previous = expected;
  }
  if (!trailing) return;
  const signature = trailers.find(([name]) => name.toLowerCase() === "x-amz-trailer-signature")?.[1];
  const lines = trailers
    .filter(([name]) => name.toLowerCase() !== "x-amz-trailer-signature")
    .map(([name, value]) => `${name.toLowerCase()}:${value}\n`)
    .sort()
    .join("");
  const expected = hmac(["AWS4-HMAC-SHA256-TRAILER", date, scope, previous, hexSha256(Buffer.from(lines, "utf8"))]);
  if (signature !== expected) throw new Refusal("the trailer does not carry the real key's signature");
}

function hexSha256(data: Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Node's SHA-256 and HMAC in the shape the signer asks for. */
const sha256: HashConstructor = class implements Checksum {
  readonly #hash: Hash | Hmac;
  constructor(secret?: SourceData) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", bytesOf(secret));
  }
  update(data: SourceData): void {
    this.#hash.update(bytesOf(data));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {
    throw new Error("a hash is used once");
  }
};

function bytesOf(data: SourceData): Buffer {
  if (typeof data === "string") return Buffer.from(data, "utf8");
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
}
