import assert from "node:assert/strict";
import { readJsonMembers } from "../../src/json-members.ts";
import { TwoReadings } from "../../src/member-value.ts";
import { shown, wanted } from "../wanted-members.ts";

const asked = wanted(["TableName", "Keys[].Name", "Items{}", "Deep.Er.Est"]);

export const seeds: readonly Uint8Array[] = [
  '{"TableName":"t","Keys":[{"Name":"a"},{"Name":"b"}],"Items":{"x":1,"y":[2]},"Deep":{"Er":{"Est":true}}}',
  '{ "Other" : [1.5e3, null, "\\u00e9\\ud83d\\ude00"], "TableName" : "\\"" }',
  "{}",
].map((text) => Buffer.from(text, "utf8"));

/** What is read is what JSON.parse reads; what it does not take is refused. */
export function run(bytes: Uint8Array): void {
  let members: ReturnType<typeof readJsonMembers>;
  try {
    members = readJsonMembers(bytes, asked);
  } catch (error) {
    if (error instanceof TwoReadings) return;
    throw error;
  }
  // Nothing, or nothing but white space, is an empty object.
  if (/^[ \t\r\n]*$/.test(Buffer.from(bytes).toString("latin1"))) return;
  const whole = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)) as null | Record<
    string,
    unknown
  >;
  if (whole === null) return;
  const read = (shown(members) ?? {}) as Record<string, unknown>;
  const name = Object.hasOwn(whole, "TableName") ? whole.TableName : undefined;
  if (typeof name === "string" || typeof name === "boolean") assert.equal(read.TableName, name);
  else if (name === undefined || name === null) assert.equal(read.TableName, undefined);
}
