import { headerValue, splitTarget } from "@iap/aws-core";
import { describe, expect, test } from "vitest";
import {
  canonicalRequest,
  EMPTY_SHA256,
  isS3Family,
  parseCredentialScope,
  pathRule,
  queryParameters,
  sha256Hex,
  signature,
  signingKey,
  stringToSign,
} from "../src/index.ts";
import { readSignature } from "./read-signature.ts";
import { botocoreVectors, received, type SigV4Vector, sharedVectors } from "./vectors.ts";

/** Vectors this part cannot reproduce, and why. */
const OTHER_FORMS: Readonly<Record<string, string>> = {
  "aws-c-auth-v4/post-sts-header-after/query":
    "the token was added to the query after signing, as only IoT's WebSocket form does",
  "smithy-rs/double-encode-path/header": "gives a canonical request of another date, and no signature",
  "s3-docs/post-policy": "signs a policy, not a request",
  "aws-c-auth/chunked-trailer": "signs a trailer, not a request",
  "aws-c-auth/event-stream": "signs events, not a request",
  "smithy-rs/event-stream-sts": "signs an event, not a request",
};

const vectors = sharedVectors();

describe("AWS's vectors (IAP_SHARED_DIR)", () => {
  test.skipIf(vectors.length === 0)("are all there", () => {
    expect(vectors.filter(({ id }) => OTHER_FORMS[id] === undefined)).toHaveLength(117);
    for (const id of Object.keys(OTHER_FORMS)) expect(vectors.map((vector) => vector.id)).toContain(id);
  });

  test.skipIf(vectors.length === 0).each(vectors.filter(({ id }) => OTHER_FORMS[id] === undefined))("$id", (vector) => {
    const request = received(vector.signedRequest as NonNullable<SigV4Vector["signedRequest"]>);
    const { config, credentials } = vector;
    const read = readSignature(request);
    const canonical = canonicalRequest(request, {
      pathRule: { normalise: config.normalizePath, encodeTwice: config.doubleEncode },
      signedHeaders: read.signedHeaders,
      payloadHash: payloadHash(vector, request.body),
    });
    if (vector.canonicalRequest !== null) expect(canonical).toBe(latin1(vector.canonicalRequest));
    if (vector.signature === null || credentials.secretAccessKey === undefined) return;
    const toSign = stringToSign(canonical, { amzDate: read.amzDate, scope: read.scope });
    if (vector.stringToSign !== null) expect(toSign).toBe(vector.stringToSign);
    const scope = parseCredentialScope(read.scope);
    if (scope === undefined) throw new Error("the vector has no credential scope");
    expect(signature(signingKey(credentials.secretAccessKey, scope), toSign)).toBe(vector.signature);
  });
});

describe("botocore's signatures", () => {
  test.each(botocoreVectors())("$name", ({ service, secretAccessKey, request: wire }) => {
    const request = received(wire);
    const { scope, signedHeaders, amzDate, signature: expected } = readSignature(request);
    const presignedS3 = isS3Family(service) && splitTarget(request.target).query?.includes("X-Amz-Algorithm");
    const canonical = canonicalRequest(request, {
      pathRule: pathRule(service),
      signedHeaders,
      payloadHash: presignedS3
        ? "UNSIGNED-PAYLOAD"
        : (headerValue(request.headers, "x-amz-content-sha256") ?? sha256Hex(request.body ?? "")),
    });
    const key = signingKey(
      secretAccessKey,
      parseCredentialScope(scope) as NonNullable<ReturnType<typeof parseCredentialScope>>,
    );
    expect(signature(key, stringToSign(canonical, { amzDate, scope }))).toBe(expected);
  });
});

test("the canonical request is six parts on lines of their own, the headers followed by an empty line", () => {
  const head = {
    httpVersion: "1.1",
    method: "GET",
    target: "/a?b",
    host: "h",
    headers: [
      ["X-B", " 2 "],
      ["Host", "h"],
    ],
  } as const;
  const options = { pathRule: pathRule("sqs"), signedHeaders: ["host", "x-b"], payloadHash: EMPTY_SHA256 };
  expect(canonicalRequest(head, options)).toBe(`GET\n/a\nb=\nhost:h\nx-b:2\n\nhost;x-b\n${EMPTY_SHA256}`);
});

function payloadHash(vector: SigV4Vector, body: Uint8Array | undefined): string {
  const request = received(vector.signedRequest as NonNullable<SigV4Vector["signedRequest"]>);
  const query = queryParameters(splitTarget(request.target).query ?? "");
  if (isS3Family(vector.config.service) && query.some(({ name }) => name === "X-Amz-Algorithm"))
    return "UNSIGNED-PAYLOAD";
  return headerValue(request.headers, "x-amz-content-sha256") ?? sha256Hex(body ?? "");
}

function latin1(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
