import { expect, test } from "vitest";
import type { ReferenceAction } from "../src/authorization-reference.ts";
import { taggingChecks } from "../src/tagging-checks.ts";

const action = (name: string): [string, ReferenceAction] => [
  name.toLowerCase(),
  { name, hasResource: true, permissionOnly: false, level: "T", resourceTypes: [], tags: true, dependents: [] },
];
const reference = new Map(
  ["ec2:CreateTags", "ec2:DeleteTags", "kinesis:TagResource", "kinesis:AddTagsToStream", "tag:TagResources"].map(
    action,
  ),
);

test("each service's tag actions are checked on its own ARNs, all of them where there are two", () => {
  const checks = taggingChecks({ tagging: "set", forEach: "Arns[]" }, reference);
  expect(checks.slice(0, 3).map(({ when, action }) => [when, action])).toEqual([
    [[".*=:ec2:"], "ec2:CreateTags"],
    [[".*=:kinesis:"], "kinesis:TagResource"],
    [[".*=:kinesis:"], "kinesis:AddTagsToStream"],
  ]);
  expect(checks.every(({ forEach, tagging }) => forEach === "Arns[]" && tagging === undefined)).toBe(true);
  expect(checks.map((check) => check.action)).toContain("iam:TagRole");
});

test("they are removed by the contrary, and another check is left as it is", () => {
  const removed = taggingChecks({ tagging: "remove", forEach: "Arns[]" }, reference);
  expect(removed[0]?.action).toBe("ec2:DeleteTags");
  expect(taggingChecks({ action: "tag:TagResources" }, reference)).toEqual([{ action: "tag:TagResources" }]);
});
