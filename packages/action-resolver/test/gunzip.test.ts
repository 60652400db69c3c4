import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { gunzip } from "../src/gunzip.ts";

const packed = gzipSync("some text");
const named = Buffer.concat([
  packed.subarray(0, 3),
  Buffer.of(8),
  packed.subarray(4, 10),
  Buffer.from("n\0"),
  packed.subarray(10),
]);

test.each([
  ["one member", packed],
  ["one member with a name", named],
])("%s is read", (_, bytes) => {
  expect(Buffer.from(gunzip(bytes) ?? []).toString()).toBe("some text");
});

test.each([
  ["nothing", Buffer.alloc(0)],
  ["no gzip", Buffer.from("some text")],
  ["another method", Buffer.concat([packed.subarray(0, 2), Buffer.of(9), packed.subarray(3)])],
  ["another flag", Buffer.concat([packed.subarray(0, 3), Buffer.of(4), packed.subarray(4)])],
  ["a name that does not end", named.subarray(0, 11)],
  ["a member that does not end", packed.subarray(0, -9)],
  ["a member without its checksum", packed.subarray(0, -8)],
  ["two members", Buffer.concat([packed, packed])],
  ["an empty one before it", Buffer.concat([gzipSync(""), packed])],
  ["something behind it", Buffer.concat([packed, Buffer.of(0)])],
  ["more than 32 MiB", gzipSync(Buffer.alloc(32 * 1024 * 1024 + 1))],
])("%s is not", (_, bytes) => {
  expect(gunzip(bytes)).toBeUndefined();
});
