import { describe, expect, test } from "vitest";
import { identityMatcher, identityOf } from "../src/identity.ts";

test.each([
  [undefined, "base"],
  [["sts:GetSessionToken"], "base"],
  [["arn:one"], "arn:one"],
  [["arn:one", "arn:two"], "arn:two"],
  [["arn:one", "s3express:CreateSession"], "arn:one"],
  [["arn:one", "cognito-identity:GetCredentialsForIdentity"], "cognito-identity:GetCredentialsForIdentity"],
])("a lineage of %j is the identity %s", (lineage, identity) => {
  expect(identityOf({ lineage })).toBe(identity);
});

describe("a pattern", () => {
  const arn = "arn:aws:iam::123456789012:role/ci/deploy";
  test.each([
    ["deploy", arn, true],
    ["Deploy", arn, true],
    ["d*", arn, true],
    ["d??loy", arn, true],
    ["d?loy", arn, false],
    ["ci", arn, false],
    ["*", arn, true],
    [arn, arn, true],
    ["arn:aws:iam::*:role/*", arn, true],
    ["arn:aws:iam::*:role/deploy", arn, false],
    ["base", "base", true],
    ["deploy", "base", false],
    ["sts:*", "sts:GetFederationToken", true],
    ["", arn, false],
  ])("%s on %s: %s", (pattern, identity, is) => {
    expect(identityMatcher(pattern)(identity)).toBe(is);
  });
});
