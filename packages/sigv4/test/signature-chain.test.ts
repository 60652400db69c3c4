import { Credentials } from "@iap/aws-core";
import { expect, test } from "vitest";
import {
  ALGORITHM_V4A,
  type Algorithm,
  chunkSignatureLength,
  SignatureChain,
  type StreamSeed,
  sha256Hex,
  signingKey,
  sigv4aKey,
} from "../src/index.ts";

// The example of "Signature calculations: transferring a payload in multiple chunks" in the S3 API reference.
const scope = { date: "20130524", region: "us-east-1", service: "s3" };
const secretAccessKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const seed: StreamSeed = {
  algorithm: "AWS4-HMAC-SHA256",
  key: signingKey(secretAccessKey, scope),
  amzDate: "20130524T000000Z",
  scope: "20130524/us-east-1/s3/aws4_request",
  signature: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
};
const chunks: readonly (readonly [length: number, signature: string])[] = [
  [65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"],
  [1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"],
  [0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"],
];

test("it signs and verifies the chunks of AWS's example", () => {
  const [signer, verifier] = [new SignatureChain(seed), new SignatureChain(seed)];
  for (const [length, expected] of chunks) {
    const hash = sha256Hex(Buffer.alloc(length, "a"));
    expect(signer.signChunk(hash)).toBe(expected);
    expect(verifier.verifyChunk(hash, expected)).toBe(true);
  }
});

test("a chunk out of its place is not the next", () => {
  const verifier = new SignatureChain(seed);
  expect(verifier.verifyChunk(sha256Hex(Buffer.alloc(1024, "a")), (chunks[1] as (typeof chunks)[number])[1])).toBe(
    false,
  );
});

test("it signs trailers after the chunks", () => {
  const chain = new SignatureChain({ ...seed, signature: (chunks[2] as (typeof chunks)[number])[1] });
  expect(chain.signTrailer(sha256Hex("first:1st\nsecond:2nd\nthird:3rd\n"))).toBe(
    "df5735bd9f3295cd9386572292562fefc93ba94e80a0a1ddcbd652c4e0a75e6c",
  );
});

test("signatures of SigV4a chunks are padded to one length, and verify", () => {
  const credentials = new Credentials({ accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey });
  const v4a: StreamSeed = {
    ...seed,
    algorithm: ALGORITHM_V4A,
    key: sigv4aKey(credentials),
    scope: "20130524/s3/aws4_request",
  };
  const [signer, verifier] = [new SignatureChain(v4a), new SignatureChain(v4a)];
  for (let i = 0; i < 20; i++) {
    const hash = sha256Hex(String(i));
    const signed = i < 19 ? signer.signChunk(hash) : signer.signTrailer(hash);
    expect(signed).toHaveLength(chunkSignatureLength(ALGORITHM_V4A));
    expect(i < 19 ? verifier.verifyChunk(hash, signed) : verifier.verifyTrailer(hash, signed)).toBe(true);
  }
});

test.each<[Algorithm, number]>([
  ["AWS4-HMAC-SHA256", 64],
  ["AWS4-ECDSA-P256-SHA256", 144],
])("%s chunk signatures are %d long", (algorithm, length) => {
  expect(chunkSignatureLength(algorithm)).toBe(length);
});
