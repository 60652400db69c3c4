import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import { SignatureV4 as FrozenSignatureV4 } from "@aws-sdk/signature-v4";
import { Credentials, headerValue, type RequestHead } from "@iap/aws-core";
import { SignatureV4 } from "@smithy/signature-v4";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  canonicalRequest,
  isS3Family,
  parseCredentialScope,
  pathRule,
  sha256Hex,
  sign,
  signature,
  signingKey,
  stringToSign,
  uriEncode,
} from "../src/index.ts";
import { readSignature } from "./read-signature.ts";

/** SHA-256 as the oracles take it. */
class NodeSha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }

  reset(): void {
    throw new Error("a hash is used once");
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === "string") return Buffer.from(data, "utf8");
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

const RUNS = 500;
const SEED = 20261123;

/** A request as the oracles take it: one value per header, a decoded query object. */
interface OracleRequest {
  readonly service: string;
  readonly region: string;
  readonly date: Date;
  readonly sessionToken: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
const segment = fc.oneof(fc.constantFrom("a", "b c", "é", "..", ".", "x:y", "%", "+", "~", "*'()!"), text);
const headerText = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
const headerName = fc.constantFrom(
  "accept",
  "amz-sdk-request",
  "content-length",
  "content-type",
  "range",
  "x-amz-acl",
  "x-amz-meta-a",
  "x-amz-target",
  "x-amzn-query-mode",
  "x-custom",
  "user-agent",
  "cache-control",
  "x-amzn-trace-id",
);

const requests = (queryText: fc.Arbitrary<string>): fc.Arbitrary<OracleRequest> =>
  fc.record({
    service: fc.constantFrom("s3", "s3-outposts", "sqs", "lambda", "execute-api", "dynamodb"),
    region: fc.constantFrom("us-east-1", "eu-central-1", "cn-north-1"),
    date: fc.date({ min: new Date("2020-01-01"), max: new Date("2030-01-01"), noInvalidDate: true }),
    sessionToken: fc.option(fc.stringMatching(/^[A-Za-z0-9+/]{20,80}={0,2}$/), { nil: undefined }),
    method: fc.constantFrom("GET", "PUT", "POST", "DELETE", "HEAD"),
    // S3's oracle takes the path as it will be signed, so it is written the one way; others may have it any way.
    path: fc
      .tuple(fc.array(segment, { maxLength: 5 }), fc.boolean())
      .map(([segments, slash]) => `/${segments.map(encoded).join("/")}${slash ? "/" : ""}`),
    query: fc.dictionary(
      queryText.filter((name) => name !== "__proto__"),
      fc.oneof(fc.constant(""), queryText, fc.array(queryText, { minLength: 1, maxLength: 3 })),
      { maxKeys: 5, noNullPrototype: true },
    ),
    headers: fc.dictionary(headerName, headerText, { maxKeys: 6, noNullPrototype: true }),
    body: fc.string({ unit: "grapheme", maxLength: 30 }),
  });

const oracles = [
  ["@smithy/signature-v4", SignatureV4, requests(text)],
  // This one sorts a query before it encodes it, which is the same only where nothing needs encoding.
  ["@aws-sdk/signature-v4", FrozenSignatureV4, requests(fc.stringMatching(/^[A-Za-z0-9._~-]{1,8}$/))],
] as const;

function encoded(part: string): string {
  return uriEncode(Buffer.from(part, "utf8").toString("latin1"), false);
}

function wireTarget(path: string, query: OracleRequest["query"]): string {
  const pieces = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => `${encoded(name)}=${encoded(one)}`),
  );
  return pieces.length === 0 ? path : `${path}?${pieces.reverse().join("&")}`;
}

const host = "example.amazonaws.com";
const secretAccessKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

function oracleFor(Oracle: (typeof oracles)[number][1], request: OracleRequest): SignatureV4 | FrozenSignatureV4 {
  const { service, region, sessionToken } = request;
  return new Oracle({
    service,
    region,
    credentials: {
      accessKeyId: "AKIDEXAMPLE",
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
    sha256: NodeSha256,
    uriEscapePath: !isS3Family(service),
  });
}

function oracleRequest({ method, path, query, headers, body }: OracleRequest) {
  return {
    protocol: "https:",
    hostname: host,
    method,
    path,
    query: structuredClone(query) as Record<string, string | string[]>,
    headers: { ...headers, host },
    body,
  };
}

describe.each(oracles)("%s agrees", (_, Oracle, arbitrary) => {
  test("with header signatures", async () => {
    const property = fc.asyncProperty(arbitrary, async (request) => {
      const { service, region, date, sessionToken, method, path, query, headers, body } = request;
      const theirs = await oracleFor(Oracle, request).sign(oracleRequest(request), { signingDate: date });
      const head: RequestHead = {
        httpVersion: "1.1",
        method,
        target: wireTarget(path, query),
        headers: [
          ["Host", host],
          ...Object.entries({ ...headers, "x-amz-content-sha256": sha256Hex(Buffer.from(body)) }),
        ],
        host,
      };
      const ours = sign(head, {
        credentials: new Credentials({ accessKeyId: "AKIDEXAMPLE", secretAccessKey, sessionToken }),
        region,
        service,
        now: date,
        payload: sha256Hex(Buffer.from(body)),
        signedHeaders: Object.keys(headers),
      });
      expect(headerValue(ours.headers, "authorization")).toBe(theirs.headers.authorization);
      expect(headerValue(ours.headers, "x-amz-date")).toBe(theirs.headers["x-amz-date"]);
    });
    await fc.assert(property, { numRuns: RUNS, seed: SEED });
  });

  test("with presigned URLs", async () => {
    const property = fc.asyncProperty(arbitrary, async (request) => {
      const { service, date, method, body } = request;
      const headers = isS3Family(service)
        ? { ...request.headers, "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD" }
        : request.headers;
      const theirs = await oracleFor(Oracle, request).presign(oracleRequest({ ...request, headers }), {
        signingDate: date,
        expiresIn: 900,
      });
      const head: RequestHead = {
        httpVersion: "1.1",
        method,
        target: wireTarget(theirs.path, theirs.query as OracleRequest["query"]),
        headers: Object.entries(theirs.headers),
        host,
      };
      const { scope, signedHeaders, amzDate, signature: expected } = readSignature(head);
      const canonical = canonicalRequest(head, {
        pathRule: pathRule(service),
        signedHeaders,
        payloadHash: isS3Family(service) ? "UNSIGNED-PAYLOAD" : sha256Hex(Buffer.from(body)),
      });
      const parsed = parseCredentialScope(scope);
      if (parsed === undefined) throw new Error("the oracle made no credential scope");
      expect(signature(signingKey(secretAccessKey, parsed), stringToSign(canonical, { amzDate, scope }))).toBe(
        expected,
      );
    });
    await fc.assert(property, { numRuns: RUNS, seed: SEED + 1 });
  });
});
