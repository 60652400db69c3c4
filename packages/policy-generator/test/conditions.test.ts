import { describe, expect, test } from "vitest";
import { conditionElement, isLearnedKey, isNoNarrower, learnConditions } from "../src/conditions.ts";

test.each([
  ["aws:RequestedRegion", true],
  ["AWS:requestedregion", true],
  ["s3:prefix", true],
  ["kms:ViaService", true],
  ["iam:PassedToService", true],
  ["aws:RequestTag/team", true],
  ["iam:PolicyARN", true],
  ["ec2:CreateAction", true],
  ["elasticloadbalancing:CreateAction", true],
  ["kms:RequestAlias", true],
  ["aws:TagKeys", false],
  ["aws:SourceIp", false],
  ["aws:UserAgent", false],
  ["s3:max-keys", false],
])("%s: %s", (key, learned) => {
  expect(isLearnedKey(key)).toBe(learned);
});

describe("a condition is learned", () => {
  const learn = (...contexts: Parameters<typeof learnConditions>[2]) =>
    learnConditions("s3:ListBucket", "arn:aws:s3:::b", contexts);

  test("from what all observations have in common", () => {
    expect(learn({ "s3:prefix": "a/" }, { "s3:prefix": "a/", "s3:max-keys": "9" })).toEqual({ "s3:prefix": "a/" });
  });

  test.each([
    ["differs", [{ "s3:prefix": "a/" }, { "s3:prefix": "b/" }]],
    ["is missing once", [{ "s3:prefix": "a/" }, {}]],
    ["is empty", [{ "s3:prefix": "" }]],
    ["is no text", [{ "s3:prefix": ["a/"] }]],
    ["has characters that no policy can hold", [{ "s3:prefix": "日/" }]],
    ["is not on the list", [{ "s3:delimiter": "/" }]],
  ])("not where it %s", (_why, contexts) => {
    expect(learn(...contexts)).toEqual({});
  });

  test("from each value of a key that names what the action is about, but not of very many", () => {
    const attach = (...arns: string[]) =>
      learnConditions(
        "iam:AttachRolePolicy",
        "*",
        arns.map((arn) => ({ "iam:PolicyARN": arn })),
      );
    expect(attach("b", "a", "b")).toEqual({ "iam:PolicyARN": ["a", "b"] });
    expect(attach(...Array.from({ length: 21 }, (_, i) => `policy-${i}`))).toEqual({});
    expect(learnConditions("iam:CreateUser", "*", [{ "iam:PermissionsBoundary": "b" }, {}])).toEqual({});
  });

  test("for the region only where nothing else says it", () => {
    const context = { "aws:RequestedRegion": "eu-west-1" };
    expect(learnConditions("ec2:DescribeVpcs", "*", [context])).toEqual(context);
    expect(learnConditions("ec2:RunInstances", "arn:aws:ec2:*:1:instance/*", [context])).toEqual(context);
    expect(learnConditions("ec2:RunInstances", "arn:aws:ec2:eu-west-1:1:instance/*", [context])).toEqual({});
    expect(learnConditions("iam:ListUsers", "*", [context])).toEqual({});
  });
});

test("a value is text: what would begin a variable is escaped", () => {
  expect(conditionElement({ "s3:prefix": `\${aws:username}/` })).toEqual({
    StringEquals: { "s3:prefix": `\${$}{aws:username}/` },
  });
  expect(conditionElement({ "kms:RequestAlias": [`alias/\${x}`, "alias/*"] })).toEqual({
    StringEquals: { "kms:RequestAlias": [`alias/\${$}{x}`, "alias/*"] },
  });
  expect(conditionElement({})).toBeUndefined();
});

test("conditions are no narrower than others whose every value they take", () => {
  const ab = { "iam:PolicyARN": ["a", "b"] };
  expect(isNoNarrower(ab, { "iam:PolicyARN": "a" })).toBe(true);
  expect(isNoNarrower(ab, { ...ab, "s3:prefix": "x" })).toBe(true);
  expect(isNoNarrower({}, ab)).toBe(true);
  expect(isNoNarrower(ab, { "iam:PolicyARN": ["a", "c"] })).toBe(false);
  expect(isNoNarrower(ab, {})).toBe(false);
});
