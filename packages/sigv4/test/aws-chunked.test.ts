import { AwsError } from "@iap/aws-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AwsChunkedParser } from "../src/index.ts";

const trailers = ["x-amz-checksum-crc32"];
const TRAILER = "x-amz-checksum-crc32:sOO8/Q==\r\n";

const CODES: ReadonlySet<string> = new Set(["InvalidRequest", "IncompleteBody", "MalformedTrailer"]);

/** The whole body in pieces of `size` bytes: what went wrong, or undefined. */
function problem(
  body: string | Uint8Array,
  options: ConstructorParameters<typeof AwsChunkedParser>[0] = {},
  size = Number.POSITIVE_INFINITY,
): string | undefined {
  const bytes = typeof body === "string" ? Buffer.from(body, "latin1") : body;
  const parser = new AwsChunkedParser(options);
  try {
    for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, Math.min(at + size, bytes.length)));
    parser.end();
    return undefined;
  } catch (error) {
    if (error instanceof AwsError && CODES.has(error.code)) return error.message;
    throw error;
  }
}

describe("what clients send is accepted, in pieces of any size", () => {
  test.each([
    ["botocore and the AWS CLI", `b\r\nhello world\r\n0\r\n${TRAILER}\r\n`, { trailers, decodedLength: 11 }],
    ["an empty object", `0\r\n${TRAILER}\r\n`, { trailers, decodedLength: 0 }],
    ["several chunks", `5\r\nhello\r\n6\r\n world\r\n0\r\n${TRAILER}\r\n`, { trailers, decodedLength: 11 }],
    ["upper-case and padded sizes", `00B\r\nhello world\r\n000\r\n${TRAILER}\r\n`, { trailers, decodedLength: 11 }],
    ["no announced length", `b\r\nhello world\r\n0\r\n${TRAILER}\r\n`, { trailers }],
    ["no trailer", "1\r\na\r\n0\r\n\r\n", {}],
    ["data that looks like framing", `7\r\n\r\n0\r\n\r\n\r\n0\r\n${TRAILER}\r\n`, { trailers, decodedLength: 7 }],
    ["a trailer name in capitals", "0\r\nX-Amz-Checksum-CRC32:AAAAAA==\r\n\r\n", { trailers }],
    ["two trailers in any order", "0\r\nb:2\r\na: 1\r\n\r\n", { trailers: ["a", "b"] }],
  ])("%s", (_, body, options) => {
    for (const size of [1, 2, 3, 7, 1000]) expect(problem(body, options, size)).toBeUndefined();
  });
});

describe("anything else is refused", () => {
  test.each([
    ["nothing at all", "", {}],
    ["no last chunk", "1\r\na\r\n", {}],
    ["a body cut in its data", "5\r\nhel", {}],
    ["a body cut before its last line", `0\r\n${TRAILER}`, { trailers }],
    ["a size that is no number", "x\r\n", {}],
    ["a size that is empty", "\r\n", {}],
    ["a negative size", "-1\r\n", {}],
    ["a size with a prefix", "0x1\r\na\r\n0\r\n\r\n", {}],
    ["a size with a blank", "1 \r\na\r\n0\r\n\r\n", {}],
    ["a size past 16 digits", `${"0".repeat(17)}\r\n\r\n`, {}],
    ["a size past the safe integers", "ffffffffffffffff\r\n", {}],
    ["a chunk extension", `1;chunk-signature=${"0".repeat(64)}\r\na\r\n0\r\n\r\n`, {}],
    ["a bare LF after a size", "1\na\r\n0\r\n\r\n", {}],
    ["a bare LF after data", "1\r\na\n0\r\n\r\n", {}],
    ["a bare LF after a trailer", "0\r\na:1\n\r\n", { trailers: ["a"] }],
    ["CR and something else", "1\r\ra", {}],
    ["data longer than its size", "1\r\nab\r\n0\r\n\r\n", {}],
    ["data shorter than its size", "3\r\na\r\n0\r\n\r\n", {}],
    ["bytes after the end", "0\r\n\r\nx", {}],
    ["a second body after the end", "0\r\n\r\n0\r\n\r\n", {}],
    ["a trailer that was not announced", `0\r\n${TRAILER}\r\n`, {}],
    ["an announced trailer that does not come", "0\r\n\r\n", { trailers }],
    ["a trailer twice", `0\r\n${TRAILER}${TRAILER}\r\n`, { trailers }],
    ["a trailer without name", "0\r\n:x\r\n\r\n", { trailers: [""] }],
    ["a trailer without colon", "0\r\nx-amz-checksum-crc32\r\n\r\n", { trailers }],
    ["a blank before the colon", "0\r\nx-amz-checksum-crc32 :x\r\n\r\n", { trailers }],
    ["a trailer without end", `0\r\n${"a".repeat(5000)}`, { trailers }],
    ["more data than announced", `b\r\nhello world\r\n0\r\n${TRAILER}\r\n`, { trailers, decodedLength: 10 }],
    ["less data than announced", `b\r\nhello world\r\n0\r\n${TRAILER}\r\n`, { trailers, decodedLength: 12 }],
  ])("%s", (_, body, options) => {
    for (const size of [1, 2, 3, 7, 10_000])
      expect(problem(body, options, size)).toMatch(/^The aws-chunked body is malformed/);
  });
});

test("too much data is refused before it comes", () => {
  const parser = new AwsChunkedParser({ decodedLength: 10 });
  expect(() => parser.push(Buffer.from("b\r\n"))).toThrow("hold more than the 10 bytes");
});

test("after an error nothing is accepted", () => {
  const parser = new AwsChunkedParser();
  expect(() => parser.push(Buffer.from("x"))).toThrow(AwsError);
  expect(() => parser.push(Buffer.from("0\r\n\r\n"))).toThrow(AwsError);
  expect(() => parser.end()).toThrow(AwsError);
  expect(parser.complete).toBe(false);
});

test("any data in any chunks, split in any way, is accepted", () => {
  const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 6 });
  fc.assert(
    fc.property(chunks, fc.integer({ min: 1, max: 50 }), (list, size) => {
      const body = Buffer.concat([
        ...list.flatMap((data) => [Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from("\r\n")]),
        Buffer.from(`0\r\n${TRAILER}\r\n`),
      ]);
      const decodedLength = list.reduce((sum, { length }) => sum + length, 0);
      expect(problem(body, { trailers, decodedLength }, size)).toBeUndefined();
    }),
  );
});

test("garbage is refused the same way however it is split, and never crashes", () => {
  const piece = fc.constantFrom(
    "0",
    "1",
    "a",
    "F",
    "\r\n",
    "\r",
    "\n",
    ";",
    ":",
    "x-amz-checksum-crc32",
    " ",
    "\0",
    "\xff",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const body = pieces.join("");
      expect(problem(body, { trailers }, 1)).toBe(problem(body, { trailers }));
    }),
    { numRuns: 500 },
  );
});

test.each([
  ["IncompleteBody", "1\r\na\r\n", {}],
  ["IncompleteBody", "1\r\na\r\n0\r\n", { decodedLength: 2 }],
  ["MalformedTrailer", "0\r\na:1\r\n", {}],
  ["MalformedTrailer", "0\r\n\r\n", { trailers }],
  ["InvalidRequest", "x\r\n", {}],
] as const)("%s is what is wrong with %j", (code, body, options) => {
  const parser = new AwsChunkedParser(options);
  const thrown = (() => {
    try {
      parser.push(Buffer.from(body));
      parser.end();
    } catch (error) {
      return error;
    }
    return undefined;
  })();
  expect(thrown).toMatchObject({ code });
});
