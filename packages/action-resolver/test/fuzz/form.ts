import assert from "node:assert/strict";
import { readFormMembers } from "../../src/form-members.ts";
import { TwoReadings } from "../../src/member-value.ts";
import { readQueryString } from "../../src/query-string.ts";
import { shown, wanted } from "../wanted-members.ts";

const asked = wanted(["QueueUrl", "Tags[].Key", "Attribute{key}"]);

export const seeds: readonly Uint8Array[] = [
  "Action=SendMessage&Version=2012-11-05&QueueUrl=https%3A%2F%2Fsqs%2Fq&Tags.member.1.Key=a&Tags.member.2.Key=b+c",
  "Attribute.entry.1.key=k&Attribute.entry.1.value=v",
  "QueueUrl=%e2%98%83&&=&x",
  "?QueueUrl=%e25",
].map((text) => Buffer.from(text, "latin1"));

/** What is read is what URLSearchParams reads, or it is refused. */
export function run(bytes: Uint8Array): void {
  const text = Buffer.from(bytes).toString("latin1");
  readQueryString(text);
  let members: FormMembers;
  try {
    // `as`: what `asked` asks for.
    members = shown(readFormMembers([], bytes, asked)) as FormMembers;
  } catch (error) {
    if (error instanceof TwoReadings) return;
    throw error;
  }
  // It would take a `?` off the start of a text, which is a part of a body's first name.
  const parameters = new URLSearchParams(`&${text}`);
  assert.ok(parameters.getAll("QueueUrl").length <= 1, "a parameter that stands twice was read");
  // URLSearchParams takes characters, the reader bytes: they agree on what is ASCII.
  if (!/^[\x20-\x7e]*$/.test(text)) return;
  const { QueueUrl, Tags = [], Attribute = {} } = members;
  // Something inside of a text (`QueueUrl.x=1`) is told, not read.
  if (QueueUrl !== "(there)") assert.equal(QueueUrl ?? "", parameters.get("QueueUrl") ?? "");
  const numbered = (name: RegExp): readonly string[] =>
    [...parameters]
      .flatMap(([key, value]) => (name.test(key) ? [{ number: Number(name.exec(key)?.[1]), value }] : []))
      .sort((a, b) => a.number - b.number)
      .map(({ value }) => value);
  const keys = Tags.flatMap(({ Key }) => (Key === undefined || Key === "(there)" ? [] : [Key]));
  assert.deepEqual(keys, numbered(/^Tags\.member\.([0-9]+)\.Key$/));
  // A key that is a number would be put first.
  assert.deepEqual(Object.keys(Attribute).sort(), [...numbered(/^Attribute\.entry\.([0-9]+)\.key$/)].sort());
}

interface FormMembers {
  readonly QueueUrl?: string;
  readonly Tags?: readonly { readonly Key?: string }[];
  readonly Attribute?: Readonly<Record<string, unknown>>;
}
