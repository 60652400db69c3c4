import { describe, expect, test } from "vitest";
import { generaliseSiblings } from "../src/generalise-siblings.ts";

const keys = (...names: string[]): string[] => names.map((name) => `arn:aws:s3:::b/${name}`);
const patterns = (resources: readonly string[], least = 3): string[] => [
  ...new Set(generaliseSiblings(resources, least).values()),
];
const tables = (...names: string[]): string[] => names.map((name) => `arn:aws:dynamodb:us-east-1:1:table/${name}`);

describe("many names beside each other", () => {
  test.each([
    ["below a path", keys("in/a", "in/b", "in/c"), ["arn:aws:s3:::b/in/*"]],
    [
      "with a beginning and an end in common",
      keys("in/part-1.csv", "in/part-2.csv", "in/part-10.csv"),
      ["arn:aws:s3:::b/in/part-*.csv"],
    ],
    ["in a bucket", keys("a", "b", "c"), ["arn:aws:s3:::b/*"]],
    ["that are folders themselves", keys("a/1/x", "a/2/x", "a/3/y"), ["arn:aws:s3:::b/a/*"]],
    ["in two places", keys("a/1", "a/2", "a/3", "b/1", "b/2", "b/3"), ["arn:aws:s3:::b/a/*", "arn:aws:s3:::b/b/*"]],
    ["of a type, that begin alike", tables("app-a", "app-b", "app-c"), ["arn:aws:dynamodb:us-east-1:1:table/app-*"]],
  ])("%s become one", (_where, resources, expected) => {
    expect(patterns(resources).sort()).toEqual(expected);
  });
});

describe("names stay", () => {
  test.each([
    ["that are few", keys("in/a", "in/b")],
    ["that are all there is of a type, and begin differently", tables("orders", "users", "carts")],
    ["of buckets", ["arn:aws:s3:::a", "arn:aws:s3:::b", "arn:aws:s3:::c"]],
    ["of roles", ["arn:aws:iam::1:role/app-a", "arn:aws:iam::1:role/app-b", "arn:aws:iam::1:role/app-c"]],
    [
      "in different regions",
      ["us-east-1", "us-east-2", "eu-west-1"].map((region) => `arn:aws:sqs:${region}:1:app-jobs`),
    ],
  ])("%s", (_what, resources) => {
    expect(patterns(resources)).toEqual([]);
  });
});

test("an escaped wildcard is a name like others, and is never cut", () => {
  const resources = keys(`in/\${*}a`, `in/\${*}b`, `in/\${?}`);
  expect(patterns(resources)).toEqual(["arn:aws:s3:::b/in/*"]);
});
