import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentKey, type AwsRequest, Credentials } from "@iap/aws-core";
import { describe, expect, test } from "vitest";
import { parseAuthorization, verify } from "../src/index.ts";
import { ringOf } from "./agent.ts";
import { caught } from "./caught.ts";

interface WireRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly bodyB64: string;
}

interface Vector {
  readonly id: string;
  readonly alg: string;
  readonly credentials: { readonly secretAccessKey?: string };
  readonly signedRequest: WireRequest | null;
}

/** Vectors of requests that `verify` cannot accept, and why. */
function refusal({ id }: Vector): string | undefined {
  if (/get-(relative|slash).*-unnormalized/.test(id)) {
    return "a service that encodes its path twice but does not normalise it does not exist";
  }
  if (id.startsWith("smithy-rs/")) return "the vector has no secret and a signature of another request";
  if (id === "aws-c-auth-v4/post-sts-header-after/query") {
    return "its token was added to the query after signing, as only IoT's WebSocket form does";
  }
  if (id.startsWith("s3-docs/streaming-")) return "chunk-signed bodies are not supported yet";
  return undefined;
}

function sharedVectors(): readonly Vector[] {
  const shared = process.env.IAP_SHARED_DIR;
  const path = shared === undefined ? "" : join(shared, "vectors/sigv4-vectors.jsonl");
  if (!existsSync(path)) return [];
  const all = readFileSync(path, "utf8").trim().split("\n");
  return all
    .map((line) => JSON.parse(line) as Vector)
    .filter(({ alg, signedRequest }) => alg === "AWS4-HMAC-SHA256" && signedRequest !== null);
}

function received(wire: WireRequest): AwsRequest {
  const latin1 = (text: string): string => Buffer.from(text, "utf8").toString("latin1");
  const headers = wire.headers.map(([name, value]) => [name, latin1(value)] as const);
  const host = headers.find(([name]) => name.toLowerCase() === "host")?.[1] ?? "";
  const body = Buffer.from(wire.bodyB64, "base64");
  return { httpVersion: "1.1", method: wire.method, target: latin1(wire.target), headers, host, body };
}

function verifyVector(request: AwsRequest, secretAccessKey: string): void {
  const { accessKeyId, sessionToken, date } = parseAuthorization(request);
  const key: AgentKey = {
    agent: "agent",
    session: "session",
    credentials: new Credentials({ accessKeyId, secretAccessKey, sessionToken }),
    notAfter: new Date(date.getTime() + 1),
    upstream: "default",
  };
  verify(request, { keys: ringOf(key), now: date });
}

const vectors = sharedVectors();

describe("AWS's vectors", () => {
  test.skipIf(vectors.length === 0)("are all there", () => {
    expect(vectors).toHaveLength(119);
    expect(vectors.filter((vector) => refusal(vector) !== undefined)).toHaveLength(17);
  });

  const accepted = vectors.filter((vector) => refusal(vector) === undefined);
  test.skipIf(vectors.length === 0).each(accepted)("$id is accepted", ({ credentials, signedRequest }) => {
    verifyVector(received(signedRequest as WireRequest), credentials.secretAccessKey ?? "");
  });

  const refused = vectors.flatMap((vector) => {
    const why = refusal(vector);
    return why === undefined ? [] : [{ ...vector, why }];
  });
  test.skipIf(vectors.length === 0).each(refused)("$id is refused: $why", ({ id, credentials, signedRequest }) => {
    const error = caught(() => verifyVector(received(signedRequest as WireRequest), credentials.secretAccessKey ?? ""));
    expect(error.code).toBe(id.startsWith("s3-docs/") ? "NotImplemented" : "SignatureDoesNotMatch");
  });
});

describe("botocore's requests are accepted", () => {
  // The signer's own fixture: the same requests, seen from the other side.
  const fixture = new URL("../../sigv4/test/fixtures/botocore.jsonl", import.meta.url);
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
