import { inspect } from "node:util";
import { Credentials } from "@iap/aws-core";
import { expect, test } from "vitest";
import { SigningKeys, signature, signingKey } from "../src/index.ts";

const scope = { date: "20120215", region: "us-east-1", service: "iam" };
const secretAccessKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const credentials = new Credentials({ accessKeyId: "AKIDEXAMPLE", secretAccessKey });

test("the signing key is the one of AWS's documentation", () => {
  const key = signingKey(secretAccessKey, scope).export().toString("hex");
  expect(key).toBe("f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d");
});

test("a key is derived once for a secret and scope", () => {
  const keys = new SigningKeys();
  const key = keys.get(credentials, scope);
  expect(keys.get(credentials, { ...scope })).toBe(key);
  const same = new Credentials({ accessKeyId: "AKIDEXAMPLE", secretAccessKey });
  expect(keys.get(same, scope)).toBe(key);
  expect(keys.size).toBe(1);
});

test("another secret, day, region or service is another key", () => {
  const keys = new SigningKeys();
  const sign = (who: Credentials, where: typeof scope): string => signature(keys.get(who, where), "x");
  const other = new Credentials({ accessKeyId: "AKIDEXAMPLE", secretAccessKey: "other" });
  const signatures = new Set([
    sign(credentials, scope),
    sign(other, scope),
    sign(credentials, { ...scope, date: "20120216" }),
    sign(credentials, { ...scope, region: "us-east-2" }),
    sign(credentials, { ...scope, service: "sts" }),
  ]);
  expect(signatures.size).toBe(5);
});

test("memory is bounded, and a key in use survives", () => {
  const keys = new SigningKeys({ max: 10 });
  const first = keys.get(credentials, scope);
  for (let i = 0; i < 200; i++) {
    keys.get(credentials, { ...scope, region: `region-${i}` });
    expect(keys.get(credentials, scope)).toBe(first);
    expect(keys.size).toBeLessThanOrEqual(10);
  }
});

test("printing the keys shows no secret", () => {
  const keys = new SigningKeys();
  keys.get(credentials, scope);
  const printed = inspect(keys, { depth: 9, showHidden: true }) + JSON.stringify(keys);
  expect(printed).not.toContain("wJalr");
  expect(printed).not.toContain("f4780e2d");
});
