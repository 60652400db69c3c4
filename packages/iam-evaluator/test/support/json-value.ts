import type { JsonNode } from "../../src/strict-json.ts";

/** What JSON.parse makes of the same text. */
export function jsonValue(node: JsonNode): unknown {
  switch (node.kind) {
    case "object":
      return Object.fromEntries(node.members.map(({ key, value }) => [key, jsonValue(value)]));
    case "array":
      return node.items.map(jsonValue);
    case "number":
      return Number(node.value);
    case "null":
      return null;
    default:
      return node.value;
  }
}
