import assert from "node:assert/strict";
import { TwoReadings } from "../../src/member-value.ts";
import { readXmlMembers } from "../../src/xml-members.ts";
import { readXml } from "../../src/xml-reader.ts";
import { wanted } from "../wanted-members.ts";

const asked = wanted(["Name", "Tags[].Key"]);

export const seeds: readonly Uint8Array[] = [
  '<?xml version="1.0" encoding="UTF-8"?>\n<Request xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>n</Name><Tags><member><Key>k</Key></member></Tags></Request>',
  "<A><!-- c --><Name>&lt;&#x41;&amp;</Name><Name/></A>",
  "<A/>",
].map((text) => Buffer.from(text, "utf8"));

/** A document is read, or refused; read again from what was read, it is the same. */
export function run(bytes: Uint8Array): void {
  try {
    const root = readXml(bytes);
    assert.deepEqual(readXml(Buffer.from(write(root), "utf8")), root);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  try {
    readXmlMembers(bytes, asked);
  } catch (error) {
    if (!(error instanceof TwoReadings)) throw error;
  }
}

function write({ name, children, text }: ReturnType<typeof readXml>): string {
  // Every character by its number: nothing is left to the reader's taste.
  const escaped = [...text].map((char) => `&#${char.codePointAt(0)};`).join("");
  return `<${name}>${escaped}${children.map(write).join("")}</${name}>`;
}
