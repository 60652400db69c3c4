import { type MemberMap, type MemberValue, present } from "../src/member-value.ts";
import { isLeaf, type OnWire } from "../src/wanted.ts";

/** A value as a whole, as parsers of others give it: JSON's, with bytes beside them. */
export type Tree = string | number | boolean | null | Uint8Array | readonly Tree[] | ReadonlyMap<string, Tree>;

/**
 * What is wanted of a value that was read as a whole: what the readers of the wire, which never build one, must come to.
 * Throws a TypeError where the value has another shape than what is wanted.
 */
export function membersOfTree(tree: Tree | undefined, wanted: OnWire): MemberValue | undefined {
  if (tree === undefined || tree === null) return undefined;
  if (isLeaf(wanted)) {
    if (Array.isArray(tree)) return tree.length === 0 ? [] : present;
    return typeof tree === "object" ? present : tree;
  }
  if (wanted.each !== undefined) {
    const { each } = wanted;
    if (!Array.isArray(tree)) throw new TypeError("no list");
    return tree.flatMap((one: Tree) => membersOfTree(one, each) ?? []);
  }
  if (!(tree instanceof Map)) throw new TypeError("no structure");
  const members = new Map<string, MemberValue>();
  if (wanted.values !== undefined || wanted.keys) {
    for (const [key, value] of tree as ReadonlyMap<string, Tree>) {
      const inner = wanted.values === undefined ? present : membersOfTree(value, wanted.values);
      if (inner !== undefined) members.set(key, inner);
    }
  } else {
    for (const [name, { member, node }] of wanted.fields) {
      const value = membersOfTree((tree as ReadonlyMap<string, Tree>).get(name), node);
      if (value !== undefined) members.set(member, value);
    }
  }
  return members satisfies MemberMap;
}
