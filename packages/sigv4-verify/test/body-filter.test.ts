import { AwsError } from "@iap/aws-core";
import { sha256Hex } from "@iap/sigv4";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BodyFilter, chunksFilter, hashFilter, passFilter } from "../src/index.ts";
import { caught } from "./caught.ts";

const pieces = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 12 });

/** What a filter lets go of before the end is known, and at the end. */
function run(filter: BodyFilter, chunks: readonly Uint8Array[]): { early: Buffer; end: Uint8Array | undefined } {
  const early = chunks.map((chunk) => filter.push(chunk) ?? new Uint8Array());
  return { early: Buffer.concat(early), end: filter.end() };
}

describe("a body with a hash", () => {
  test("passes whole and unchanged, its last byte not before the end", () => {
    fc.assert(
      fc.property(pieces, (chunks) => {
        const body = Buffer.concat(chunks);
        const { early, end } = run(hashFilter(sha256Hex(body)), chunks);
        expect(Buffer.concat([early, end ?? new Uint8Array()])).toEqual(body);
        if (body.length > 0) expect(early.length).toBeLessThan(body.length);
      }),
    );
  });

  test("that is wrong never lets go of its last byte", () => {
    fc.assert(
      fc.property(pieces, fc.nat(), (chunks, at) => {
        const body = Buffer.concat(chunks);
        const other = Buffer.concat([body, Buffer.from([at % 256])]);
        const filter = hashFilter(sha256Hex(other));
        const early = chunks.map((chunk) => filter.push(chunk)?.length ?? 0).reduce((sum, n) => sum + n, 0);
        const error = caught(() => filter.end());
        expect(error.code).toBe("ContentSha256Mismatch");
        expect(error.details.ClientComputedContentSHA256).toBe(sha256Hex(other));
        expect(error.details.S3ComputedContentSHA256).toBe(sha256Hex(body));
        expect(early === 0 || early < body.length).toBe(true);
      }),
    );
  });

  test("is passed on without a copy", () => {
    const [a, b] = [Buffer.from("a"), Buffer.from("b")];
    const filter = hashFilter(sha256Hex("ab"));
    expect(filter.push(a)).toBeUndefined();
    expect(filter.push(b)).toBe(a);
    expect(filter.end()).toBe(b);
  });

  test("may be empty, or have empty pieces, which displace nothing", () => {
    expect(hashFilter(sha256Hex("")).end()).toBeUndefined();
    const filter = hashFilter(sha256Hex("a"));
    const a = Buffer.from("a");
    expect([filter.push(a), filter.push(new Uint8Array()), filter.end()]).toEqual([undefined, undefined, a]);
  });
});

describe("a body in aws-chunked framing", () => {
  const body = Buffer.from("5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n");
  const framing = { trailers: ["x-amz-checksum-crc32"], decodedLength: 11 };
  const split = (bytes: Buffer, size: number): Uint8Array[] => {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
    return chunks;
  };

  test("passes unchanged, framing and all, its last byte not before the end", () => {
    for (let size = 1; size <= body.length; size++) {
      const { early, end } = run(chunksFilter(framing), split(body, size));
      expect(Buffer.concat([early, end ?? new Uint8Array()])).toEqual(body);
      expect(early.length).toBeLessThan(body.length);
    }
  });

  test("that is cut short anywhere never lets go of its last byte", () => {
    for (let length = 0; length < body.length; length++) {
      const filter = chunksFilter(framing);
      const early = split(body.subarray(0, length), 7).map((chunk) => filter.push(chunk)?.length ?? 0);
      expect(caught(() => filter.end()).code).toBe("IncompleteBody");
      expect(early.reduce((sum, n) => sum + n, 0)).toBeLessThanOrEqual(Math.max(length - 1, 0));
    }
  });

  test("that goes wrong lets go of nothing more", () => {
    const filter = chunksFilter(framing);
    filter.push(Buffer.from("5\r\nhello\r\n"));
    expect(caught(() => filter.push(Buffer.from("zz\r\n"))).code).toBe("InvalidRequest");
    expect(caught(() => filter.push(body)).code).toBe("InternalFailure");
    expect(caught(() => filter.end()).code).toBe("InternalFailure");
  });
});

test("a body of which nothing is claimed passes at once", () => {
  const chunk = Buffer.from("a");
  const filter = passFilter();
  expect(filter.push(chunk)).toBe(chunk);
  expect(filter.push(new Uint8Array())).toBeUndefined();
  expect(filter.end()).toBeUndefined();
});

test("a filter serves one body", () => {
  const filter = hashFilter(sha256Hex(""));
  filter.end();
  expect(() => filter.end()).toThrow(AwsError);
  expect(() => filter.push(new Uint8Array(1))).toThrow(AwsError);
});
