import type { ContextHook } from "./hook.ts";
import { textsOf } from "./resource.ts";

/**
 * Names of records as Route 53 compares them (Developer Guide, "Using IAM policy conditions for fine-grained access control"): lower case,
 * without the last dot, other characters than letters, digits, hyphen, underscore and dot as octal escapes.
 */
export const route53RecordNames: ContextHook = (members) => [...new Set(textsOf(members, "name").map(normalized))];

function normalized(name: string): string {
  const bytes = [...name.matchAll(/\\([0-3][0-7]{2})|[^\\]+|\\/g)].flatMap(([text, code]) =>
    code === undefined ? [...Buffer.from(text, "utf8")] : [Number.parseInt(code, 8)],
  );
  if (bytes.length > 1 && bytes.at(-1) === 0x2e) bytes.pop();
  return bytes
    .map((byte) => {
      const character = String.fromCharCode(byte).replace(/[A-Z]/, (letter) => letter.toLowerCase());
      return /[a-z0-9._-]/.test(character) ? character : `\\${byte.toString(8).padStart(3, "0")}`;
    })
    .join("");
}
