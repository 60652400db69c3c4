import { expect, test } from "vitest";
import { accessLevelOf } from "../src/access-level.ts";

test.each([
  ["s3:ListBucket", "List"],
  ["s3:GetObject", "Read"],
  ["s3:PutObject", "Write"],
  ["s3:PutBucketPolicy", "Permissions"],
  ["s3:PutObjectTagging", "Tagging"],
  ["ec2:DescribeInstances", "List"],
  ["ec2:CreateTags", "Tagging"],
  ["iam:PassRole", "Write"],
  ["iam:AttachRolePolicy", "Permissions"],
  ["lambda:AddPermission", "Permissions"],
  ["lambda:TagResource", "Tagging"],
  ["kms:Decrypt", "Write"],
  // Not in the table: its name tells.
  ["s3:GetSomethingNew", "Read"],
  ["newservice:CreateThing", "Write"],
  ["toString:constructor", "Write"],
])("%s is of level %s", (action, level) => {
  expect(accessLevelOf(action)).toBe(level);
});
