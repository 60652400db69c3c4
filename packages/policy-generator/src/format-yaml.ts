import { jsonText } from "./json-text.ts";

/** A JSON value as YAML 1.2 in block style, read the same by YAML 1.1: what might be read as something else is quoted. */
export function yamlText(value: unknown): string {
  return `${block(value, "").replace(/^\n/, "")}\n`;
}

function block(value: unknown, indent: string): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return value.map((item) => `\n${indent}- ${block(item, `${indent}  `).replace(/^\n\s*/, "")}`).join("");
  }
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value).filter(([, member]) => member !== undefined);
    if (entries.length === 0) return "{}";
    return entries
      .map(([key, member]) => {
        const text = block(member, `${indent}  `);
        return `\n${indent}${scalar(key)}:${text.startsWith("\n") ? "" : " "}${text}`;
      })
      .join("");
  }
  return typeof value === "string" ? scalar(value) : JSON.stringify(value);
}

function scalar(text: string): string {
  return PLAIN.test(text) && !WORDS.test(text) ? text : quoted(text);
}

/** Begins with a letter, has no blank, and no colon at its end: a string to every reader. */
const PLAIN = /^[A-Za-z](?:[\w:/.*@=+-]*[\w/.*@=+-])?$/;
const WORDS = /^(?:true|false|yes|no|on|off|y|n|null)$/i;

/** JSON's double quotes are YAML's, where control characters are escaped. */
function quoted(text: string): string {
  return jsonText(text);
}
