import { createSecretKey, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { type SealedKey, tokenSeal } from "../src/seal.ts";

const seal = tokenSeal(createSecretKey(randomBytes(32)));
const notAfter = new Date("2026-01-01T00:00:00Z");
const key: SealedKey = { agent: "a", session: "s", secret: "x", notAfter, upstream: "default" };

test("what was sealed is opened, with its parent if it has one", () => {
  expect(seal.open("ASIA", seal.seal("ASIA", key))).toEqual(key);
  expect(seal.open("ASIA", seal.seal("ASIA", { ...key, parent: "p" }))).toEqual({ ...key, parent: "p" });
});

// Sealed by a version that has not been written yet, say: under our key, and not of our form.
test.each<[string, object]>([
  ["an agent that is no text", { agent: 7 }],
  ["no session", { session: undefined }],
  ["no secret", { secret: null }],
  ["no upstream", { upstream: undefined }],
  ["a parent that is no text", { parent: ["p"] }],
  ["an end that is no time", { notAfter: new Date(Number.NaN) }],
  ["another version", { v: 2 }],
])("what has %s does not open", (_, changes) => {
  // `as`: what no caller of ours could give.
  expect(seal.open("ASIA", seal.seal("ASIA", { ...key, ...changes } as SealedKey))).toBeUndefined();
});
