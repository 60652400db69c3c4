import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentKey, type AwsRequest, Credentials } from "@iap/aws-core";
import {
  ALGORITHM_V4A,
  type Algorithm,
  canonicalRequest,
  EventSigner,
  encodedDate,
  formatCredentialScope,
  keyFor,
  type PathRule,
  parseAmzDate,
  parseCredentialScope,
  SignatureChain,
  sha256Hex,
  signature,
  signingKey,
  sigv4aKey,
  stringToSign,
  verifySignatureOf,
} from "@iap/sigv4";
import { describe, expect, test } from "vitest";
import { parseAuthorization, verify, verifySignature } from "../src/index.ts";
import { ringOf } from "./agent.ts";
import { caught } from "./caught.ts";

interface WireRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly bodyB64: string;
}

/** A line of `sigv4-vectors.jsonl`. */
interface Vector {
  readonly id: string;
  readonly alg: Algorithm;
  readonly form: string;
  readonly config: {
    readonly region?: string;
    readonly service?: string;
    readonly timestamp?: string;
    readonly normalizePath?: boolean;
    readonly doubleEncode?: boolean;
  };
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey?: string };
  readonly signedRequest: WireRequest | null;
  readonly canonicalRequest: string | null;
  readonly stringToSign: string | null;
  readonly signature: string | null;
  readonly priorSignature?: string;
  readonly publicKey?: { readonly X: string; readonly Y: string };
  readonly trailer?: { readonly canonical: string };
  readonly events?: readonly { readonly date: string; readonly payloadB64: string; readonly signature: string }[];
}

/** The vectors of AWS's own suites: shared, not committed; none on a machine that has no IAP_SHARED_DIR. */
function sharedVectors(): readonly Vector[] {
  const shared = process.env.IAP_SHARED_DIR;
  const path = shared === undefined ? "" : join(shared, "vectors/sigv4-vectors.jsonl");
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Vector);
}

/** The vectors that no verifier can accept, each with the reason. */
const UNVERIFIABLE: Readonly<Record<string, string>> = {
  "smithy-rs/double-encode-path/header": "it has no secret, and a signature of another request",
  "smithy-rs/double-url-encode/header": "it has no secret, and a signature of another request",
};

const vectors = sharedVectors();
const skip = vectors.length === 0;
const requests = vectors.filter(({ signedRequest }) => signedRequest !== null);
const unnormalised = ({ config }: Vector): boolean => config.normalizePath === false && config.service === "service";

describe("AWS's vectors (IAP_SHARED_DIR)", () => {
  test.skipIf(skip)("are all there, and every one is judged below", () => {
    expect(vectors).toHaveLength(200);
    expect(requests).toHaveLength(195);
  });

  const verifiable = requests.filter((vector) => !(vector.id in UNVERIFIABLE) && !unnormalised(vector));
  test.skipIf(skip).each(verifiable)("$id is accepted", ({ credentials, signedRequest }) => {
    verifyVector(received(signedRequest as WireRequest), credentials.secretAccessKey ?? "");
  });

  test.skipIf(skip).each(verifiable)("$id is refused with another secret", ({ credentials, signedRequest }) => {
    const secret = `${credentials.secretAccessKey}x`;
    expect(caught(() => verifyVector(received(signedRequest as WireRequest), secret)).code).toBe(
      "SignatureDoesNotMatch",
    );
  });

  // No service encodes its path twice and does not normalise it, so these are verified by the steps alone.
  const bySteps = requests.filter(unnormalised);
  test.skipIf(skip).each(bySteps)("$id is accepted under its own rule for paths", (vector) => {
    const { config, credentials, signedRequest, alg } = vector;
    const request = received(signedRequest as WireRequest);
    const authorization = parseAuthorization(request);
    const rule: PathRule = { normalise: false, encodeTwice: config.doubleEncode ?? true };
    const { signedHeaders, amzDate, scope } = authorization;
    const canonical = canonicalRequest(request, { pathRule: rule, signedHeaders, payloadHash: sha256Hex("") });
    expect(canonical).toBe(latin1(vector.canonicalRequest ?? ""));
    const toSign = stringToSign(canonical, { amzDate, scope: formatCredentialScope(scope), algorithm: alg });
    const key = keyFor(keyOf(credentials.secretAccessKey ?? "", authorization).credentials, scope, alg);
    expect(verifySignatureOf(key, toSign, authorization.signature, alg)).toBe(true);
    if (!/\/\.|\/\//.test(request.target)) return;
    const error = caught(() => verifyVector(request, credentials.secretAccessKey ?? ""));
    expect(error.code).toBe("SignatureDoesNotMatch");
  });

  const canonicalOnly = requests.filter(({ id }) => id in UNVERIFIABLE);
  test.skipIf(skip).each(canonicalOnly)("$id has the canonical path it says", ({ signedRequest, ...vector }) => {
    const request = received(signedRequest as WireRequest);
    const { signedHeaders } = parseAuthorization(request);
    const rule: PathRule = { normalise: true, encodeTwice: true };
    const canonical = canonicalRequest(request, { pathRule: rule, signedHeaders, payloadHash: sha256Hex("") });
    expect(canonical.split("\n")[1]).toBe(vector.canonicalRequest?.split("\n")[1]);
  });

  const others = vectors.filter(({ signedRequest }) => signedRequest === null);
  test.skipIf(skip).each(others)("$id: $form", (vector) => {
    OTHERS[vector.form]?.(vector);
    expect(OTHERS).toHaveProperty(vector.form);
  });
});

const OTHERS: Readonly<Record<string, (vector: Vector) => void>> = {
  "post-policy": ({ credentials, config, stringToSign: policy, ...vector }) => {
    const { region = "", service = "", timestamp = "" } = config;
    const key = signingKey(credentials.secretAccessKey ?? "", { date: day(timestamp), region, service });
    expect(signature(key, policy ?? "")).toBe(vector.signature);
  },
  "trailer-only": (vector) => {
    const chain = new SignatureChain(seedOf(vector, vector.priorSignature ?? ""));
    expect(chain.signTrailer(sha256Hex(vector.trailer?.canonical ?? ""))).toBe(vector.signature);
  },
  "event-stream": (vector) => {
    const signer = new EventSigner(seedOf(vector, vector.signature ?? ""));
    for (const { date, payloadB64, signature: expected } of vector.events ?? []) {
      const frame = signer.frame(Buffer.from(payloadB64, "base64"), new Date(date));
      expect(frame.toString("hex")).toContain(expected);
    }
  },
  "event-stream-sts": ({ stringToSign: text }) => {
    // The text alone: its hash of the date header is that of the header as it is encoded here.
    const [algorithm, date = "", scope, , dateHash] = (text ?? "").split("\n");
    expect(algorithm).toBe("AWS4-HMAC-SHA256-PAYLOAD");
    expect(parseCredentialScope(scope ?? "")).toBeDefined();
    const header = encodedDate(parseAmzDate(date) as Date);
    expect(dateHash).toBe(sha256Hex(header));
  },
  "v4a-key": ({ credentials, publicKey }) => {
    const { accessKeyId, secretAccessKey = "" } = credentials;
    expectPublicKey({ accessKeyId, secretAccessKey }, publicKey);
  },
};

test.skipIf(skip)("SigV4a keys are those of AWS's vectors (IAP_SHARED_DIR)", () => {
  const withKeys = vectors.filter(({ publicKey, alg }) => publicKey !== undefined && alg === ALGORITHM_V4A);
  expect(withKeys.length).toBeGreaterThan(70);
  for (const { credentials, publicKey } of withKeys) {
    const { accessKeyId, secretAccessKey = "" } = credentials;
    expectPublicKey({ accessKeyId, secretAccessKey }, publicKey);
  }
});

function expectPublicKey(pair: { accessKeyId: string; secretAccessKey: string }, expected: Vector["publicKey"]): void {
  const { x = "", y = "" } = sigv4aKey(new Credentials(pair)).export({ format: "jwk" });
  expect(Buffer.from(x, "base64url").toString("hex")).toBe(expected?.X.toLowerCase().padStart(64, "0"));
  expect(Buffer.from(y, "base64url").toString("hex")).toBe(expected?.Y.toLowerCase().padStart(64, "0"));
}

function seedOf({ credentials, config, alg }: Vector, signatureHex: string) {
  const { region = "", service = "", timestamp = "" } = config;
  const scope = { date: day(timestamp), region, service };
  return {
    algorithm: alg,
    key: signingKey(credentials.secretAccessKey ?? "", scope),
    amzDate: timestamp.replace(/[-:]/g, ""),
    scope: formatCredentialScope(scope),
    signature: signatureHex,
  };
}

function day(timestamp: string): string {
  return timestamp.slice(0, 10).replaceAll("-", "");
}

function received(wire: WireRequest): AwsRequest {
  const headers = wire.headers.map(([name, value]) => [name, latin1(value)] as const);
  const host = headers.find(([name]) => name.toLowerCase() === "host")?.[1] ?? "";
  const body = Buffer.from(wire.bodyB64, "base64");
  return { httpVersion: "1.1", method: wire.method, target: latin1(wire.target), headers, host, body };
}

function latin1(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

function keyOf(secretAccessKey: string, authorization: ReturnType<typeof parseAuthorization>): AgentKey {
  const { accessKeyId, sessionToken, date } = authorization;
  return {
    agent: "agent",
    session: "session",
    credentials: new Credentials({ accessKeyId, secretAccessKey, sessionToken }),
    notAfter: new Date(date.getTime() + 1),
    upstream: "default",
  };
}

function verifyVector(request: AwsRequest, secretAccessKey: string): void {
  const authorization = parseAuthorization(request);
  verify(request, { keys: ringOf(keyOf(secretAccessKey, authorization)), now: authorization.date });
}

describe.each(["botocore.jsonl", "botocore-v2.jsonl"])("botocore's requests are accepted (%s)", (file) => {
  // The signer's own fixtures: the same requests, seen from the other side.
  const fixture = new URL(`../../sigv4/test/fixtures/${file}`, import.meta.url);
  const lines = readFileSync(fixture, "utf8").trim().split("\n");
  const botocore = lines.map(
    (line) => JSON.parse(line) as { name: string; secretAccessKey: string; request: WireRequest },
  );

  test.each(botocore)("$name", ({ request, secretAccessKey }) => {
    verifyVector(received(request), secretAccessKey);
  });

  test.each(botocore)("$name, but for one bit of the secret", ({ request, secretAccessKey }) => {
    const error = caught(() => verifyVector(received(request), `${secretAccessKey}x`));
    expect(error.code).toBe("SignatureDoesNotMatch");
  });
});

test.skipIf(skip)("the head alone is enough for the signature of a stream (IAP_SHARED_DIR)", () => {
  const head = received(requests.find(({ id }) => id === "s3-docs/streaming-put")?.signedRequest as WireRequest);
  const authorization = parseAuthorization(head);
  const key = keyOf("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", authorization);
  expect(() => verifySignature(head, authorization, key, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")).not.toThrow();
});
