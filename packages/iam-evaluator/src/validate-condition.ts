import { isOperand } from "./comparison.ts";
import { conditionOperators, parseConditionOperator } from "./condition-operator.ts";
import { didYouMean } from "./did-you-mean.ts";
import type { LocatedText, Report } from "./finding.ts";
import { globalConditionKeys, isGlobalConditionKey } from "./global-condition-keys.ts";
import type { ParsedCondition } from "./parse-condition.ts";
import { isDateForIam } from "./policy-date.ts";
import { hasVariables, parseTemplate } from "./template.ts";

/** Judges one condition: its operator, its key, and whether the operator can read its values. */
export function checkCondition({ operator, key, values }: ParsedCondition, variables: boolean, report: Report): void {
  checkKey(key, report);
  const parsed = parseConditionOperator(operator.text);
  if (parsed === undefined) {
    report(
      "ERROR",
      "UNKNOWN_OPERATOR",
      operator.place,
      `There is no condition operator ${JSON.stringify(operator.text)}.`,
      suggestedOperator(operator.text),
    );
    return;
  }
  if (values.length === 0) {
    const fix = parsed.negated ? "Remove the key, or list what it must differ from." : "List what it may be.";
    report("WARNING", "EMPTY_VALUES", key.place, `${operator.text} lists no value for ${key.text}.`, fix);
  }
  for (const value of values) {
    if (checkVariables(value, variables, report) && TAKES_VARIABLES.has(parsed.kind)) continue;
    if (isOperand(parsed.kind, value.text)) continue;
    const what = OPERANDS.find(([prefix]) => parsed.kind.startsWith(prefix))?.[1] ?? "base64";
    const isTaken = (parsed.kind.startsWith("Date") && isDateForIam(value.text)) || parsed.kind === "ArnLike";
    report(
      isTaken ? "WARNING" : "ERROR",
      "INVALID_OPERAND",
      value.place,
      `${operator.text} cannot read ${JSON.stringify(value.text)}: it takes ${what}.`,
      "As it stands the condition cannot be evaluated: a Deny with it always applies, an Allow never.",
    );
  }
}

/** Judges the `${...}` of a text; true if there are variables. */
export function checkVariables({ text, place }: LocatedText, variables: boolean, report: Report): boolean {
  if (!variables || !text.includes("${")) return false;
  const template = parseTemplate(text);
  if (template.malformed) {
    report(
      "ERROR",
      "INVALID_VARIABLE",
      place,
      `${JSON.stringify(text)} holds a "\${" that begins no policy variable.`,
      `Write \${key}, \${key, 'default'}, or \${$}{ for the characters themselves.`,
    );
  }
  for (const part of template.parts) {
    if (typeof part !== "string") checkKey({ text: part.key.name, place }, report);
  }
  return hasVariables(template) || template.malformed;
}

const TAKES_VARIABLES: ReadonlySet<string> = new Set([
  "StringEquals",
  "StringEqualsIgnoreCase",
  "StringLike",
  "ArnLike",
  "Bool",
]);

/** What operators take, by the beginning of their kind. Binary, which is left, takes base64; String takes any text. */
const OPERANDS: readonly (readonly [string, string])[] = [
  ["Numeric", "an integer or a decimal number"],
  ["Date", "a date like 2026-01-31T12:00:00Z, or seconds since 1970"],
  ["Bool", "true or false"],
  ["Null", "true or false"],
  ["IpAddress", "an address or a range like 203.0.113.0/24"],
  ["ArnLike", "an ARN of six parts"],
];

function suggestedOperator(text: string): string {
  const [, prefix = "", name = "", suffix = ""] = /^([^:]*:+)?(.*?)(IfExists)?$/s.exec(text) ?? [];
  const near = didYouMean(name, conditionOperators);
  const set = prefix === "" ? "" : /all/i.test(prefix) ? "ForAllValues:" : "ForAnyValue:";
  const ending = near === "Null" ? "" : suffix;
  return near === undefined
    ? "The operators are StringEquals, StringLike, ..."
    : `Did you mean "${set}${near}${ending}"?`;
}

function checkKey({ text, place }: LocatedText, report: Report): void {
  if (!text.includes(":")) {
    const near = didYouMean(`aws:${text}`, globalConditionKeys);
    report(
      "WARNING",
      "UNKNOWN_CONDITION_KEY",
      place,
      `The condition key ${JSON.stringify(text)} names no service.`,
      near === undefined ? 'Write "service:Key", or "aws:Key".' : `Did you mean "${near}"?`,
    );
  } else if (/^aws:/i.test(text) && !isGlobalConditionKey(text)) {
    const near = didYouMean(text, globalConditionKeys);
    report(
      "WARNING",
      "UNKNOWN_CONDITION_KEY",
      place,
      `${JSON.stringify(text)} is not a global condition key known here.`,
      near === undefined ? "No request may ever have it." : `Did you mean "${near}"?`,
    );
  }
}
