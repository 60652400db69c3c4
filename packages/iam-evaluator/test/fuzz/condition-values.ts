import assert from "node:assert/strict";
import { compilePolicySet, conditionOperators } from "../../src/index.ts";

const operators = conditionOperators.filter((name) => name !== "Null");

/** The first byte chooses the operator, then lines: values of the policy, an empty one, values of the request. */
const seed = (operator: string, policy: readonly string[], request: readonly string[]): Buffer =>
  Buffer.concat([
    Buffer.from([operators.indexOf(operator)]),
    Buffer.from([...policy, "", ...request].join("\n"), "utf8"),
  ]);
export const seeds: readonly Uint8Array[] = [
  seed("StringLike", ["a*b?c", "$\u007b*}"], ["axxbyc"]),
  seed("NumericLessThan", ["1e3", "-0.5"], ["12"]),
  seed("DateGreaterThan", ["2026-01-01T00:00:00Z", "1700000000"], ["2026-02-30T00:00:00+01:00"]),
  seed("IpAddress", ["10.0.0.0/8", "2001:db8::/32"], ["10.1.2.3", "::ffff:10.0.0.1"]),
  seed("ArnLike", ["arn:aws:s3:::b/*"], ["arn:aws:s3:::b/k"]),
  seed("BinaryEquals", ["QUJD"], ["QUJD"]),
  seed("Bool", ["true"], ["TRUE"]),
];

/** A Deny with a condition wins over an Allow with it; IfExists changes nothing for a key that is there; nothing throws. */
export function run(bytes: Uint8Array): void {
  const operator = operators[(bytes[0] ?? 0) % operators.length] as string;
  const lines = Buffer.from(bytes.subarray(1)).toString("utf8").split("\n");
  const empty = lines.indexOf("");
  const wanted = lines.slice(0, empty < 0 ? 1 : empty);
  const given = empty < 0 ? lines.slice(1) : lines.slice(empty + 1);
  if (wanted.length === 0) return;
  const asked = { action: "a:B", resource: { none: true }, context: { "a:key": given } } as const;
  const statement = (effect: "Allow" | "Deny", name: string): object => ({
    Effect: effect,
    Action: "*",
    Resource: "*",
    Condition: { [name]: { "a:key": wanted } },
  });
  const outcome = (...statements: readonly object[]): string => {
    const document = JSON.stringify({ Version: "2012-10-17", Statement: statements });
    return compilePolicySet({ identity: [{ name: "p", document }] }, { validate: "warn" }).evaluate(asked).outcome;
  };
  const alone = outcome(statement("Allow", operator));
  const both = outcome(statement("Allow", operator), statement("Deny", operator));
  assert.notEqual(both, "allowed");
  if (alone === "allowed") assert.equal(both, "explicitDeny");
  const exists = `${operator}IfExists`;
  if (given.length > 0) {
    assert.equal(outcome(statement("Allow", exists)), alone);
  }
}
