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

/**
 * A Deny with a condition wins over an Allow with it; of a comparison and its contrary one holds at most; a further value of
 * the policy takes nothing away; IfExists changes nothing for a key that is there; of a list, ForAnyValue asks for one that
 * compares and ForAllValues for nothing else; what JavaScript compares in a line comes to the same; nothing throws.
 */
export function run(bytes: Uint8Array): void {
  const operator = operators[(bytes[0] ?? 0) % operators.length] as string;
  const lines = Buffer.from(bytes.subarray(1)).toString("utf8").split("\n");
  const empty = lines.indexOf("");
  const wanted = lines.slice(0, empty < 0 ? 1 : empty);
  const given = empty < 0 ? lines.slice(1) : lines.slice(empty + 1);
  const [first] = given;
  if (wanted.length === 0 || first === undefined) return;
  const outcome = (effects: readonly string[], name: string, value: string | readonly string[], values = wanted) => {
    const condition = { [name]: { "a:key": values } };
    const statements = effects.map((Effect) => ({ Effect, Action: "*", Resource: "*", Condition: condition }));
    const document = JSON.stringify({ Version: "2012-10-17", Statement: statements });
    const asked = { action: "a:B", resource: { none: true }, context: { "a:key": value } } as const;
    return compilePolicySet({ identity: [{ name: "p", document }] }, { validate: "warn" }).evaluate(asked).outcome;
  };
  const allows = (name: string, value: string | readonly string[], values = wanted): boolean =>
    outcome(["Allow"], name, value, values) === "allowed";

  const alone = allows(operator, first);
  const both = outcome(["Allow", "Deny"], operator, first);
  assert.notEqual(both, "allowed");
  if (alone) assert.equal(both, "explicitDeny");
  assert.equal(allows(`${operator}IfExists`, first), alone);
  const contrary = contraryOf(operator);
  if (contrary !== undefined && alone) assert.ok(!allows(contrary, first), `${operator} and ${contrary} both hold`);
  if (!operator.includes("Not") && wanted.length > 1 && allows(operator, first, wanted.slice(1))) assert.ok(alone);
  const plainly = compare(operator, wanted, first);
  if (plainly !== undefined) assert.equal(alone, plainly);
  // To these an empty text is no value.
  if (given.length > 16 || given.includes("")) return;
  assert.equal(
    allows(`ForAnyValue:${operator}`, given),
    given.some((one) => allows(operator, one)),
  );
  assert.equal(
    allows(`ForAllValues:${operator}`, given),
    given.every((one) => allows(operator, one)),
  );
}

function contraryOf(operator: string): string | undefined {
  return operators.find((other) => other !== operator && other.replace("Not", "") === operator.replace("Not", ""));
}

/** Whether a value compares with one of the policy's; undefined where that takes more than a line. */
function compare(operator: string, wanted: readonly string[], given: string): boolean | undefined {
  const all = [...wanted, given];
  const negated = operator.includes("Not");
  const kind = operator.replace("Not", "");
  const holds = (compares: (value: string) => boolean): boolean => wanted.some(compares) !== negated;
  if (kind === "StringEquals" && !all.some((text) => text.includes("$"))) return holds((value) => value === given);
  if (kind === "StringLike" && all.every((text) => /^[a-z0-9*?:/. ]{0,24}$/.test(text))) {
    const pattern = (value: string): string =>
      value.replace(/[.*?]/g, (char) => ({ "*": ".*", "?": "." })[char] ?? "\\.");
    return holds((value) => new RegExp(`^${pattern(value)}$`).test(given));
  }
  if (kind.startsWith("Numeric") && all.every((text) => /^-?[0-9]{1,15}$/.test(text))) {
    const order = kind.slice("Numeric".length);
    return holds((value) => {
      const difference = Number(given) - Number(value);
      if (order.endsWith("Equals") && difference === 0) return true;
      return order.startsWith("Less") ? difference < 0 : order.startsWith("Greater") && difference > 0;
    });
  }
  return undefined;
}
