import type { LocatedText } from "./finding.ts";
import type { Reader } from "./reader.ts";
import type { JsonNode } from "./strict-json.ts";

/** One operator and key of a `Condition`, with its values; all conditions of a statement must hold. */
export interface ParsedCondition {
  readonly operator: LocatedText;
  readonly key: LocatedText;
  /** Numbers and booleans as their text. */
  readonly values: readonly LocatedText[];
}

/** Reads `{ operator: { key: value or [values] } }`. What has another form is an error, and makes the document unreadable. */
export function readCondition(reader: Reader, node: JsonNode, path: string): ParsedCondition[] {
  const { place, unreadable } = reader;
  if (node.kind !== "object") {
    unreadable("INVALID_CONDITION", place(path, node.offset), "Condition must be an object.", FORM);
    return [];
  }
  const conditions: ParsedCondition[] = [];
  for (const { key: operator, offset, value } of node.members) {
    const operatorPath = `${path}.${operator}`;
    if (value.kind !== "object") {
      const at = place(operatorPath, value.offset);
      unreadable("INVALID_CONDITION", at, `${JSON.stringify(operator)} must hold an object of condition keys.`, FORM);
      continue;
    }
    if (value.members.length === 0) {
      const at = place(operatorPath, value.offset);
      reader.report(
        "WARNING",
        "EMPTY_CONDITION",
        at,
        `${JSON.stringify(operator)} lists no key: it has no effect.`,
        "Remove it.",
      );
    }
    const operatorAt = { text: operator, place: place(operatorPath, offset) };
    for (const member of value.members) {
      const keyPath = `${operatorPath}.${member.key}`;
      const values = readValues(reader, member.value, keyPath);
      conditions.push({
        operator: operatorAt,
        key: { text: member.key, place: place(keyPath, member.offset) },
        values,
      });
    }
  }
  return conditions;
}

const FORM = 'Write {"operator": {"key": "value"}}, or a list of values.';

function readValues({ place, unreadable }: Reader, node: JsonNode, path: string): LocatedText[] {
  const listed: readonly (readonly [JsonNode, string])[] =
    node.kind === "array" ? node.items.map((item, i) => [item, `${path}[${i}]`]) : [[node, path]];
  const values: LocatedText[] = [];
  for (const [item, itemPath] of listed) {
    const at = place(itemPath, item.offset);
    switch (item.kind) {
      case "string":
        values.push({ text: item.value, place: at });
        break;
      case "boolean":
        values.push({ text: String(item.value), place: at });
        break;
      case "number":
        values.push({ text: numberText(item.value), place: at });
        break;
      default:
        unreadable("INVALID_CONDITION", at, "A value in a condition must be a string, a number or a boolean.", FORM);
    }
  }
  return values;
}

/** A number of JSON without its exponent; as it stands, which no operator takes, where a double may not hold it exactly. */
function numberText(text: string): string {
  return /^-?[0-9.]{1,15}[eE][+-]?[0-9]{1,2}$/.test(text) ? String(Number(text)) : text;
}
