import { describe, expect, test } from "vitest";
import { compileResources, isAboutAll, isAboutSome, type RequestedResource } from "../src/resource-matcher.ts";
import { compileWildcard } from "../src/wildcard.ts";

const exact = (text: string): RequestedResource => ({ kind: "exact", text });
const pattern = (text: string): RequestedResource => ({ kind: "pattern", wildcard: compileWildcard(text, "resource") });
const none: RequestedResource = { kind: "none" };

const listed = (patterns: readonly string[], inverted: boolean) =>
  compileResources(patterns, { inverted, dialect: "resourceWithEscapes" });

describe("what the statement is about: of Resource all, some; of NotResource all, some", () => {
  test.each<[readonly string[], RequestedResource, boolean, boolean, boolean, boolean]>([
    [["arn:aws:s3:::b/k"], exact("arn:aws:s3:::b/k"), true, true, false, false],
    [["arn:aws:s3:::b/*"], exact("arn:aws:s3:::b/k"), true, true, false, false],
    [["arn:aws:s3:::c/*"], exact("arn:aws:s3:::b/k"), false, false, true, true],
    [["arn:aws:s3:::b/*"], pattern("arn:aws:s3:::b/x*"), true, true, false, false],
    [["arn:aws:s3:::b/*"], pattern("arn:aws:s3:::b/*"), true, true, false, false],
    [["arn:aws:s3:::b/x*"], pattern("arn:aws:s3:::b/*"), false, true, false, true],
    [["arn:aws:s3:::b/k"], pattern("arn:aws:s3:::b/*"), false, true, false, true],
    [["arn:aws:s3:::c/k", "arn:aws:s3:::d/*"], pattern("arn:aws:s3:::b/*"), false, false, true, true],
    [["arn:aws:s3:::c/k", "*"], pattern("arn:aws:s3:::b/*"), true, true, false, false],
    [["*"], pattern("*"), true, true, false, false],
    [["arn:aws:s3:::*"], pattern("*"), false, true, false, true],
    [["arn:aws:s3:::*"], none, false, false, false, true],
    [["*"], none, true, true, false, false],
    // In a policy an escaped star is an asterisk; in a declared pattern the same characters are text around a wildcard.
    [[`arn:aws:s3:::b/\${*}`], pattern(`arn:aws:s3:::b/\${*}`), false, false, true, true],
    [[`arn:aws:s3:::b/\${*}*`], pattern(`arn:aws:s3:::b/\${*}*`), false, false, true, true],
  ])("%j and %j", (patterns, requested, all, some, notAll, notSome) => {
    const [resource, notResource] = [listed(patterns, false), listed(patterns, true)];
    expect(isAboutAll(resource, requested)).toBe(all);
    expect(isAboutSome(resource, requested)).toBe(some);
    expect(isAboutAll(notResource, requested)).toBe(notAll);
    expect(isAboutSome(notResource, requested)).toBe(notSome);
  });
});

test("among thousands of patterns one finds itself without comparing the others", () => {
  const patterns = Array.from({ length: 20_000 }, (_, i) => `arn:aws:x:r:1:secret:${"s".repeat(60)}${i}-??????`);
  const resource = listed(patterns, false);
  for (const text of patterns) expect(isAboutAll(resource, pattern(text))).toBe(true);
}, 30_000);
