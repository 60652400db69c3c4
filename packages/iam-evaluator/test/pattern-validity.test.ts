import { expect, test } from "vitest";
import { isValidAction, isValidResource } from "../src/pattern-validity.ts";

test.each([
  ["*", true],
  ["s3:*", true],
  ["s3:GetObject", true],
  ["s3", false],
  ["*:*", false],
  ["s3:GetObject ", false],
  ["s3:Get\u00d6bject", false],
  ["", false],
])("the action %j: %s", (action, valid) => {
  expect(isValidAction(action)).toBe(valid);
});

test.each([
  ["*", true],
  ["arn:aws:s3:::b/*", true],
  ["arn:aws:ec2:*:*:*/*", true],
  ["b", false],
  ["arn:aws:s3", false],
  ["arn:aws:s3:::", false],
  ["", false],
])("the resource %j: %s", (resource, valid) => {
  expect(isValidResource(resource)).toBe(valid);
});
