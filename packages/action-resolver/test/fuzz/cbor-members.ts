import assert from "node:assert/strict";
import { readCborMembers } from "../../src/cbor-members.ts";
import { TwoReadings } from "../../src/member-value.ts";
import { membersOfTree, type Tree } from "../members-of-tree.ts";
import { shown, wanted } from "../wanted-members.ts";

const asked = wanted(["A", "L[].K", "M{key}"]);

export const seeds: readonly Uint8Array[] = [
  ...["a161416178", "bf61417f61786179ff614201ff", "a261428201f66141182a", "a1614c9fa1614b6161a1614b6162ff"],
  ...["a1614da2617801617902", "a16141c11a6553f100", "a16141fb3ff8000000000000", "a16141420001", ""],
].map((hex) => Buffer.from(hex, "hex"));

/** Bytes are read as a decoder of whole documents reads them, or refused; a byte more or less is never the same. */
export function run(bytes: Uint8Array): void {
  const read = (input: Uint8Array): unknown => {
    try {
      return { value: shown(readCborMembers(input, asked)) };
    } catch (error) {
      if (error instanceof TwoReadings) return "refused";
      throw error;
    }
  };
  const members = read(bytes);
  if (members === "refused" || bytes.length === 0) return;
  assert.equal(read(Buffer.concat([bytes, Buffer.from([0])])), "refused");
  if (bytes.length > 1) assert.equal(read(bytes.subarray(0, -1)), "refused");
  const [tree, end] = decode(Buffer.from(bytes), 0);
  assert.equal(end, bytes.length);
  assert.deepEqual(members, { value: shown(membersOfTree(tree, asked)) });
}

/** The value at a place and where it ends (RFC 8949, section 3), by its table and without a check. */
function decode(bytes: Buffer, at: number): readonly [value: Tree, end: number] {
  const major = (bytes[at] as number) >> 5;
  const info = (bytes[at] as number) & 31;
  const size = info < 24 || info === 31 ? 0 : 2 ** (info - 24);
  const start = at + 1 + size;
  const argument = info < 24 ? info : size === 8 ? Number(bytes.readBigUInt64BE(at + 1)) : readUint(bytes, at, size);
  if (major === 6) return decode(bytes, start);
  if (major === 0) return [argument, start];
  if (major === 1) return [-1 - argument, start];
  if (major === 7) {
    if (info === 26) return [bytes.readFloatBE(at + 1), start];
    if (info === 27) return [bytes.readDoubleBE(at + 1), start];
    // A float of two bytes is told, not read.
    return [info === 25 ? bytes.subarray(at + 1, start) : info === 20 || info === 21 ? info === 21 : null, start];
  }
  if (info !== 31 && major < 4) {
    const value = bytes.subarray(start, start + argument);
    return [major === 2 ? value : value.toString("utf8"), start + argument];
  }
  const items: Tree[] = [];
  const count = info === 31 ? Number.POSITIVE_INFINITY : major === 5 ? 2 * argument : argument;
  let end = start;
  while (items.length < count && !(info === 31 && bytes[end] === 0xff)) {
    const [item, next] = decode(bytes, end);
    items.push(item);
    end = next;
  }
  if (info === 31) end++;
  if (major === 2) return [Buffer.concat(items as Buffer[]), end];
  if (major === 3) return [items.join(""), end];
  if (major === 4) return [items, end];
  // A name that nobody asked for may be there twice, or be no text.
  return [new Map(items.flatMap((key, i) => (i % 2 === 0 ? [[String(key), items[i + 1] as Tree]] : []))), end];
}

function readUint(bytes: Buffer, at: number, size: number): number {
  return size === 0 ? 0 : bytes.readUIntBE(at + 1, size);
}
