/** A number from 0 up to, and without, `below`. */
export type Chance = (below: number) => number;

/** Chance that repeats itself: a run can be had again by its seed (mulberry32). */
export function chanceFrom(seed: number): Chance {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const longest = 4096;
/** What readers of bytes and text stumble over. */
const curious: readonly Uint8Array[] = [
  ...["\r\n", "\n", "\0", "%", "%2F", "%00", "+", "&", "=", ";", ",", ":", "/", "..", "//", '"', "\\", "\\u0000"],
  ...[
    "0",
    "-1",
    "1e999",
    "9007199254740993",
    "4294967296",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    "&#0;",
    "<![CDATA[",
    "*",
    "?",
  ],
  ...["${", "}", "\u00e9", "\ufeff", "\ud7ff", "\u202e", "__proto__", "constructor", "Transfer-Encoding: chunked"],
].map((text) => Buffer.from(text, "utf8"));

/** Another input made of one: some of its bytes changed, taken out, doubled, or exchanged for others. */
export function mutate(parent: Uint8Array, others: readonly Uint8Array[], chance: Chance): Uint8Array {
  let bytes: Buffer = Buffer.from(parent);
  for (let times = 1 + chance(4); times > 0; times--) bytes = change(bytes, others, chance);
  return bytes.subarray(0, longest);
}

function change(bytes: Buffer, others: readonly Uint8Array[], chance: Chance): Buffer {
  const at = chance(bytes.length + 1);
  const length = Math.min(bytes.length - at, 1 + chance(chance(3) === 0 ? 64 : 4));
  const splice = (middle: Uint8Array, skip: number): Buffer =>
    Buffer.concat([bytes.subarray(0, at), middle, bytes.subarray(at + skip)]);
  switch (chance(9)) {
    case 0:
      return splice(Buffer.from([chance(256)]), Math.min(1, length));
    case 1: {
      const flipped = Buffer.from(bytes);
      if (at < flipped.length) flipped[at] = (flipped[at] as number) ^ (1 << chance(8));
      return flipped;
    }
    case 2:
      return splice(new Uint8Array(), length);
    case 3:
      return splice(bytes.subarray(at, at + length), 0);
    case 4:
      return splice(curious[chance(curious.length)] as Uint8Array, chance(2) * length);
    case 5:
      return splice(Buffer.alloc(1 + chance(200), bytes[at] ?? 0x41), 0);
    case 6: {
      const other = others[chance(others.length)] as Uint8Array;
      const from = chance(other.length + 1);
      return splice(other.subarray(from, from + 1 + chance(64)), chance(2) * length);
    }
    case 7: {
      // A number in it, by one more or less, or very large.
      const text = bytes.toString("latin1");
      const numbers = [...text.matchAll(/\d+/g)];
      const found = numbers[chance(Math.max(1, numbers.length))];
      if (found === undefined) return bytes;
      const value = [Number(found[0]) + 1, Number(found[0]) - 1, 0, 2 ** 31, 2 ** 53][chance(5)] as number;
      return Buffer.from(text.slice(0, found.index) + value + text.slice(found.index + found[0].length), "latin1");
    }
    default:
      return bytes.subarray(0, at);
  }
}
