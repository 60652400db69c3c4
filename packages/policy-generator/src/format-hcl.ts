import type { PolicyDocument, PolicyStatement } from "@iap/iam-evaluator";
import type { ConditionElement } from "./conditions.ts";
import { jsonText } from "./json-text.ts";

/** A string of Terraform's language: `${` and `%{` begin templates there, and are doubled. */
export function hclString(text: string): string {
  return jsonText(text).replace(/[$%]\{/g, (start) => start.charAt(0) + start);
}

/** The `aws_iam_policy_document` data source of a generated policy. */
export function hclDataSource(document: PolicyDocument, label: string): string {
  const statements = (document.Statement as readonly PolicyStatement[]).map((statement) => {
    const { Sid, Effect, Action, Resource, Condition } = statement;
    const lines = [
      "  statement {",
      `    sid    = ${hclString(Sid ?? "")}`,
      `    effect = ${hclString(Effect)}`,
      "",
      ...list("actions", Action),
      "",
      ...list("resources", Resource),
      ...conditions(Condition),
      "  }",
    ];
    return lines.join("\n");
  });
  return `data "aws_iam_policy_document" "${label}" {\n${statements.join("\n\n")}\n}\n`;
}

/** A JSON value as an expression of Terraform's language. */
export function hclExpression(value: unknown, indent = ""): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    return `[\n${value.map((item) => `${inner}${hclExpression(item, inner)},\n`).join("")}${indent}]`;
  }
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value).filter(([, member]) => member !== undefined);
    const attributes = entries.map(
      ([name, member]) => [/^[A-Za-z]\w*$/.test(name) ? name : hclString(name), hclExpression(member, inner)] as const,
    );
    return `{\n${aligned(attributes, inner)}${indent}}`;
  }
  return typeof value === "string" ? hclString(value) : jsonText(value);
}

/** Attributes as `terraform fmt` has them: of those on one line each, the signs of equality stand below each other. */
export function aligned(attributes: readonly (readonly [name: string, expression: string])[], indent: string): string {
  const isLong = (i: number): boolean => attributes[i]?.[1].includes("\n") !== false;
  return attributes
    .map(([name, expression], i) => {
      let [first, last] = [i, i];
      while (!isLong(i) && !isLong(first - 1)) first--;
      while (!isLong(i) && !isLong(last + 1)) last++;
      const width = Math.max(...attributes.slice(first, last + 1).map(([other]) => other.length));
      return `${indent}${name.padEnd(width)} = ${expression}\n`;
    })
    .join("");
}

/** Whether the data source can say it: it reads `&{` as the beginning of a policy variable, and has no escape for it. */
export function fitsDataSource(document: PolicyDocument): boolean {
  return !JSON.stringify(document).includes("&{");
}

function list(name: string, values: PolicyStatement["Action"]): string[] {
  const all = typeof values === "string" ? [values] : (values ?? []);
  return [`    ${name} = [`, ...all.map((value) => `      ${hclString(value)},`), "    ]"];
}

function conditions(condition: unknown): string[] {
  const lines: string[] = [];
  for (const [test, keys] of Object.entries((condition ?? {}) as Record<string, ConditionElement["StringEquals"]>)) {
    for (const [variable, value] of Object.entries(keys)) {
      lines.push(
        "",
        "    condition {",
        `      test     = ${hclString(test)}`,
        `      variable = ${hclString(variable)}`,
        `      values   = [${[value].flat().map(hclString).join(", ")}]`,
        "    }",
      );
    }
  }
  return lines;
}
