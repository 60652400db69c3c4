import type { Context } from "@iap/aws-core";
import { describe, expect, test } from "vitest";
import { RequestContext } from "../src/request-context.ts";
import { compileResources, isAboutAll, isAboutSome, type RequestedResource } from "../src/resource-matcher.ts";
import { NO, type Truth, UNDETERMINED, YES } from "../src/truth.ts";
import { compileWildcard } from "../src/wildcard.ts";

const exact = (text: string): RequestedResource => ({ kind: "exact", text });
const pattern = (text: string): RequestedResource => ({ kind: "pattern", wildcard: compileWildcard(text, "resource") });
const none: RequestedResource = { kind: "none" };

const listed = (patterns: readonly string[], inverted: boolean) =>
  compileResources(patterns, { inverted, variables: true });

const nothing = new RequestContext({}, undefined);

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
    expect(isAboutAll(resource, requested, nothing)).toBe(Number(all));
    expect(isAboutSome(resource, requested, nothing)).toBe(Number(some));
    expect(isAboutAll(notResource, requested, nothing)).toBe(Number(notAll));
    expect(isAboutSome(notResource, requested, nothing)).toBe(Number(notSome));
  });
});

test("among thousands of patterns one finds itself without comparing the others", () => {
  const patterns = Array.from({ length: 20_000 }, (_, i) => `arn:aws:x:r:1:secret:${"s".repeat(60)}${i}-??????`);
  const resource = listed(patterns, false);
  for (const text of patterns) expect(isAboutAll(resource, pattern(text), nothing)).toBe(YES);
}, 30_000);

describe("a resource with a variable", () => {
  const home = `arn:aws:s3:::b/\${aws:username}/*`;
  const inHome = exact("arn:aws:s3:::b/bob/k");
  test.each<[string, string, RequestedResource, Context, Truth]>([
    ["is the value's", home, inHome, { "aws:username": "bob" }, YES],
    ["is not another's", home, inHome, { "aws:username": "eve" }, NO],
    ["is nobody's when the request has no such key, for the key is absent then", home, inHome, {}, NO],
    [
      "may be anybody's when the key has several values",
      home,
      inHome,
      { "aws:username": ["bob", "eve"] },
      UNDETERMINED,
    ],
    ["may be anything when the value is empty", home, inHome, { "aws:username": "" }, UNDETERMINED],
    ["takes the value's asterisk for an asterisk", home, inHome, { "aws:username": "*" }, NO],
    ["covers a pattern within it", home, pattern("arn:aws:s3:::b/bob/x*"), { "aws:username": "bob" }, YES],
    ["does not cover a wider one", home, pattern("arn:aws:s3:::b/b*"), { "aws:username": "bob" }, NO],
    ["is doubtful before the fifth colon", `arn:aws:s3:\${aws:username}::b`, exact("arn:aws:s3:::b"), {}, UNDETERMINED],
    ["but not of what begins otherwise", `arn:aws:s3:\${aws:username}::b`, exact("arn:aws:sqs:us-east-1:1:q"), {}, NO],
    [
      "is doubtful with a special character before the fifth colon",
      `arn:\${*}:s3:::b/\${aws:username}`,
      exact("arn:aws:s3:::b/k"),
      { "aws:username": "k" },
      UNDETERMINED,
    ],
    ["but not of what begins otherwise either", `arn:aws:\${?}3:::b`, exact("arn:aws-cn:s3:::b"), {}, NO],
    ["nor is an open variable", `arn:aws:s3:::b/\${`, exact("arn:aws:s3:::c/k"), {}, NO],
    ["what is no ARN may be anything", "b/*", exact("arn:aws:s3:::c/k"), {}, UNDETERMINED],
    ["and so is a short ARN, of what it may stand for", "arn:aws:s3", exact("arn:aws:s3:::b"), {}, UNDETERMINED],
    ["of nothing else", "arn:aws:s3", exact("arn:aws:sqs:::b"), {}, NO],
  ])("%s", (_name, text, requested, context, expected) => {
    expect(isAboutAll(listed([text], false), requested, new RequestContext(context, undefined))).toBe(expected);
  });

  test("is undetermined when the value is unknown, but only for what it could be", () => {
    const unknown = new RequestContext({}, []);
    expect(isAboutSome(listed([home], false), inHome, unknown)).toBe(UNDETERMINED);
    expect(isAboutSome(listed([home], false), exact("arn:aws:s3:::c/bob/k"), unknown)).toBe(NO);
    expect(isAboutSome(listed([home], true), inHome, unknown)).toBe(UNDETERMINED);
    expect(isAboutSome(listed([home], true), exact("arn:aws:s3:::c/bob/k"), unknown)).toBe(YES);
  });
});
