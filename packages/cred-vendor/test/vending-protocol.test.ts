import { expect, test } from "vitest";
import { parseAnswer, parseCredentials } from "../src/vending-protocol.ts";

test.each([
  "",
  "7",
  "null",
  "[]",
  "{}",
  '{"version":2,"result":1}',
  '{"version":1}',
  '{"version":1,"error":"no"}',
  '{"version":1,"error":null}',
  '{"version":1,"error":{"code":"x"}}',
  '{"version":1,"error":{"code":7,"message":"m"}}',
  '{"version":1,"error":{"code":"x","message":{}}}',
])("%j is no answer", (line) => {
  expect(parseAnswer(line)).toBeUndefined();
});

const whole = {
  Version: 1,
  AccessKeyId: "A",
  SecretAccessKey: "s",
  SessionToken: "t",
  Expiration: "2026-01-01T00:00:00Z",
};
test.each([
  ["nothing", undefined],
  ["null", null],
  ["text", "x"],
  ...Object.keys(whole).map((name): [string, unknown] => [`no ${name}`, { ...whole, [name]: undefined }]),
  ["another version", { ...whole, Version: 2 }],
  ["an empty key", { ...whole, AccessKeyId: "" }],
  ["an end that is none", { ...whole, Expiration: "soon" }],
])("a result that is %s has no credentials", (_, result) => {
  expect(parseCredentials(result)).toBeUndefined();
});

test("a whole result has them", () => {
  expect(parseCredentials(whole)).toEqual(whole);
});
