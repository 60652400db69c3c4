import type { ActivityRecord } from "@iap/aws-core";
import { compilePolicySet, type PolicyStatement, policyCharacters } from "@iap/iam-evaluator";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PolicyTooLargeError } from "../src/fit.ts";
import { type GenerateOptions, generatePolicy } from "../src/generate-policy.ts";
import { charactersFor, type PolicyTarget, ROOM } from "../src/policy-target.ts";
import { answered, check } from "./support/recording.ts";

const objects = (count: number, bucket = "some-bucket"): ActivityRecord[] =>
  answered(
    ...Array.from({ length: count }, (_, i) => [
      check("s3:GetObject", { arn: `arn:aws:s3:::${bucket}/some/longer/key/${i}` }),
    ]),
  );
const targets = Object.keys(ROOM) as PolicyTarget[];

describe("a policy for a target", () => {
  test.each(targets)("has the size AWS counts: %s", (target) => {
    const { policies, report } = generatePolicy(objects(5), { target });
    expect(policies).toHaveLength(1);
    const [policy] = policies;
    expect(policy?.characters).toBe(charactersFor(policy?.text ?? "", target));
    expect(report.characters).toBe(policy?.characters);
    expect(report.fitting).toEqual([]);
  });

  test("that counts blanks has none", () => {
    const { text } = generatePolicy(objects(5), { target: "scp" });
    expect(text).not.toMatch(/\s/);
    expect(charactersFor(text, "scp")).toBe(text.length);
    expect(policyCharacters(`${text} \n`)).toBe(text.length);
  });

  test.each([
    ["managed", 10],
    ["scp", 10],
  ] as const)("that may be several is split: %s", (target, most) => {
    const records = objects(400);
    const { policies, report } = generatePolicy(records, { target });
    expect(policies.length).toBeGreaterThan(1);
    expect(policies.length).toBeLessThanOrEqual(most);
    for (const { text, characters } of policies) {
      expect(characters).toBe(charactersFor(text, target));
      expect(characters).toBeLessThanOrEqual(ROOM[target].characters);
    }
    expect(report.fitting.at(-1)).toBe(`it was split into ${policies.length} policies`);
    const evaluator = compilePolicySet({ identity: policies.map(({ text }, i) => ({ name: `${i}`, document: text })) });
    for (const record of records) {
      if (record.type === "decided") expect(evaluator.evaluateAll(record.checks).outcome).toBe("allowed");
    }
  });

  test.each(["role", "user", "group", "session"] as const)(
    "that may be one only is an error when too large: %s",
    (target) => {
      expect(() => generatePolicy(objects(400), { target })).toThrow(PolicyTooLargeError);
      expect(() => generatePolicy(objects(400), { target })).toThrow(/does not fit: AWS gives .* Generalise resources/);
      expect(generatePolicy(objects(400), { target, generalise: ["siblings"] }).report.characters).toBeLessThan(300);
    },
  );

  test("that no number of policies holds is an error", () => {
    expect(() => generatePolicy(objects(3000), { target: "managed" })).toThrow(/10 policies of 6144 characters/);
  });

  test("is merged before it is split", () => {
    const actions = ["Get", "Put", "List", "Delete", "Tag"].flatMap((verb) =>
      ["A", "B", "C", "D"].map((noun) => `x:${verb}Thing${noun}`),
    );
    const arns = Array.from({ length: 40 }, (_, i) => `arn:aws:x:us-east-1:123456789012:thing/some-longer-name-${i}`);
    const records = answered(...arns.map((arn) => actions.map((action) => check(action, { arn }))));
    const { policies, report } = generatePolicy(records, { target: "managed" });
    expect(policies).toHaveLength(1);
    expect(report.fitting).toEqual(["statements with the same resources were merged"]);
    expect(report.overGrant).toBe(1);
  });

  test("at level actions is split too", () => {
    const actions = Array.from({ length: 500 }, (_, i) => [check(`service:DescribeThingNumber${i}`, { none: true })]);
    const { policies } = generatePolicy(answered(...actions), { target: "managed", level: "actions" });
    expect(policies.length).toBeGreaterThan(1);
    for (const { characters } of policies) expect(characters).toBeLessThanOrEqual(6144);
    expect(() => generatePolicy(answered(...actions), { target: "user", level: "actions" })).toThrow(
      PolicyTooLargeError,
    );
  });
});

test("splitting grants the same as not splitting, in any order of records, and what is added moves no other service", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom("s3", "sqs", "sns", "ec2"), fc.nat(200)), { minLength: 60, maxLength: 200 }),
      (uses) => {
        const checks = uses.map(([service, i]) => [
          check(`${service}:Get${i % 7}`, {
            arn: `arn:aws:${service}:us-east-1:123456789012:some-long-resource-name-that-takes-room/${i}`,
          }),
        ]);
        const texts = (list: typeof checks): string[] =>
          generatePolicy(answered(...list), { target: "managed" }).policies.map(({ text }) => text);
        expect(texts([...checks].reverse())).toEqual(texts(checks));
      },
    ),
    { numRuns: 20 },
  );
});

describe("wildcards in actions", () => {
  const none = { none: true } as const;
  const reading = ["ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeInstances", "ec2:DescribeImages"];
  const actionsOf = (names: readonly string[], options: GenerateOptions): unknown => {
    const { policy } = generatePolicy(answered(...names.map((name) => [check(name, none)])), options);
    return [policy.Statement].flat().flatMap((statement) => (statement as PolicyStatement).Action);
  };

  test("are never there unless asked for", () => {
    expect(actionsOf(reading, {})).toEqual([...reading].sort());
    expect(actionsOf(reading, { target: "managed", actionWildcards: true })).toEqual([...reading].sort());
  });

  test("take the place of three and more that begin alike, and are told", () => {
    const names = ["logs:FilterLogEvents", "sqs:ListQueues", "x:ListA", "x:ListB", "x:ListC", "x:GetA", "x:GetB"];
    expect(actionsOf(names, { actionWildcards: true })).toEqual([
      "logs:FilterLogEvents",
      "sqs:ListQueues",
      "x:List*",
      "x:GetA",
      "x:GetB",
    ]);
    const { report } = generatePolicy(answered(...names.map((name) => [check(name, none)])), { actionWildcards: true });
    expect(report.actionWildcards).toEqual([{ wildcard: "x:List*", actions: ["x:ListA", "x:ListB", "x:ListC"] }]);
  });

  test("make a policy fit that does not without, if nothing else does", () => {
    const many = (count: number): string[] =>
      Array.from({ length: count }, (_, i) => `service:ListSomeOfTheThings${i}`);
    const fitting = (names: readonly string[], actionWildcards: boolean) =>
      generatePolicy(answered(...names.map((name) => [check(name, none)])), { target: "user", actionWildcards });
    expect(() => fitting(many(80), false)).toThrow("allow wildcards in actions (--action-wildcards)");
    const { policies, report } = fitting(many(80), true);
    expect(policies).toHaveLength(1);
    expect(report.fitting.at(-1)).toBe("wildcards took the place of actions");
    expect(report.actionWildcards).toMatchObject([{ wildcard: "service:List*" }]);
    const unlike = Array.from({ length: 80 }, (_, i) => `service:${"abcdefghij"[i % 10]}${i}OfTheSeveralThings`);
    expect(() => fitting(unlike, true)).toThrow(
      /^The policy has \d+ characters .*\(--generalize all\), grant actions only/,
    );
  });

  test("never make an access level wider", () => {
    // Among ec2:Describe* are actions of level Read and wider; among s3:Put* those that hand out permissions.
    expect(actionsOf(reading, { actionWildcards: true })).toEqual([...reading].sort());
    const writing = ["s3:PutObject", "s3:PutBucketLogging", "s3:PutBucketWebsite"];
    expect(actionsOf(writing, { actionWildcards: true })).toEqual([...writing].sort());
    // Its action GET hands out permissions, and case does not matter.
    const chain = ["managedblockchain:GetAccessor", "managedblockchain:GetMember", "managedblockchain:GetNode"];
    expect(actionsOf(chain, { actionWildcards: true })).toEqual(chain);
  });
});
