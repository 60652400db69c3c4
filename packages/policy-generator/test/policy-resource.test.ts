import { describe, expect, test } from "vitest";
import { policyResource } from "../src/policy-resource.ts";

describe("an exact ARN", () => {
  test.each([
    ["arn:aws:s3:::b/k", "arn:aws:s3:::b/k"],
    ["arn:aws:s3:::b/a*b?c", `arn:aws:s3:::b/a\${*}b\${?}c`],
    [`arn:aws:s3:::b/\${aws:username}`, `arn:aws:s3:::b/\${$}{aws:username}`],
    ["arn:aws:s3:::b/$5{x}", "arn:aws:s3:::b/$5{x}"],
    ["arn:aws:s3:::b/é\n", "arn:aws:s3:::b/é\n"],
  ])("%j is written %j", (arn, text) => {
    expect(policyResource({ arn })).toEqual({ text });
  });

  test.each([
    ["arn:aws:s3:::b/€", "arn:aws:s3:::b/?"],
    ["arn:aws:s3:::b/😀", "arn:aws:s3:::b/?"],
    ["arn:aws:s3:::b/\u0000", "arn:aws:s3:::b/?"],
    ["arn:aws:x:re*gion:1:a", "arn:aws:x:re?gion:1:a"],
  ])("%j can only be written wider: %j", (arn, text) => {
    expect(policyResource({ arn })).toMatchObject({ text, widened: expect.stringContaining("1 of its characters") });
  });

  test.each([
    ["*"],
    [""],
    ["bucket"],
    ["arn:aws:s3"],
    ["arn:aws:s3:::"],
    ["arn:nowhere:s3:::b"],
    ["arn:aws:*:::b"],
    ["arn:aws:iam::1:roleteam/app"],
  ])("%j cannot be written", (arn) => {
    expect(policyResource({ arn })).toBeUndefined();
  });
});

test("a pattern keeps its wildcards, and its ${ is text", () => {
  expect(policyResource({ pattern: `arn:aws:s3:::b/\${x}?/*`, why: "" })).toEqual({
    text: `arn:aws:s3:::b/\${$}{x}?/*`,
  });
  expect(policyResource({ pattern: "*", why: "" })).toEqual({ text: "*" });
});

test("no resource is *", () => {
  expect(policyResource({ none: true })).toEqual({ text: "*" });
});
