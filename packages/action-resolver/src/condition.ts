import { isThere, textOf } from "./member-value.ts";
import { type Scope, valuesAt } from "./scope.ts";

/** A condition on the members of a request, as the tables have it; see OVERRIDES.md of gen-action-table. */
export type Condition =
  | string
  | readonly Condition[]
  | { readonly any: readonly Condition[] }
  | { readonly all: readonly Condition[] }
  | { readonly not: Condition };

/** Whether a condition holds. */
export function holds(condition: Condition, scope: Scope): boolean {
  if (typeof condition === "string") return holdsText(readComparison(condition), scope);
  if ("any" in condition) return condition.any.some((one) => holds(one, scope));
  if ("all" in condition) return condition.all.every((one) => holds(one, scope));
  if ("not" in condition) return !holds(condition.not, scope);
  return condition.every((one) => holds(one, scope));
}

/** The paths a condition looks at. */
export function pathsOfCondition(condition: Condition): readonly string[] {
  if (typeof condition === "string") return [readComparison(condition).path];
  if ("any" in condition) return condition.any.flatMap(pathsOfCondition);
  if ("all" in condition) return condition.all.flatMap(pathsOfCondition);
  if ("not" in condition) return pathsOfCondition(condition.not);
  return condition.flatMap(pathsOfCondition);
}

interface Comparison {
  readonly path: string;
  readonly operator: "there" | "absent" | "=" | "!=" | "^=" | "$=" | "*=";
  readonly text: string;
}

const comparisons = new Map<string, Comparison>();

function readComparison(text: string): Comparison {
  const known = comparisons.get(text);
  if (known !== undefined) return known;
  const [, not, path = "", operator, value = ""] = /^(!)?(.+?)(?:(!=|\^=|\$=|\*=|=)(.*))?$/s.exec(text) ?? [];
  const read: Comparison = {
    path,
    operator: (operator as Comparison["operator"] | undefined) ?? (not === undefined ? "there" : "absent"),
    text: value,
  };
  comparisons.set(text, read);
  return read;
}

function holdsText({ path, operator, text }: Comparison, scope: Scope): boolean {
  const values = valuesAt(path, scope);
  switch (operator) {
    case "there":
      return values.some(isThere);
    case "absent":
      return !values.some(isThere);
    case "!=":
      return !values.some((value) => text.split(",").includes(textOf(value, path) ?? ""));
    default:
      return values.some((value) => {
        const given = textOf(value, path);
        if (given === undefined) return false;
        if (operator === "^=") return given.startsWith(text);
        if (operator === "$=") return given.endsWith(text);
        return operator === "*=" ? given.includes(text) : text.split(",").includes(given);
      });
  }
}
