import { describe, expect, test } from "vitest";
import { compileActions, isAboutAction } from "../src/action-matcher.ts";
import { NO, truthOf, UNDETERMINED, YES } from "../src/truth.ts";

describe("which actions a statement is about", () => {
  test.each<[string[], string, boolean]>([
    [["s3:GetObject"], "s3:getobject", true],
    [["S3:GETOBJECT"], "s3:getobject", true],
    [["s3:Get*"], "s3:getobject", true],
    [["s3:*Object"], "s3:getobject", true],
    [["s3:GetObject?"], "s3:getobject", false],
    [["s3:Get?bject"], "s3:getobject", true],
    [["s3:Get.bject"], "s3:getobject", false],
    [["s3:Get(Object", "s3:[a-z]*"], "s3:getobject", false],
    [["*"], "anything:atall", true],
    [["s3:*"], "s3express:createsession", false],
    [["ec2:*", "iam:Get*"], "s3:getobject", false],
    [[], "s3:getobject", false],
  ])("%j against %s: %s", (patterns, action, expected) => {
    expect(isAboutAction(compileActions(patterns, false), action)).toBe(truthOf(expected));
    expect(isAboutAction(compileActions(patterns, true), action)).toBe(truthOf(!expected));
  });
});

describe("what is no pattern of actions may be meant, or not", () => {
  test.each<[string[], string, 0 | 1 | 2]>([
    [["GetObject"], "s3:getobject", UNDETERMINED],
    [["s3"], "ec2:runinstances", UNDETERMINED],
    [["s3:Get:Object"], "s3:getobject", UNDETERMINED],
    [["s3:"], "s3:getobject", UNDETERMINED],
    [[""], "s3:getobject", UNDETERMINED],
    [["s*:GetObject"], "s3:getobject", UNDETERMINED],
    [["s*:GetObject"], "s3:putobject", NO],
    [["s*:GetObject", "s3:*"], "s3:getobject", YES],
    [["*", "GetObject"], "s3:getobject", YES],
  ])("%j against %s: %s", (patterns, action, expected) => {
    expect(isAboutAction(compileActions(patterns, false), action)).toBe(expected);
    expect(isAboutAction(compileActions(patterns, true), action)).toBe([YES, NO, UNDETERMINED][expected]);
  });
});
