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
].map((text) => Buffer.from(text, "latin1"));

/** What is read is what URLSearchParams reads, or it is refused. */
export function run(bytes: Uint8Array): void {
  readQueryString(Buffer.from(bytes).toString("latin1"));
  let members: unknown;
  try {
    members = shown(readFormMembers([], bytes, asked));
  } catch (error) {
    if (error instanceof TwoReadings) return;
    throw error;
  }
  const parameters = new URLSearchParams(Buffer.from(bytes).toString("latin1"));
  const urls = parameters.getAll("QueueUrl");
  assert.ok(urls.length <= 1, "a parameter that stands twice was read");
  const text = Buffer.from(bytes).toString("latin1");
  // URLSearchParams takes characters, the reader bytes: they agree on what is ASCII.
  if (/^[\x20-\x7e]*$/.test(text)) {
    const { QueueUrl } = members as { readonly QueueUrl?: string };
    // Something inside of a text (`QueueUrl.x=1`) is told, not read.
    if (QueueUrl !== "(there)") assert.equal(QueueUrl ?? "", urls[0] ?? "");
  }
}
