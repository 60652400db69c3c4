import { expect, test } from "vitest";
import { signature, signingKey, verifySignatureOf } from "../src/index.ts";

const key = signingKey("secret", { date: "20130524", region: "us-east-1", service: "s3" });

test("a signature is verified whole, as 64 hex digits", () => {
  const hex = signature(key, "text");
  expect(verifySignatureOf(key, "text", hex)).toBe(true);
  for (const other of ["", hex.slice(2), `${hex}00`, `zz${hex.slice(2)}`, `${hex.slice(0, -1)}z`]) {
    expect(verifySignatureOf(key, "text", other)).toBe(false);
  }
  expect(verifySignatureOf(key, "texT", hex)).toBe(false);
});
