import { eachParameter } from "./each-parameter.ts";
import { type MemberValue, present, TwoReadings } from "./member-value.ts";
import { isLeaf, type OnWire } from "./wanted.ts";

/** A node while its parameters come in, in any order. */
interface Draft {
  text: string | undefined;
  readonly fields: Map<string, Draft>;
  readonly elements: Map<number, Draft>;
  key: string | undefined;
}

/**
 * Reads the wanted members of a query or EC2 request: `Filter.1.Value.2=x`. `parameters` are the decoded pairs of the URL; `form` the
 * body. Throws `TwoReadings` for a wanted parameter that repeats, is numbered otherwise than the protocol has it (from 1, without gaps), or differs
 * in letter case.
 */
export function readFormMembers(
  parameters: Iterable<readonly [name: string, value: string]>,
  form: Uint8Array | undefined,
  wanted: OnWire,
): MemberValue {
  const root = draft();
  for (const [name, value] of parameters) put(root, wanted, name, value);
  if (form !== undefined) eachParameter(form, (name, value) => put(root, wanted, name, value));
  return finished(root, wanted);
}

function draft(): Draft {
  return { text: undefined, fields: new Map(), elements: new Map(), key: undefined };
}

function put(root: Draft, wanted: OnWire, name: string, value: string | (() => string)): void {
  const dot = name.indexOf(".");
  const first = dot < 0 ? name : name.slice(0, dot);
  // Most parameters are none of ours.
  if (!wanted.fields.has(first) && !wanted.folded.has(first.toLowerCase())) return;
  const parts = name.split(".");
  let at = root;
  let node = wanted;
  let i = 0;
  const bad = (): never => {
    throw new TwoReadings(`the parameter ${JSON.stringify(name.slice(0, 100))} is not in the form the API has`);
  };
  const next = (map: Map<string | number, Draft>, key: string | number): Draft => {
    const found = map.get(key) ?? draft();
    map.set(key, found);
    return found;
  };
  while (!isLeaf(node)) {
    const part = parts[i];
    if (part === undefined) {
      // `Tags=` is how an empty list is sent.
      if ((typeof value === "string" ? value : value()) !== "" || node.fields.size > 0) bad();
      return;
    }
    const isMap = node.values !== undefined || node.keys;
    if (node.each !== undefined || isMap) {
      const item = isMap ? node.entry[0] : node.item;
      if (item !== "" && part !== item) bad();
      if (item !== "") i++;
      const number = parts[i] ?? "";
      if (!/^[1-9][0-9]{0,5}$/.test(number)) bad();
      i++;
      at = next(at.elements as Map<string | number, Draft>, Number(number));
      if (!isMap) {
        node = node.each as OnWire;
        continue;
      }
      const [, key, valueName] = node.entry;
      if (parts[i] === key && i + 1 === parts.length) {
        if (at.key !== undefined) bad();
        at.key = typeof value === "string" ? value : value();
        return;
      }
      if (parts[i] !== valueName) bad();
      i++;
      if (node.values === undefined) return;
      node = node.values;
      at = next(at.fields as Map<string | number, Draft>, "");
      continue;
    }
    const field = node.fields.get(part);
    if (field === undefined) {
      if (node.folded.has(part.toLowerCase())) bad();
      return;
    }
    at = next(at.fields as Map<string | number, Draft>, field.member);
    node = field.node;
    i++;
  }
  if (i < parts.length) return;
  if (at.text !== undefined) throw new TwoReadings(`the parameter ${name.slice(0, 100)} is there more than once`);
  at.text = typeof value === "string" ? value : value();
}

function finished(from: Draft, node: OnWire): MemberValue {
  // A draft without a text has something inside that nobody asked for.
  if (isLeaf(node)) return from.text ?? present;
  const elements = (): readonly Draft[] =>
    [...from.elements]
      .sort(([a], [b]) => a - b)
      .map(([number, element], i) => {
        // Where there is a gap, servers may end the list.
        if (number !== i + 1)
          throw new TwoReadings(`the elements of a list are not numbered from 1 to ${from.elements.size}`);
        return element;
      });
  if (node.each !== undefined) {
    const { each } = node;
    return elements().map((element) => finished(element, each));
  }
  if (node.values !== undefined || node.keys) {
    const map = new Map<string, MemberValue>();
    for (const element of elements()) {
      if (element.key === undefined || map.has(element.key)) throw new TwoReadings("a map's key is missing or repeats");
      const inner = element.fields.get("");
      map.set(element.key, (inner && node.values && finished(inner, node.values)) ?? present);
    }
    return map;
  }
  const members = new Map<string, MemberValue>();
  for (const { member, node: inner } of node.fields.values()) {
    const field = from.fields.get(member);
    if (field !== undefined) members.set(member, finished(field, inner));
  }
  return members;
}
