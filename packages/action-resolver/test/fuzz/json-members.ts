import assert from "node:assert/strict";
import { readJsonMembers } from "../../src/json-members.ts";
import { TwoReadings } from "../../src/member-value.ts";
import { membersOfTree, type Tree } from "../members-of-tree.ts";
import { shown, wanted } from "../wanted-members.ts";

const asked = wanted(["TableName", "Keys[].Name", "Items{}", "Deep.Er.Est"]);

export const seeds: readonly Uint8Array[] = [
  '{"TableName":"t","Keys":[{"Name":"a"},{"Name":"b"}],"Items":{"x":1,"y":[2]},"Deep":{"Er":{"Est":true}}}',
  '{ "Other" : [1.5e3, null, "\\u00e9\\ud83d\\ude00"], "TableName" : "\\"" }',
  '{"TableName":-0.10,"Keys":[null,{}],"Items":{"__proto__":null},"Deep":null}',
  "{}",
].map((text) => Buffer.from(text, "utf8"));

/** What is read is what JSON.parse reads, member by member; what it does not take is refused. */
export function run(bytes: Uint8Array): void {
  let members: unknown;
  try {
    members = shown(readJsonMembers(bytes, asked));
  } catch (error) {
    if (error instanceof TwoReadings) return;
    throw error;
  }
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  // Nothing, or nothing but white space, is an empty object.
  if (/^[ \t\r\n]*$/.test(text)) return;
  JSON.parse(text);
  assert.deepEqual(members, shown(membersOfTree(tree(JSON.parse(numbersAsRead(text))), asked)));
}

/** JSON in which numbers that JavaScript would write otherwise are strings: the reader leaves them as they stand. */
function numbersAsRead(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*/g, (token) =>
    token.startsWith('"') || String(Number(token)) === token ? token : `"${token}"`,
  );
}

function tree(value: unknown): Tree {
  if (Array.isArray(value)) return value.map(tree);
  if (typeof value !== "object" || value === null) return value as Tree;
  return new Map(Object.entries(value).map(([name, one]) => [name, tree(one)]));
}
