import { expect, test } from "vitest";
import { compileActions } from "../src/action-matcher.ts";
import { indexByAction } from "../src/candidate-index.ts";
import type { CompiledStatement, PolicyGroup } from "../src/compiled-statement.ts";

const statement = (index: number, effect: "Allow" | "Deny", ...actions: string[]): CompiledStatement => ({
  ref: { policyType: "identity", policy: "test.json", index, effect },
  label: `statement ${index} in test.json`,
  actions: compileActions(actions, false),
  principal: undefined,
  resources: undefined,
  conditions: [],
});

const group = (...statements: CompiledStatement[]): PolicyGroup => ({ type: "identity", statements });

test("an action has the statements about it, by effect and group, in order", () => {
  const candidatesFor = indexByAction([
    group(
      statement(0, "Allow", "s3:Get*"),
      statement(1, "Deny", "s3:*"),
      statement(2, "Allow", "ec2:*"),
      statement(3, "Allow", "*"),
    ),
    group(statement(4, "Allow", "s3:*"), statement(5, "Deny", "ec2:*")),
  ]);
  const indexes = (action: string) => {
    const { denies, allows } = candidatesFor(action) ?? { denies: [], allows: [] };
    return [denies, ...allows].map((list) => list.map(({ ref }) => ref.index));
  };
  expect(indexes("s3:GetObject")).toEqual([[1], [0, 3], [4]]);
  expect(indexes("S3:getobject")).toEqual([[1], [0, 3], [4]]);
  expect(indexes("ec2:RunInstances")).toEqual([[5], [2, 3], []]);
  expect(indexes("sqs:SendMessage")).toEqual([[], [3], []]);
});

test("what was found is found again, up to a bound", () => {
  const candidatesFor = indexByAction([group(statement(0, "Allow", "*"))]);
  expect(candidatesFor("s3:A")).toBe(candidatesFor("s3:A"));
  for (let i = 0; i < 5000; i++) candidatesFor(`s3:B${i}`);
  expect(candidatesFor("s3:A")).toBe(candidatesFor("s3:A"));
  expect(candidatesFor("s3:Late")).toEqual(candidatesFor("s3:Late"));
  expect(candidatesFor("s3:Late")).not.toBe(candidatesFor("s3:Late"));
});

test.each([["s3:*"], ["s3:Get?bject"], ["s3"], [":x"], ["s3:"], ["s3:a b"], ["s3:a:b"], ["s3:\u212aey"], ["s 3:a"]])(
  "%j is not the name of one action",
  (action) => {
    expect(indexByAction([group(statement(0, "Allow", "*"))])(action)).toBeUndefined();
  },
);
