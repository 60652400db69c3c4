// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the templates of the tables are written so
import { describe, expect, test } from "vitest";
import { TwoReadings } from "../src/member-value.ts";
import { actionFacts, readOperation } from "../src/operation.ts";
import { type OperationCheck, operationChecks } from "../src/operation-checks.ts";
import type { CallFacts } from "../src/scope.ts";
import type { ContextSpec, OperationEntry, OwnResource, ResourceSpec } from "../src/shard.ts";
import { members } from "./members.ts";

const call: CallFacts = {
  partition: "aws",
  region: "eu-west-1",
  account: "123456789012",
  prefix: "ex",
  signingName: "ex",
  method: "POST",
  path: "/",
  header: () => undefined,
  query: () => undefined,
};
const stem = "arn:aws:ex:eu-west-1:123456789012:";

function checksOf(
  entry: OperationEntry,
  input: object = {},
  resources: readonly OwnResource[] = [],
): readonly OperationCheck[] {
  const shard = {
    ...{ service: "ex", id: "Ex", prefix: "ex", endpointPrefix: "ex", protocols: ["awsJson1_0"] as const },
    ...{ resources, operations: { DoIt: entry } },
  };
  const operation = readOperation(shard, "DoIt");
  if (operation === undefined) throw new Error("no operation");
  return operationChecks(operation, { call, input: members(input), resources });
}

const short = (checks: readonly OperationCheck[]): readonly (readonly [string, string])[] =>
  checks.map(({ action, resource }) => [
    action,
    "arn" in resource ? resource.arn : "pattern" in resource ? `~${resource.pattern}` : "none",
  ]);
const resource = (spec: ResourceSpec, input: object, more = {}) => short(checksOf({ c: [[".|W", spec, more]] }, input));

describe("resources", () => {
  test("a request that asks for nothing of what its operation can do needs all of its own actions", () => {
    const each = { forEach: "L[]" };
    const c = [
      [".|W", "~t/${.}", each],
      ["List!|L", "none", each],
      ["s3:GetObject|R", "*", each],
    ] as const;
    expect(short(checksOf({ c }, { L: [] }))).toEqual([
      ["ex:DoIt", "~*"],
      ["ex:List", "none"],
    ]);
  });

  test.each<[string, ResourceSpec, object, string]>([
    ["a shared one that is not there", 7, {}, "~*"],
    ["one that says nothing", {}, {}, "~*"],
    ["no ARN", { arn: "A" }, { A: "x" }, "~*"],
    ["half an ARN", { arn: "A" }, { A: "arn:x" }, "~*"],
    ["an empty list of ARNs", { arn: "L[]" }, { L: [] }, "~*"],
    ["an ARN", { arn: "A", else: "~t/${N}" }, { A: `${stem}t/a` }, `${stem}t/a`],
    ["a name", { arn: "A", else: "~t/${N}" }, { N: "n" }, `${stem}t/n`],
    ["a name in the ARN's place", { arn: "A", else: "~t/${A}" }, { A: "n" }, `${stem}t/n`],
    [
      "an ARN, the alternative of which is a hook",
      { arn: "A", else: { hook: "iam-path", members: { name: "A" } } },
      { A: `${stem}t/a` },
      `${stem}t/a`,
    ],
  ])("%s", (_, spec, input, wanted) => {
    expect(resource(spec, input)).toEqual([["ex:DoIt", wanted]]);
  });

  test("each value of a map, with its key", () => {
    const c = [[".|W", "~t/${@key}/${.T}", { forEach: "M{}" }]] as const;
    expect(short(checksOf({ c }, { M: { a: { T: "x" }, b: { T: "y" } } }))).toEqual([
      ["ex:DoIt", `${stem}t/a/x`],
      ["ex:DoIt", `${stem}t/b/y`],
    ]);
    expect(() => checksOf({ c }, { M: "a" })).toThrow(TwoReadings);
  });

  test("why an ARN is missing is what the table says", () => {
    const [check] = checksOf({ c: [[".|W", { arn: "A", why: "because" }]] }, { A: "x" });
    expect(check?.resource).toEqual({ pattern: "*", why: "because" });
  });

  test.each<[ResourceSpec, object]>([
    [
      { arn: "A", else: "~t/${N}" },
      { A: `${stem}t/a`, N: "n" },
    ],
    [
      { arn: "A", else: { text: "~t/${N}", when: "N" } },
      { A: `${stem}t/a`, N: "n" },
    ],
    [
      { arn: "A", else: { arn: "B", else: "~t/${N}" } },
      { A: `${stem}t/a`, N: "n" },
    ],
  ])("%j: an ARN and a name beside it are two", (spec, input) => {
    expect(resource(spec, input)).toEqual([
      ["ex:DoIt", `${stem}t/a`],
      ["ex:DoIt", `${stem}t/n`],
    ]);
  });

  test("hooks that are not there, or give what their table does not list, are mistakes of the tables", () => {
    const hook = { hook: "nope", members: {} };
    expect(() => checksOf({ c: [{ ...hook, actions: [] }] })).toThrow("no hook nope");
    expect(() => resource(hook, {})).toThrow("no hook nope");
    expect(() => resource({ hook: "nope" }, {})).toThrow("no hook nope");
    expect(() => checksOf({ c: ".", x: { "ex:K": hook } })).toThrow("no hook nope");
    const unlisted = { hook: "dynamodb-partiql", members: {}, actions: [] };
    expect(() => checksOf({ c: [unlisted] })).toThrow("which its table does not list");
  });
});

test("an action of which nothing is said has no access level, nor escape classes", () => {
  expect(actionFacts("")).toEqual({});
});

describe("condition keys", () => {
  const keyOf = (spec: ContextSpec, input: object): unknown => {
    const [check] = checksOf({ c: ".", x: { "ex:K": spec } }, input);
    return check?.authoritative.includes("ex:K") ? (check.context["ex:K"] ?? "absent") : "unknown";
  };
  const chosen: ContextSpec = { choose: [{ when: "A", value: "${A}" }] };
  test.each<[ContextSpec, object, unknown]>([
    [{ number: "N" }, { N: "12" }, 12],
    [{ number: "N" }, { N: "many" }, "many"],
    [{ arn: "A", else: "~t/${A}" }, { A: "n" }, `${stem}t/n`],
    [{ arn: "A", else: "~t/${A}" }, { A: `${stem}t/a` }, `${stem}t/a`],
    [{ arn: "A", else: "~t/${A}" }, {}, "absent"],
    [{ arn: "A" }, { A: "n" }, "n"],
    [chosen, { A: "a" }, "a"],
    [chosen, {}, "absent"],
    [{ hook: "dynamodb-attributes", members: { expression: "E" } }, { E: "a = :x" }, ["a"]],
    [{ hook: "dynamodb-attributes", members: { expression: "E" } }, {}, "absent"],
    [{ hook: "dynamodb-attributes", members: { expression: "E" } }, { E: "(((" + "?" }, "unknown"],
    ["${L[]}", { L: [] }, "absent"],
    ["${L[]}", { L: ["a"] }, "a"],
    ["${L[]}", { L: ["a", "b"] }, "unknown"],
    [{ absent: true }, {}, "absent"],
    [{ partial: true } as unknown as ContextSpec, {}, "absent"],
  ])("%j of %j is %j", (spec, input, value) => {
    expect(keyOf(spec, input)).toEqual(value);
  });
});

describe("tags", () => {
  const list = { list: "Tags", key: "Key", value: "Value" } as const;
  const tagged = (t: OperationEntry["t"], input: object) =>
    checksOf({ c: [[".|W", "*", { tags: 1 }]], ...(t === undefined ? {} : { t }) }, input)[0]?.context;

  test("one without a key is none, one without a value has an empty one", () => {
    expect(tagged(list, { Tags: [{ Value: "v" }, { Key: "k" }] })).toEqual({
      "aws:RequestTag/k": "",
      "aws:TagKeys": ["k"],
    });
  });

  test.each<[string, OperationEntry["t"], object]>([
    [
      "two values of one",
      list,
      {
        Tags: [
          { Key: "k", Value: "a" },
          { Key: "k", Value: "b" },
        ],
      },
    ],
    ["a text in the place of one", list, { Tags: ["k"] }],
    ["a text in the place of all", { map: "Tags" }, { Tags: "k" }],
  ])("%s has two readings", (_, t, input) => {
    expect(() => tagged(t, input)).toThrow(TwoReadings);
  });

  test("the same tag twice is one", () => {
    expect(
      tagged(list, {
        Tags: [
          { Key: "k", Value: "a" },
          { Key: "k", Value: "a" },
        ],
      }),
    ).toEqual({
      "aws:RequestTag/k": "a",
      "aws:TagKeys": ["k"],
    });
  });

  test("tags of a type are those of resources of the type: of none are none known", () => {
    const t = { list: "S[].Tags", key: "Key", value: "Value", type: "Type" } as const;
    const input = { S: [{ Type: "t", Tags: [{ Key: "k", Value: "v" }] }] };
    const [own, none] = checksOf({ c: [[".|W", ["~t/x", "none"], { tags: 1 }]], t }, input);
    expect(own?.context).toHaveProperty("aws:RequestTag/k", "v");
    expect(none?.context).toEqual({});
    expect(none?.authoritative).toEqual([]);
  });
});
