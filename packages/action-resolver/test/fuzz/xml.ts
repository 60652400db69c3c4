import assert from "node:assert/strict";
import { TwoReadings } from "../../src/member-value.ts";
import { readXmlMembers } from "../../src/xml-members.ts";
import { readXml, type XmlElement } from "../../src/xml-reader.ts";
import { shown, wanted } from "../wanted-members.ts";

const asked = wanted(["Name", "Tags[].Key"]);

export const seeds: readonly Uint8Array[] = [
  '<?xml version="1.0" encoding="UTF-8"?>\n<Request xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>n</Name><Tags><member><Key>k</Key></member></Tags></Request>',
  "<A><Name>&lt;&#x41;&amp;</Name><Name/></A>",
  "<A/>",
].map((text) => Buffer.from(text, "utf8"));

/**
 * A document is read, or refused; its elements are those that its tags alone tell of; read again from what was read, it is
 * the same; and its members are those elements.
 */
export function run(bytes: Uint8Array): void {
  let root: XmlElement | undefined;
  try {
    root = readXml(bytes);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (root !== undefined) {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    assert.deepEqual(namesIn(root), tagsIn(text));
    assert.deepEqual(readXml(Buffer.from(write(root), "utf8")), root);
  }
  let members: unknown;
  try {
    members = shown(readXmlMembers(bytes, asked));
  } catch (error) {
    if (error instanceof TwoReadings) return;
    throw error;
  }
  if (bytes.length === 0) return;
  assert.ok(root !== undefined, "a member was read of what is no document");
  const { children } = root;
  const one = (name: string, of: readonly XmlElement[]): XmlElement | undefined => {
    const found = of.filter((child) => child.name === name);
    assert.ok(found.length <= 1, `${name} stands twice`);
    return found[0];
  };
  const text = (element: XmlElement): unknown => (element.children.length > 0 ? "(there)" : element.text);
  const name = one("Name", children);
  const tags = one("Tags", children)?.children.map((tag) => {
    const key = one("Key", tag.children);
    return key === undefined ? {} : { Key: text(key) };
  });
  assert.deepEqual(members, { ...(name && { Name: text(name) }), ...(tags && { Tags: tags }) });
}

/** The names of all elements in the order in which they begin. */
function namesIn({ name, children }: XmlElement): readonly string[] {
  return [name, ...children.flatMap(namesIn)];
}

/** The names in tags that begin an element, comments and the declaration taken out. */
function tagsIn(text: string): readonly string[] {
  return [
    ...text.matchAll(/<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<\/[^>]*>|<([^\s/>]+)(?:"[^"]*"|'[^']*'|[^>"'])*>/g),
  ].flatMap(([, name]) => name ?? []);
}

function write({ name, children, text }: XmlElement): string {
  // Every character by its number: nothing is left to the reader's taste.
  const escaped = [...text].map((char) => `&#${char.codePointAt(0)};`).join("");
  return `<${name}>${escaped}${children.map(write).join("")}</${name}>`;
}
