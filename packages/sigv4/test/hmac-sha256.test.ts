import { createHmac, createSecretKey } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hmacSha256 } from "../src/hmac-sha256.ts";

test("it is the HMAC that node:crypto makes, whatever the key and the text", () => {
  const text = fc.oneof(fc.stringMatching(/^[ -~\n]{0,200}$/), fc.constantFrom("", "x".repeat(1024), "x".repeat(5000)));
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), text, (secret, message) => {
      const key = createSecretKey(secret);
      const expected = createHmac("sha256", key).update(message, "latin1").digest();
      expect(hmacSha256(key, message, "hex")).toBe(expected.toString("hex"));
      expect(hmacSha256(key, message, "binary")).toBe(expected.toString("latin1"));
    }),
    { numRuns: 300 },
  );
});

test("a key longer than a block is refused", () => {
  expect(() => hmacSha256(createSecretKey(Buffer.alloc(65)), "x", "hex")).toThrow(RangeError);
});
