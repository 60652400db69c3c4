import type { Check, CheckResource } from "@iap/aws-core";
import type { PolicyStatement } from "@iap/iam-evaluator";
import { describe, expect, test } from "vitest";
import { type GenerateOptions, generatePolicy } from "../src/generate-policy.ts";
import { answered, check, decided, finished } from "./support/recording.ts";

const key = (name: string): CheckResource => ({ arn: `arn:aws:s3:::b/${name}` });
const pattern = (text: string): CheckResource => ({ pattern: text, why: "for a test" });
const made = (checks: readonly Check[], options: GenerateOptions = {}) => {
  const { policy, report } = generatePolicy(answered(...checks.map((one) => [one])), options);
  return { report, statements: policy.Statement as readonly PolicyStatement[] };
};
const resourcesOf = (checks: readonly Check[], options: GenerateOptions = {}): unknown =>
  made(checks, options).statements.flatMap(({ Resource }) => Resource);

describe("resources that another covers are left out", () => {
  test.each<[string, CheckResource[], string[]]>([
    ["names below a pattern", [pattern("arn:aws:s3:::b/*"), key("k"), key("a/b")], ["arn:aws:s3:::b/*"]],
    [
      "patterns below a pattern",
      [pattern("arn:aws:s3:::b/*"), pattern("arn:aws:s3:::b/known/*")],
      ["arn:aws:s3:::b/*"],
    ],
    ["everything below *", [pattern("*"), key("k"), pattern("arn:aws:s3:::b/*")], ["*"]],
    [
      "a chain",
      [pattern("arn:aws:s3:::b/a/*"), pattern("arn:aws:s3:::b/*"), pattern("arn:aws:s3:::*")],
      ["arn:aws:s3:::*"],
    ],
    ["but not what is only alike", [pattern("arn:aws:s3:::b/?"), key("ab")], ["arn:aws:s3:::b/?", "arn:aws:s3:::b/ab"]],
    ["nor a name with an escape, which is a name", [key("*"), key("k")], [`arn:aws:s3:::b/\${*}`, "arn:aws:s3:::b/k"]],
  ])("%s", (_what, resources, left) => {
    const checks = resources.map((resource) => check("s3:GetObject", resource));
    expect(resourcesOf(checks)).toEqual(left);
    expect(made(checks).report.collapsed).toBe(resources.length - left.length);
  });

  test("of the same action only", () => {
    const checks = [check("s3:GetObject", pattern("arn:aws:s3:::b/*")), check("s3:PutObject", key("k"))];
    expect(resourcesOf(checks)).toEqual(["arn:aws:s3:::b/*", "arn:aws:s3:::b/k"]);
  });

  test("by one that has no condition it lacks", () => {
    const wide = check("s3:ListBucket", pattern("arn:aws:s3:::*"), { "s3:prefix": "a/" });
    const narrow = (prefix: string) => check("s3:ListBucket", { arn: "arn:aws:s3:::b" }, { "s3:prefix": prefix });
    expect(resourcesOf([wide, narrow("b/")])).toHaveLength(2);
    expect(resourcesOf([wide, narrow("a/")])).toEqual(["arn:aws:s3:::*"]);
  });
});

describe("resources become wider only by the rules asked for", () => {
  const dated = ["2026-11-22", "2026-11-23"].map((day) => check("s3:GetObject", key(`r/${day}/x`)));
  const many = ["a", "b", "c", "d", "e"].map((name) => check("s3:PutObject", key(`in/${name}`)));

  test("not by default", () => {
    const { report } = made([...dated, ...many]);
    expect(report.widenings).toEqual([]);
    expect(report.overGrant).toBe(1);
  });

  test("and each is told", () => {
    const { report } = made([...dated, ...many], { generalise: ["date", "siblings"] });
    expect(resourcesOf([...dated, ...many], { generalise: ["date", "siblings"] })).toEqual([
      "arn:aws:s3:::b/r/*/x",
      "arn:aws:s3:::b/in/*",
    ]);
    expect(report.widenings).toEqual([
      {
        seen: "arn:aws:s3:::b/in/a",
        count: 5,
        resource: "arn:aws:s3:::b/in/*",
        actions: ["s3:PutObject"],
        why: "at least 5 names stand beside each other here",
      },
      {
        seen: "arn:aws:s3:::b/r/2026-11-22/x",
        count: 2,
        resource: "arn:aws:s3:::b/r/*/x",
        actions: ["s3:GetObject"],
        why: "a date became *",
      },
    ]);
  });

  test("by as many siblings as asked for", () => {
    expect(resourcesOf(many.slice(0, 3), { generalise: ["siblings"], siblings: 3 })).toEqual(["arn:aws:s3:::b/in/*"]);
    expect(resourcesOf(many.slice(0, 4), { generalise: ["siblings"] })).toHaveLength(4);
  });

  test("of an action: the siblings of another do not count", () => {
    const mixed = ["a", "b", "c", "d", "e", "f"].map((name, i) =>
      check(i % 2 === 0 ? "s3:PutObject" : "s3:GetObject", key(name)),
    );
    expect(resourcesOf(mixed, { generalise: ["siblings"] })).toHaveLength(6);
  });
});

describe("conditions", () => {
  const pass = (service: string, role = "r") =>
    check("iam:PassRole", { arn: `arn:aws:iam::1:role/${role}` }, { "iam:PassedToService": service });

  test("that held in all requests are written and told", () => {
    const { statements, report } = made([pass("ecs-tasks.amazonaws.com"), pass("ecs-tasks.amazonaws.com")]);
    expect(statements[0]?.Condition).toEqual({ StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } });
    expect(report.conditions).toEqual([
      {
        actions: ["iam:PassRole"],
        resource: "arn:aws:iam::1:role/r",
        conditions: { "iam:PassedToService": "ecs-tasks.amazonaws.com" },
      },
    ]);
  });

  test("that did not are not", () => {
    const list = (prefix: string) => check("s3:ListBucket", { arn: "arn:aws:s3:::b" }, { "s3:prefix": prefix });
    expect(made([list("a/"), list("b/")]).statements[0]).not.toHaveProperty("Condition");
  });

  test("of a key that names what the action is about have all the values that were seen", () => {
    const { statements } = made([pass("lambda.amazonaws.com"), pass("ecs-tasks.amazonaws.com")]);
    expect(statements[0]?.Condition).toEqual({
      StringEquals: { "iam:PassedToService": ["ecs-tasks.amazonaws.com", "lambda.amazonaws.com"] },
    });
  });

  test("keep resources apart that have others", () => {
    const { statements } = made([pass("ecs-tasks.amazonaws.com", "a"), pass("lambda.amazonaws.com", "b")]);
    expect(statements.map(({ Resource }) => Resource)).toEqual([["arn:aws:iam::1:role/a"], ["arn:aws:iam::1:role/b"]]);
  });

  test("are not written when not wanted", () => {
    expect(made([pass("lambda.amazonaws.com")], { conditions: false }).statements[0]).not.toHaveProperty("Condition");
  });
});

test("the provenance of a statement: how many checks, first and last seen", () => {
  const get = [check("s3:GetObject", key("k"))];
  const records = ["03", "01", "02"].flatMap((second) => [
    decided(second, get, { time: `2026-11-24T09:00:${second}.000Z` }),
    finished(second),
  ]);
  expect(generatePolicy(records).report.provenance).toEqual([
    {
      policy: 0,
      sid: "ProxyRecordedActions",
      count: 3,
      first: "2026-11-24T09:00:01.000Z",
      last: "2026-11-24T09:00:03.000Z",
    },
  ]);
});

test("a call that was tried again counts once", () => {
  const get = [check("s3:GetObject", key("k"))];
  const records = [
    decided("1", get, { retry: "sdk-1", time: "2026-11-24T09:00:01.000Z" }),
    finished("1", { outcome: "failed", status: undefined }),
    decided("2", get, { retry: "sdk-1", time: "2026-11-24T09:00:02.000Z" }),
    finished("2"),
  ];
  expect(generatePolicy(records).report).toMatchObject({ requests: 1, granted: 1, retries: 1, leftOut: [] });
});
