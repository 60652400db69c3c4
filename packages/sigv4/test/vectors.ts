import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AwsRequest } from "@iap/aws-core";

/** A request as it stands in vector files: text is UTF-8 there, and latin1 in a request. */
export interface WireRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly bodyB64: string;
}

/** A line of `sigv4-vectors.jsonl`, as far as SigV4 needs it. */
export interface SigV4Vector {
  readonly id: string;
  readonly alg: string;
  readonly form: string;
  readonly config: {
    readonly region: string;
    readonly service: string;
    readonly timestamp: string;
    readonly normalizePath: boolean;
    readonly doubleEncode: boolean;
    readonly omitSessionToken: boolean;
  };
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey?: string;
    readonly sessionToken?: string;
  };
  readonly request: WireRequest | null;
  readonly signedRequest: WireRequest | null;
  readonly canonicalRequest: string | null;
  readonly stringToSign: string | null;
  readonly signature: string | null;
}

/** A line of `fixtures/botocore.jsonl`. */
export interface BotocoreVector {
  readonly name: string;
  readonly form: "header" | "query";
  readonly service: string;
  readonly region: string;
  readonly secretAccessKey: string;
  readonly request: WireRequest;
}

/** The vectors of AWS's own suites: shared, not committed; none on a machine that has no IAP_SHARED_DIR. */
export function sharedVectors(): readonly SigV4Vector[] {
  const shared = process.env.IAP_SHARED_DIR;
  const path = shared === undefined ? "" : join(shared, "vectors/sigv4-vectors.jsonl");
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as SigV4Vector).filter(({ alg }) => alg === "AWS4-HMAC-SHA256");
}

/** The vectors that `scripts/make-botocore-vectors.py` wrote. */
export function botocoreVectors(): readonly BotocoreVector[] {
  const lines = readFileSync(new URL("./fixtures/botocore.jsonl", import.meta.url), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => JSON.parse(line) as BotocoreVector);
}

/** A request of a vector file as one received. */
export function received(wire: WireRequest): AwsRequest {
  const headers = wire.headers.map(([name, value]) => [latin1(name), latin1(value)] as const);
  return {
    httpVersion: "1.1",
    method: wire.method,
    target: latin1(wire.target),
    headers,
    host: headers.find(([name]) => name.toLowerCase() === "host")?.[1] ?? "",
    body: Buffer.from(wire.bodyB64, "base64"),
  };
}

function latin1(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
