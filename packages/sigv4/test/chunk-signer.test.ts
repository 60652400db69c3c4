import { describe, expect, test } from "vitest";
import {
  ALGORITHM_V4A,
  ChunkSigner,
  canonicalTrailers,
  type StreamSeed,
  signedChunksLength,
  signingKey,
} from "../src/index.ts";

const seed: StreamSeed = {
  algorithm: "AWS4-HMAC-SHA256",
  key: signingKey("secret", { date: "20130524", region: "us-east-1", service: "s3" }),
  amzDate: "20130524T000000Z",
  scope: "20130524/us-east-1/s3/aws4_request",
  signature: "0".repeat(64),
};

describe("a body in signed chunks", () => {
  test("is sizes, signatures and data, and ends with an empty chunk", () => {
    const signer = new ChunkSigner(seed);
    const body = Buffer.concat([signer.chunk(Buffer.from("hello")), signer.chunk(Buffer.alloc(20, "x")), signer.end()]);
    expect(body.toString().replace(/=[0-9a-f]{64}/g, "=S")).toBe(
      `5;chunk-signature=S\r\nhello\r\n14;chunk-signature=S\r\n${"x".repeat(20)}\r\n0;chunk-signature=S\r\n\r\n`,
    );
  });

  test("has its trailers, and a signature over them, before its end", () => {
    const body = new ChunkSigner(seed).end([["x-amz-checksum-crc32", "AAAAAA=="]]).toString();
    expect(body.replace(/[0-9a-f]{64}/g, "S")).toBe(
      "0;chunk-signature=S\r\nx-amz-checksum-crc32:AAAAAA==\r\nx-amz-trailer-signature:S\r\n\r\n",
    );
  });

  test("refuses an empty chunk before the end", () => {
    expect(() => new ChunkSigner(seed).chunk(new Uint8Array())).toThrow(RangeError);
  });

  test.each([
    [0, 65536, undefined],
    [1, 65536, undefined],
    [65536, 65536, undefined],
    [100_000, 65536, undefined],
    [20_000, 8192, [["x-amz-checksum-crc32", 8]] as const],
  ])("of %d bytes in chunks of %d has the length that is said beforehand", (decodedLength, chunkLength, trailers) => {
    const signer = new ChunkSigner(seed);
    let length = 0;
    for (let at = 0; at < decodedLength; at += chunkLength) {
      length += signer.chunk(Buffer.alloc(Math.min(chunkLength, decodedLength - at))).length;
    }
    length += signer.end(trailers?.map(([name, size]) => [name, "=".repeat(size)] as const)).length;
    expect(signedChunksLength({ decodedLength, chunkLength, trailers })).toBe(length);
  });

  test("is longer with SigV4a, by 80 bytes a signature", () => {
    const v4 = signedChunksLength({ decodedLength: 10, chunkLength: 10 });
    expect(signedChunksLength({ decodedLength: 10, chunkLength: 10, algorithm: ALGORITHM_V4A })).toBe(v4 + 160);
  });

  // "65,626 + 34,553 + 86": a real upload's.
  test("of 100,000 bytes in chunks of 64 KiB is 100,265 long", () => {
    expect(signedChunksLength({ decodedLength: 100_000, chunkLength: 65_536 })).toBe(100_265);
  });
});

test("trailers are signed sorted, in lower case, without blanks around their values", () => {
  expect(
    canonicalTrailers([
      ["B", " 2 "],
      ["a", "1"],
    ]),
  ).toBe("a:1\nb:2\n");
  const named = (...names: readonly string[]): string => canonicalTrailers(names.map((name, i) => [name, String(i)]));
  expect(named("b", "a", "c", "a")).toBe("a:1\na:3\nb:0\nc:2\n");
});
