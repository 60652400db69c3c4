import { describe, expect, test } from "vitest";
import { checkPostPolicy, parsePostPolicy } from "../src/index.ts";
import { caught } from "./caught.ts";

const now = new Date("2026-11-23T12:34:56Z");
const expiration = "2026-11-23T13:00:00.000Z";

function encoded(document: unknown): string {
  return Buffer.from(typeof document === "string" ? document : JSON.stringify(document)).toString("base64");
}

function check(conditions: readonly unknown[], fields: Readonly<Record<string, string>>, at: Date = now): void {
  checkPostPolicy(parsePostPolicy(encoded({ expiration, conditions })), new Map(Object.entries(fields)), at);
}

describe("a form meets its policy", () => {
  test.each<[string, unknown[], Record<string, string>]>([
    ["with nothing asked", [], {}],
    ["field by field", [{ acl: "private" }, ["eq", "$key", "k"]], { acl: "private", key: "k" }],
    [
      "whatever the case of a field's name",
      [["starts-with", "$Content-Type", "image/"]],
      { "content-type": "image/png" },
    ],
    ["of several types each", [["starts-with", "$Content-Type", "image/"]], { "content-type": "image/png,image/gif" }],
    ["with anything where a prefix is empty", [["starts-with", "$x-amz-meta-a", ""]], { "x-amz-meta-a": "any" }],
    ["without the fields that authenticate it", [], { policy: "p", "x-amz-signature": "s", "x-ignore-me": "x" }],
    ["of an object of two", [{ acl: "private", key: "k" }], { acl: "private", key: "k" }],
  ])("%s", (_, conditions, fields) => {
    expect(() => check(conditions, fields)).not.toThrow();
  });
});

describe("a form does not meet its policy", () => {
  test.each<[string, unknown[], Record<string, string>, string]>([
    ["with another value", [{ acl: "private" }], { acl: "public-read" }, 'Policy Condition failed: {"acl":"private"}'],
    ["without a field", [["eq", "$key", "k"]], {}, 'Policy Condition failed: ["eq","$key","k"]'],
    ["with another beginning", [["starts-with", "$key", "a/"]], { key: "b/a/" }, "Policy Condition failed"],
    [
      "with one type of several",
      [["starts-with", "$Content-Type", "image/"]],
      { "content-type": "image/png,text/html" },
      "Policy Condition failed",
    ],
    ["with a field that it does not name", [], { "x-amz-acl": "x" }, "Extra input fields: x-amz-acl"],
    ["with its credential not named", [], { "x-amz-credential": "x" }, "Extra input fields: x-amz-credential"],
  ])("%s", (_, conditions, fields, message) => {
    const error = caught(() => check(conditions, fields));
    expect(error.code).toBe("AccessDenied");
    expect(error.message).toContain(`Invalid according to Policy: ${message}`);
  });

  test("once it has expired", () => {
    const error = caught(() => check([], {}, new Date(expiration)));
    expect(error.message).toBe("Invalid according to Policy: Policy expired.");
  });
});

describe("what is no policy is refused", () => {
  test.each<[string, unknown]>([
    ["no JSON", "{"],
    ["a list", []],
    ["null", "null"],
    ["no expiration", { conditions: [] }],
    ["an expiration that is none", { expiration: "tomorrow", conditions: [] }],
    ["an expiration without a zone", { expiration: "2026-11-23T13:00:00", conditions: [] }],
    ["no conditions", { expiration }],
    ["another member", { expiration, conditions: [], Version: "2012-10-17" }],
    ["an unknown operator", { expiration, conditions: [["like", "$key", "k"]] }],
    ["a condition of two", { expiration, conditions: [["eq", "$key"]] }],
    ["a field without $", { expiration, conditions: [["eq", "key", "k"]] }],
    ["a value that is no text", { expiration, conditions: [{ acl: 1 }] }],
    ["a condition that is a text", { expiration, conditions: ["key"] }],
    ["a range that is none", { expiration, conditions: [["content-length-range", "a", 1]] }],
  ])("%s", (_, document) => {
    expect(caught(() => parsePostPolicy(encoded(document))).code).toBe("InvalidPolicyDocument");
  });

  test("not base64", () => {
    expect(caught(() => parsePostPolicy("?")).code).toBe("InvalidPolicyDocument");
  });
});

test("the length a file may have is the narrowest of the ranges", () => {
  const conditions = [
    ["content-length-range", 1, "100"],
    ["content-length-range", 5, 200],
  ];
  expect(parsePostPolicy(encoded({ expiration, conditions })).contentLength).toEqual({ min: 5, max: 100 });
});
