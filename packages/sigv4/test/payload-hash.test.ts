import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { EMPTY_SHA256, isSha256Hex, sha256Hex } from "../src/index.ts";

test("text is hashed a byte per character, as are bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const expected = createHash("sha256").update(bytes).digest("hex");
      expect(sha256Hex(bytes)).toBe(expected);
      expect(sha256Hex(Buffer.from(bytes).toString("latin1"))).toBe(expected);
    }),
  );
});

test("the hash of nothing has a name", () => {
  expect(sha256Hex("")).toBe(EMPTY_SHA256);
});

test.each([
  [EMPTY_SHA256, true],
  [EMPTY_SHA256.toUpperCase(), false],
  [EMPTY_SHA256.slice(1), false],
  [`${EMPTY_SHA256}0`, false],
  [`g${EMPTY_SHA256.slice(1)}`, false],
  ["UNSIGNED-PAYLOAD", false],
  ["", false],
])("%s is a SHA-256 in lower-case hex: %s", (text, expected) => {
  expect(isSha256Hex(text)).toBe(expected);
});
