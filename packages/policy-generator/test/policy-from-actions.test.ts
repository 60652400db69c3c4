import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NothingToGrantError } from "../src/generated-policy.ts";
import { policyFromActions } from "../src/policy-from-actions.ts";

test("the actions of a log become one statement on every resource, sorted, each once", () => {
  const { policy, text, report } = policyFromActions([
    "sts:GetCallerIdentity",
    "s3:PutObject\r",
    "",
    " s3:GetObject ",
    "s3:PutObject",
  ]);
  expect(policy).toEqual({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "ProxyRecordedActions",
        Effect: "Allow",
        Action: ["s3:GetObject", "s3:PutObject", "sts:GetCallerIdentity"],
        Resource: "*",
      },
    ],
  });
  expect(text).toBe(`${JSON.stringify(policy, null, 2)}\n`);
  expect(report).toMatchObject({ requests: 4, granted: 4, actions: 3, leftOut: [], warnings: [] });
});

describe("lines that are not one action are left out, and told", () => {
  test.each([["s3:*"], ["*"], ["s3:Get?bject"], ["s3"], ["s3:"], ["s3:Get:Object"], ["# comment"], ["s3:GetÖbject"]])(
    "%s",
    (line) => {
      const { policy, report } = policyFromActions(["s3:GetObject", line]);
      expect(policy.Statement).toMatchObject([{ Action: ["s3:GetObject"] }]);
      expect(report.leftOut).toEqual([
        { why: "not the name of one action (service:Action)", count: 1, examples: [line] },
      ]);
    },
  );
});

test("what is longer than any action is left out, for no policy could be shown to allow it", () => {
  const { policy, report } = policyFromActions([`s3:${"G".repeat(253)}`, `s3:${"G".repeat(254)}`]);
  expect(policy.Statement).toMatchObject([{ Action: [`s3:${"G".repeat(253)}`] }]);
  expect(report.leftOut).toMatchObject([{ count: 1 }]);
});

test("without one action there is no policy", () => {
  expect(() => policyFromActions([])).toThrow(NothingToGrantError);
  expect(() => policyFromActions(["", "s3:*"])).toThrow("1 × not the name of one action");
});

test("the order and number of lines never matter", () => {
  const lines = fc.array(fc.constantFrom("s3:GetObject", "s3:PutObject", "ec2:RunInstances"), { minLength: 1 });
  fc.assert(
    fc.property(lines, (list) => {
      const { text } = policyFromActions(list);
      expect(policyFromActions([...list].reverse()).text).toBe(text);
      expect(policyFromActions(new Set(list)).text).toBe(text);
    }),
  );
});
