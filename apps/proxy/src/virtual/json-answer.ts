import { isUtf8 } from "node:buffer";
import { type AnswerNode, maxDepth, UnreadableAnswer } from "./answer-tree.ts";

/** Reads a JSON body (RFC 8259, UTF-8 without a byte order mark). */
export function readJsonAnswer(bytes: Buffer): AnswerNode {
  let at = 0;

  function unreadable(what: string): never {
    throw new UnreadableAnswer(`${what} at byte ${at} of the JSON`);
  }
  function space(): void {
    while (at < bytes.length && (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09))
      at++;
  }
  function expect(character: string): void {
    if (bytes[at] !== character.charCodeAt(0)) unreadable(`no ${character}`);
    at++;
  }
  function literal(): string {
    const start = at;
    while (at < bytes.length && !literalEnds.has(bytes[at] as number)) at++;
    return bytes.toString("latin1", start, at);
  }
  function text(): string {
    const start = at;
    expect('"');
    while (at < bytes.length && bytes[at] !== 0x22) at += bytes[at] === 0x5c ? 2 : 1;
    expect('"');
    return parse(bytes.toString("utf8", start, at)) as string;
  }
  function parse(source: string): unknown {
    try {
      return JSON.parse(source);
    } catch {
      return unreadable("no value");
    }
  }
  /** What stands between two brackets, by commas. */
  function each(close: string, one: () => void): void {
    at++;
    space();
    if (bytes[at] !== close.charCodeAt(0)) {
      for (;;) {
        one();
        space();
        if (bytes[at] !== 0x2c) break;
        at++;
        space();
      }
    }
    expect(close);
  }
  function value(depth: number): AnswerNode {
    if (depth > maxDepth) unreadable("too deep a nesting");
    const start = at;
    switch (bytes[at]) {
      case 0x7b: {
        const members: [string, AnswerNode][] = [];
        each("}", () => {
          const name = text();
          space();
          expect(":");
          space();
          members.push([name, value(depth + 1)]);
        });
        return { kind: "map", members };
      }
      case 0x5b: {
        const items: AnswerNode[] = [];
        each("]", () => items.push(value(depth + 1)));
        return { kind: "list", items };
      }
      case 0x22:
        return { kind: "value", value: text(), start, end: at };
      default: {
        const parsed = parse(literal());
        return { kind: "value", value: typeof parsed === "number" ? parsed : null, start, end: at };
      }
    }
  }

  if (!isUtf8(bytes)) unreadable("no UTF-8");
  space();
  const root = value(0);
  space();
  if (at !== bytes.length) unreadable("more than one value");
  return root;
}

const literalEnds = new Set([..." \t\r\n,]}"].map((character) => character.charCodeAt(0)));
