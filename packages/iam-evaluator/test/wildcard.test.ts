import { describe, expect, test } from "vitest";
import { compileWildcard, isAnything, literalOf } from "../src/wildcard.ts";

describe("what a pattern is", () => {
  test.each<[string, string | undefined, boolean]>([
    ["*", undefined, true],
    ["**", undefined, true],
    ["a*", undefined, false],
    ["a?", undefined, false],
    ["", "", false],
    ["arn:aws:s3:::b/k", "arn:aws:s3:::b/k", false],
    [`arn:aws:s3:::b/\${*}\${?}\${$}{x}`, `arn:aws:s3:::b/*?\${x}`, false],
    [`arn:aws:s3:::b/\${*}*`, undefined, false],
    [`arn:aws:s3:::b/\${x}`, `arn:aws:s3:::b/\${x}`, false],
  ])("%j: literally %j, anything %s", (text, literal, anything) => {
    const wildcard = compileWildcard(text, "resourceWithEscapes");
    expect(literalOf(wildcard)).toBe(literal);
    expect(isAnything(wildcard)).toBe(anything);
  });
});

test("escapes are text in the other dialects, and before the fifth colon", () => {
  expect(literalOf(compileWildcard(`arn:aws:s3:::b/\${*}`, "resource"))).toBeUndefined();
  expect(literalOf(compileWildcard(`arn:\${$}`, "resourceWithEscapes"))).toBe(`arn:\${$}`);
});
