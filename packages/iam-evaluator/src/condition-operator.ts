/** How a condition compares, taken apart from the name of its operator. */
export interface ConditionOperator {
  readonly kind: ComparisonKind;
  /** The contrary of the comparison is asked for, as by `StringNotEquals`. */
  readonly negated: boolean;
  readonly ifExists: boolean;
  /** For keys with several values: every value, or at least one, must compare. */
  readonly set: "ForAllValues" | "ForAnyValue" | undefined;
}

export type ComparisonKind =
  | "StringEquals"
  | "StringEqualsIgnoreCase"
  | "StringLike"
  | "NumericEquals"
  | "NumericLessThan"
  | "NumericLessThanEquals"
  | "NumericGreaterThan"
  | "NumericGreaterThanEquals"
  | "DateEquals"
  | "DateLessThan"
  | "DateLessThanEquals"
  | "DateGreaterThan"
  | "DateGreaterThanEquals"
  | "Bool"
  | "BinaryEquals"
  | "IpAddress"
  | "ArnLike"
  | "Null";

const NAMES: ReadonlyMap<string, readonly [kind: ComparisonKind, negated: boolean]> = new Map([
  ["StringEquals", ["StringEquals", false]],
  ["StringNotEquals", ["StringEquals", true]],
  ["StringEqualsIgnoreCase", ["StringEqualsIgnoreCase", false]],
  ["StringNotEqualsIgnoreCase", ["StringEqualsIgnoreCase", true]],
  ["StringLike", ["StringLike", false]],
  ["StringNotLike", ["StringLike", true]],
  ["NumericEquals", ["NumericEquals", false]],
  ["NumericNotEquals", ["NumericEquals", true]],
  ["NumericLessThan", ["NumericLessThan", false]],
  ["NumericLessThanEquals", ["NumericLessThanEquals", false]],
  ["NumericGreaterThan", ["NumericGreaterThan", false]],
  ["NumericGreaterThanEquals", ["NumericGreaterThanEquals", false]],
  ["DateEquals", ["DateEquals", false]],
  ["DateNotEquals", ["DateEquals", true]],
  ["DateLessThan", ["DateLessThan", false]],
  ["DateLessThanEquals", ["DateLessThanEquals", false]],
  ["DateGreaterThan", ["DateGreaterThan", false]],
  ["DateGreaterThanEquals", ["DateGreaterThanEquals", false]],
  ["Bool", ["Bool", false]],
  ["BinaryEquals", ["BinaryEquals", false]],
  ["IpAddress", ["IpAddress", false]],
  ["NotIpAddress", ["IpAddress", true]],
  // ArnEquals and ArnLike behave identically.
  ["ArnEquals", ["ArnLike", false]],
  ["ArnNotEquals", ["ArnLike", true]],
  ["ArnLike", ["ArnLike", false]],
  ["ArnNotLike", ["ArnLike", true]],
  ["Null", ["Null", false]],
]);

/** The operators of the language, without `IfExists` and without `ForAllValues:` or `ForAnyValue:`. */
export const conditionOperators: readonly string[] = [...NAMES.keys()];

/**
 * Takes the name of an operator apart (IAM User Guide, "IAM JSON policy elements: Condition operators"): spelt exactly
 * so, `IfExists` at the end of any but `Null`, `ForAllValues:` or `ForAnyValue:` before any but `Null`. Undefined when
 * there is no such operator.
 */
export function parseConditionOperator(text: string): ConditionOperator | undefined {
  const found = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(text);
  if (found === null) return undefined;
  const [, set, name = "", ifExists] = found;
  const known = NAMES.get(name);
  if (known === undefined) return undefined;
  const [kind, negated] = known;
  if (kind === "Null" && (set !== undefined || ifExists !== undefined)) return undefined;
  return {
    kind,
    negated,
    ifExists: ifExists !== undefined,
    // `as`: the expression matches these two only.
    set: set as ConditionOperator["set"],
  };
}
