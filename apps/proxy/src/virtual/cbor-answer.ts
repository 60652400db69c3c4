import { isUtf8 } from "node:buffer";
import { type AnswerNode, maxDepth, UnreadableAnswer } from "./answer-tree.ts";

/**
 * Reads a CBOR body (RFC 8949), as rpc-v2-cbor services write it: definite and indefinite maps, lists and strings,
 * numbers, tags. A text in pieces is one value; its replacement is written whole.
 */
export function readCborAnswer(bytes: Buffer): AnswerNode {
  let at = 0;

  function unreadable(what: string): never {
    throw new UnreadableAnswer(`${what} at byte ${at} of the CBOR`);
  }
  function byte(): number {
    const value = bytes[at];
    if (value === undefined) return unreadable("its end");
    at++;
    return value;
  }
  /** The argument of an initial byte (section 3); undefined for an indefinite length. */
  function argument(additional: number): number | undefined {
    if (additional < 24) return additional;
    if (additional === 31) return undefined;
    const length = { 24: 1, 25: 2, 26: 4, 27: 8 }[additional];
    if (length === undefined) return unreadable("a reserved length");
    let value = 0;
    for (let i = 0; i < length; i++) value = value * 256 + byte();
    return value;
  }
  function pieces(major: number, length: number | undefined): Buffer {
    if (length !== undefined) {
      if (at + length > bytes.length) unreadable("a string past the end");
      at += length;
      return bytes.subarray(at - length, at);
    }
    const parts: Buffer[] = [];
    while (bytes[at] !== 0xff) {
      const head = byte();
      if (head >> 5 !== major || (head & 31) === 31) unreadable("no piece of a string");
      parts.push(pieces(major, argument(head & 31)));
    }
    at++;
    return Buffer.concat(parts);
  }
  function text(major: number, length: number | undefined): string {
    const part = pieces(major, length);
    if (!isUtf8(part)) unreadable("no UTF-8");
    return part.toString("utf8");
  }
  /** Calls `one` as often as there are items. */
  function each(count: number | undefined, one: () => void): void {
    if (count === undefined) {
      while (bytes[at] !== 0xff) one();
      at++;
      return;
    }
    if (count > bytes.length) unreadable("more items than bytes");
    for (let i = 0; i < count; i++) one();
  }
  function float(additional: number): number | null {
    const start = at;
    if (additional === 26) {
      at += 4;
      if (at > bytes.length) unreadable("its end");
      return bytes.readFloatBE(start);
    }
    if (additional === 27) {
      at += 8;
      if (at > bytes.length) unreadable("its end");
      return bytes.readDoubleBE(start);
    }
    if (additional === 31) unreadable("a break without a beginning");
    argument(additional);
    return null;
  }
  function value(depth: number): AnswerNode {
    if (depth > maxDepth) unreadable("too deep a nesting");
    const start = at;
    const head = byte();
    const major = head >> 5;
    if (major === 7) return { kind: "value", value: float(head & 31), start, end: at };
    const length = argument(head & 31);
    switch (major) {
      case 2:
        pieces(2, length);
        return { kind: "value", value: null, start, end: at };
      case 3:
        return { kind: "value", value: text(3, length), start, end: at };
      case 4: {
        const items: AnswerNode[] = [];
        each(length, () => items.push(value(depth + 1)));
        return { kind: "list", items };
      }
      case 5: {
        const members: [string, AnswerNode][] = [];
        each(length, () => {
          const key = byte();
          if (key >> 5 !== 3) unreadable("a key that is no text");
          members.push([text(3, argument(key & 31)), value(depth + 1)]);
        });
        return { kind: "map", members };
      }
      default: {
        if (length === undefined) return unreadable("a number without a length");
        // A tag (section 3.4) says what its value means; a time is a number of seconds.
        if (major === 6) return value(depth + 1);
        return { kind: "value", value: major === 0 ? length : -1 - length, start, end: at };
      }
    }
  }

  const root = value(0);
  if (at !== bytes.length) unreadable("more than one value");
  return root;
}

/** A text as CBOR spells it. */
export function cborText(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  const length = bytes.length;
  const head =
    length < 24 ? [0x60 | length] : length < 256 ? [0x78, length] : [0x79, (length >> 8) & 255, length & 255];
  if (length > 65_535) throw new RangeError(`a text of ${length} bytes is longer than any token`);
  return Buffer.concat([Buffer.from(head), bytes]);
}
