import { readFileSync } from "node:fs";
import type { Context } from "@iap/aws-core";
import { expect, test } from "vitest";
import { compilePolicySet } from "../src/compile-policy-set.ts";

/** A condition of a policy, a request, and whether it holds. */
interface Row {
  readonly id: string;
  readonly name: string;
  readonly condition: object;
  readonly context: Context;
  readonly authoritative?: readonly string[];
  readonly version?: string;
  readonly holds: "yes" | "no" | "undetermined";
}

const rows = readFileSync(new URL("./fixtures/conditions.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Row);

/** What a statement with this condition comes to, beside one that allows everything. */
const evaluate = ({ condition, context, authoritative, version = "2012-10-17" }: Row, Effect: "Allow" | "Deny") => {
  const document = JSON.stringify({
    Version: version,
    Statement: [
      { Effect, Action: "s3:GetObject", Resource: "*", Condition: condition },
      { Effect: "Allow", Action: Effect === "Deny" ? "*" : "ec2:*", Resource: "*" },
    ],
  });
  return compilePolicySet({ identity: [{ name: "test.json", document }] }, { validate: "warn" }).evaluate({
    action: "s3:GetObject",
    resource: { arn: "arn:aws:s3:::b/k" },
    context,
    ...(authoritative === undefined ? {} : { authoritative }),
  });
};

test.each(rows)("$id: $name: $holds", (row) => {
  const allow = evaluate(row, "Allow");
  const deny = evaluate(row, "Deny");
  expect([allow.outcome, deny.outcome]).toEqual([
    row.holds === "yes" ? "allowed" : "implicitDeny",
    row.holds === "no" ? "allowed" : "explicitDeny",
  ]);
  const doubts = row.holds === "undetermined" ? 1 : 0;
  expect([allow.unevaluated.length, deny.unevaluated.length]).toEqual([doubts, doubts]);
});

test("there are as many as there should be, each with a name of its own", () => {
  expect(rows.length).toBeGreaterThanOrEqual(500);
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
});
