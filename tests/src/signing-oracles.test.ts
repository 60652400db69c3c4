import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import { EventStreamCodec } from "@smithy/eventstream-codec";
import { SignatureV4 } from "@smithy/signature-v4";
import { auth, http } from "aws-crt";
import { describe, expect, test } from "vitest";
import { Credentials, type RequestHead } from "../../packages/aws-core/dist/index.js";
import {
  ALGORITHM,
  ALGORITHM_V4A,
  type Algorithm,
  canonicalRequest,
  EventSigner,
  isS3Family,
  pathRule,
  presign,
  STREAMING_EVENTS,
  sha256Hex,
  sign,
  signStream,
  sigv4aKey,
  UNSIGNED_PAYLOAD,
  uriEncode,
} from "../../packages/sigv4/dist/index.js";
import { parseAuthorization, verify } from "../../packages/sigv4-verify/dist/index.js";

const RUNS = 400;
const { AwsSigningAlgorithm, AwsSignatureType, AwsSignedBodyHeaderType } = auth;
const now = new Date("2026-11-23T12:34:56Z");
const pair = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const credentials = new Credentials({ ...pair, sessionToken: "session/token+=" });
const provider = auth.AwsCredentialsProvider.newStatic(pair.accessKeyId, pair.secretAccessKey, "session/token+=");
const key = { agent: "a", session: "s", credentials, notAfter: new Date(now.getTime() + 60_000), upstream: "default" };
const options = { keys: { lookup: () => key }, now };

interface Generated {
  readonly service: string;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

/** Requests as clients make them, the same in every run: paths and queries escaped once, headers in any order. */
function* generated(count: number): Generator<Generated> {
  let state = 20261123;
  const below = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const word = (): string => pick(["a", "b c", "é", "x:y", "%", "+", "~", "*'()!", "ключ", "=", "&", "k.txt", "🗝"]);
  const escaped = (text: string): string => uriEncode(Buffer.from(text, "utf8").toString("latin1"), false);
  const several = (most: number): string[] => Array.from({ length: below(most + 1) }, word);
  for (let i = 0; i < count; i++) {
    const query = several(4).map((name) => `${escaped(name)}=${escaped(pick(["", word(), "1"]))}`);
    const path = `/${several(4).map(escaped).join("/")}`;
    yield {
      service: pick(["s3", "sqs", "lambda", "execute-api", "dynamodb"]),
      method: pick(["GET", "PUT", "POST", "DELETE", "HEAD"]),
      target: query.length === 0 ? path : `${path}?${query.join("&")}`,
      headers: [
        ["X-Amz-Meta-A", pick(["1", "a  b", "  x ", 'say "a   b"'])],
        ["Content-Type", pick(["text/plain", "application/json; charset=utf-8"])],
        ["x-custom", pick(["v", "v,w"])],
      ].filter(() => below(2) === 0) as [string, string][],
      body: several(3).join(""),
    };
  }
}

const host = "example.amazonaws.com";
const algorithms = [
  [ALGORITHM, AwsSigningAlgorithm.SigV4],
  [ALGORITHM_V4A, AwsSigningAlgorithm.SigV4Asymmetric],
] as const;

function crtRequest({ method, target, headers }: Generated): http.HttpRequest {
  return new http.HttpRequest(method, target, new http.HttpHeaders([["Host", host], ...headers] as [string, string][]));
}

function crtConfig(
  { service }: Generated,
  payload: string,
  algorithm: auth.AwsSigningAlgorithm,
  type: auth.AwsSignatureType,
): auth.AwsSigningConfig {
  const header = type === AwsSignatureType.HttpRequestViaHeaders && isS3Family(service);
  return {
    algorithm,
    signature_type: type,
    provider,
    region: algorithm === AwsSigningAlgorithm.SigV4 ? "us-east-1" : "*",
    service,
    date: now,
    use_double_uri_encode: !isS3Family(service),
    should_normalize_uri_path: !isS3Family(service),
    signed_body_value: payload,
    signed_body_header: header ? AwsSignedBodyHeaderType.XAmzContentSha256 : AwsSignedBodyHeaderType.None,
    ...(type === AwsSignatureType.HttpRequestViaQueryParams ? { expiration_in_seconds: 900 } : {}),
  };
}

function received(request: http.HttpRequest): RequestHead {
  const headers = request.headers._flatten().map(([name, value]) => [name, latin1(value)] as const);
  return { httpVersion: "1.1", method: request.method, target: latin1(request.path), headers, host };
}

function latin1(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

describe.each(algorithms)("aws-crt and we agree on %s", (algorithm: Algorithm, theirs) => {
  test(`what it signs in headers is verified (${RUNS} requests)`, async () => {
    for (const one of generated(RUNS)) {
      const body = Buffer.from(one.body);
      const config = crtConfig(one, sha256Hex(body), theirs, AwsSignatureType.HttpRequestViaHeaders);
      const head = received(await auth.aws_sign_request(crtRequest(one), config));
      expect(verify({ ...head, body }, options).authorization.algorithm, one.target).toBe(algorithm);
    }
  });

  test(`what it presigns is verified (${RUNS} requests)`, async () => {
    for (const one of generated(RUNS)) {
      const body = Buffer.from(one.body);
      const payload = isS3Family(one.service) ? UNSIGNED_PAYLOAD : sha256Hex(body);
      const config = crtConfig(one, payload, theirs, AwsSignatureType.HttpRequestViaQueryParams);
      const head = received(await auth.aws_sign_request(crtRequest(one), config));
      expect(verify({ ...head, body }, options).authorization.form, one.target).toBe("query");
    }
  });
});

test(`what we sign with SigV4, aws-crt signs alike (${RUNS} requests)`, async () => {
  for (const one of generated(RUNS)) {
    const payload = sha256Hex(one.body);
    const config = crtConfig(one, payload, AwsSigningAlgorithm.SigV4, AwsSignatureType.HttpRequestViaHeaders);
    const theirs = received(await auth.aws_sign_request(crtRequest(one), config));
    const ours = sign(received(crtRequest(one)), {
      ...{ credentials, region: "us-east-1", service: one.service, now, payload },
      signedHeaders: ["content-type", "x-custom", "x-amz-meta-a"],
    });
    expect(parseAuthorization(ours).signature, one.target).toBe(parseAuthorization(theirs).signature);
  }
});

test(`what we presign, aws-crt presigns alike (${RUNS} requests)`, async () => {
  for (const one of generated(RUNS)) {
    const payload = isS3Family(one.service) ? UNSIGNED_PAYLOAD : sha256Hex(one.body);
    const config = crtConfig(one, payload, AwsSigningAlgorithm.SigV4, AwsSignatureType.HttpRequestViaQueryParams);
    const theirs = received(await auth.aws_sign_request(crtRequest(one), config));
    const ours = presign(received(crtRequest(one)), {
      ...{ credentials, region: "us-east-1", service: one.service, now, payload, expiresSeconds: 900 },
      signedHeaders: ["content-type", "x-custom", "x-amz-meta-a"],
    });
    expect(parseAuthorization(ours).signature, one.target).toBe(parseAuthorization(theirs).signature);
  }
});

test(`what we sign with SigV4a, aws-crt verifies (${RUNS} requests)`, async () => {
  const { x = "", y = "" } = sigv4aKey(credentials).export({ format: "jwk" });
  const hex = (text: string): string => Buffer.from(text, "base64url").toString("hex");
  for (const one of generated(RUNS)) {
    const payload = sha256Hex(one.body);
    const where = { credentials, region: "", service: one.service, now, payload };
    const ours = sign(received(crtRequest(one)), {
      ...{ ...where, algorithm: ALGORITHM_V4A, regionSet: "*" },
      signedHeaders: ["content-type", "x-custom", "x-amz-meta-a"],
    });
    const { signedHeaders, signature } = parseAuthorization(ours);
    const canonical = canonicalRequest(ours, { pathRule: pathRule(one.service), signedHeaders, payloadHash: payload });
    const config = crtConfig(one, payload, AwsSigningAlgorithm.SigV4Asymmetric, AwsSignatureType.HttpRequestViaHeaders);
    const text = Buffer.from(canonical, "latin1").toString("utf8");
    expect(auth.aws_verify_sigv4a_signing(crtRequest(one), config, text, signature, hex(x), hex(y)), one.target).toBe(
      true,
    );
  }
});

test("the events we sign, @smithy/signature-v4 signs alike, and its codec reads", async () => {
  const smithy = new SignatureV4({ service: "transcribe", region: "us-east-1", credentials: pair, sha256: NodeSha256 });
  const codec = new EventStreamCodec(
    (bytes) => Buffer.from(bytes).toString("utf8"),
    (text) => Buffer.from(text, "utf8"),
  );
  const transcribe = "transcribestreaming.us-east-1.amazonaws.com";
  const head: RequestHead = {
    httpVersion: "1.1",
    method: "POST",
    target: "/",
    headers: [["Host", transcribe]],
    host: transcribe,
  };
  const where = { credentials: new Credentials(pair), region: "us-east-1", service: "transcribe", now };
  const { seed } = signStream(head, { ...where, payload: STREAMING_EVENTS });
  const signer = new EventSigner(seed);
  let priorSignature = seed.signature;
  for (let i = 0; i <= 50; i++) {
    const date = new Date(now.getTime() + 1000 * i);
    const body = i === 50 ? new Uint8Array() : codec.encode({ headers: {}, body: Buffer.alloc(i * 37, i) });
    const headers = { ":date": { type: "timestamp" as const, value: date } };
    const signable = { message: { headers, body }, priorSignature };
    const { message, signature } = await smithy.signMessage(signable, { signingDate: date });
    const frame = codec.decode(signer.frame(body, date));
    expect(Buffer.from(frame.body)).toEqual(Buffer.from(message.body));
    expect(Buffer.from(frame.headers[":chunk-signature"]?.value as Uint8Array).toString("hex")).toBe(signature);
    expect(frame.headers[":date"]?.value).toEqual(date);
    priorSignature = signature;
  }
});

/** SHA-256 as the oracle takes it. */
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
