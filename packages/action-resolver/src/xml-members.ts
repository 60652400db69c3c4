import { type MemberValue, present, TwoReadings } from "./member-value.ts";
import { isLeaf, type OnWire } from "./wanted.ts";
import { readXml, type XmlElement } from "./xml-reader.ts";

/** Reads the wanted members of an XML document; its root stands for the input. Throws `TwoReadings` as `readXml` does. */
export function readXmlMembers(bytes: Uint8Array, wanted: OnWire): MemberValue | undefined {
  if (bytes.length === 0) return new Map();
  let root: XmlElement;
  try {
    root = readXml(bytes);
  } catch (error) {
    throw new TwoReadings((error as Error).message);
  }
  return read(root, wanted);
}

function read(element: XmlElement, wanted: OnWire): MemberValue {
  if (isLeaf(wanted)) return element.children.length > 0 ? present : element.text;
  if (wanted.each !== undefined) {
    const { each, item } = wanted;
    for (const { name } of element.children) {
      if (name !== item) throw new TwoReadings(`the XML list ${element.name} holds ${name}`);
    }
    return element.children.map((child) => read(child, each));
  }
  if (wanted.values !== undefined || wanted.keys) return readMap(element.children, wanted, wanted.entry[0]);
  const members = new Map<string, MemberValue>();
  for (const [wire, { member, node }] of wanted.fields) {
    const children = element.children.filter(({ name }) => name === wire);
    if (children.length === 0) continue;
    if (node.each !== undefined && node.item === "") {
      const { each } = node;
      members.set(
        member,
        children.map((child) => read(child, each)),
      );
    } else if ((node.values !== undefined || node.keys) && node.entry[0] === "") {
      members.set(member, readMap(children, node, wire));
    } else {
      if (children.length > 1) throw new TwoReadings(`${wire} is there more than once in the XML body`);
      members.set(member, read(children[0] as XmlElement, node));
    }
  }
  for (const { name } of element.children) {
    if (!wanted.fields.has(name) && wanted.folded.has(name.toLowerCase())) {
      throw new TwoReadings(`${name} in the XML body is not spelled as the API has it`);
    }
  }
  return members;
}

function readMap(entries: readonly XmlElement[], { values, entry }: OnWire, name: string): MemberValue {
  const map = new Map<string, MemberValue>();
  for (const element of entries) {
    const key = element.children.filter((child) => child.name === entry[1]);
    const value = element.children.filter((child) => child.name === entry[2]);
    if (element.name !== name || key.length !== 1 || value.length > 1)
      throw new TwoReadings("an XML map has no such entry");
    const text = (key[0] as XmlElement).text;
    if (map.has(text)) throw new TwoReadings(`${JSON.stringify(text)} is there more than once in an XML map`);
    const [only] = value;
    map.set(text, only === undefined || values === undefined ? present : read(only, values));
  }
  return map;
}
