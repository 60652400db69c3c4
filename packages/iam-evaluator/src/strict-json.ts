/** A JSON value that remembers where it stood: `offset` is the index of its first character. */
export type JsonNode =
  | { readonly kind: "object"; readonly offset: number; readonly members: readonly JsonMember[] }
  | { readonly kind: "array"; readonly offset: number; readonly items: readonly JsonNode[] }
  | { readonly kind: "string"; readonly offset: number; readonly value: string }
  | { readonly kind: "number"; readonly offset: number; readonly value: string }
  | { readonly kind: "boolean"; readonly offset: number; readonly value: boolean }
  | { readonly kind: "null"; readonly offset: number };

/** One `"key": value` of an object. */
export interface JsonMember {
  readonly key: string;
  readonly offset: number;
  readonly value: JsonNode;
}

/** Text that is not JSON, or JSON of which two readers could make two things. */
export class StrictJsonError extends Error {
  override readonly name = "StrictJsonError";
  readonly code: "INVALID_JSON" | "DUPLICATE_KEY" | "TOO_DEEP";
  readonly offset: number;

  constructor(code: "INVALID_JSON" | "DUPLICATE_KEY" | "TOO_DEEP", message: string, offset: number) {
    super(message);
    this.code = code;
    this.offset = offset;
  }
}

/**
 * Parses JSON (RFC 8259) and nothing more. `JSON.parse` keeps the last of two equal keys without a word, which would
 * let a second `"Effect"` hide behind the first; here equal keys, also when spelt with different escapes, are an error.
 * Nesting is capped (default 32: a policy needs 8), so no document can exhaust the stack.
 */
export function parseStrictJson(text: string, { maxDepth = 32 }: { readonly maxDepth?: number } = {}): JsonNode {
  let at = 0;

  const fail = (message: string, offset = at): never => {
    throw new StrictJsonError("INVALID_JSON", message, offset);
  };

  const found = (): string => {
    if (at >= text.length) return "the end of the text";
    const code = text.codePointAt(at) as number;
    if (code === 0xfeff) return "a byte order mark";
    return code < 0x20 || code > 0x7e
      ? `U+${code.toString(16).toUpperCase().padStart(4, "0")}`
      : JSON.stringify(text[at]);
  };

  const skipWhiteSpace = (): void => {
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    }
  };

  const parseValue = (depth: number): JsonNode => {
    skipWhiteSpace();
    const offset = at;
    switch (text[at]) {
      case "{":
        return parseObject(depth);
      case "[":
        return parseArray(depth);
      case '"':
        return { kind: "string", offset, value: parseString() };
      case "t":
        return parseWord("true", { kind: "boolean", offset, value: true });
      case "f":
        return parseWord("false", { kind: "boolean", offset, value: false });
      case "n":
        return parseWord("null", { kind: "null", offset });
      default:
        return parseNumber();
    }
  };

  const enter = (depth: number): void => {
    if (depth >= maxDepth) throw new StrictJsonError("TOO_DEEP", `It is nested deeper than ${maxDepth} levels.`, at);
    at++;
    skipWhiteSpace();
  };

  const parseObject = (depth: number): JsonNode => {
    const offset = at;
    const members: JsonMember[] = [];
    const keys = new Set<string>();
    enter(depth);
    if (text[at] === "}") {
      at++;
      return { kind: "object", offset, members };
    }
    for (;;) {
      skipWhiteSpace();
      const keyOffset = at;
      if (text[at] !== '"') fail(`Expected a key in double quotes, found ${found()}.`);
      const key = parseString();
      if (keys.has(key)) {
        throw new StrictJsonError("DUPLICATE_KEY", `The key ${JSON.stringify(key)} stands twice here.`, keyOffset);
      }
      keys.add(key);
      skipWhiteSpace();
      if (text[at] !== ":") fail(`Expected ":" after the key ${JSON.stringify(key)}, found ${found()}.`);
      at++;
      members.push({ key, offset: keyOffset, value: parseValue(depth + 1) });
      skipWhiteSpace();
      if (text[at] === "}") {
        at++;
        return { kind: "object", offset, members };
      }
      if (text[at] !== ",") fail(`Expected "," or "}", found ${found()}.`);
      at++;
    }
  };

  const parseArray = (depth: number): JsonNode => {
    const offset = at;
    const items: JsonNode[] = [];
    enter(depth);
    if (text[at] === "]") {
      at++;
      return { kind: "array", offset, items };
    }
    for (;;) {
      items.push(parseValue(depth + 1));
      skipWhiteSpace();
      if (text[at] === "]") {
        at++;
        return { kind: "array", offset, items };
      }
      if (text[at] !== ",") fail(`Expected "," or "]", found ${found()}.`);
      at++;
    }
  };

  const parseString = (): string => {
    const start = at;
    let value = "";
    let copied = ++at;
    for (;;) {
      if (at >= text.length) fail("This string has no end.", start);
      const code = text.charCodeAt(at);
      if (code === 0x22) {
        value += text.slice(copied, at++);
        return value;
      }
      if (code < 0x20) fail("A control character in a string must be written as an escape.");
      if (code === 0x5c) {
        value += text.slice(copied, at) + parseEscape();
        copied = at;
      } else {
        at++;
      }
    }
  };

  const parseEscape = (): string => {
    const letter = text[at + 1];
    if (letter === "u") {
      const digits = text.slice(at + 2, at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) fail("\\u must be followed by four hexadecimal digits.");
      at += 6;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const meaning = letter === undefined ? undefined : ESCAPES.get(letter);
    if (meaning === undefined) return fail("This escape is not one of JSON's.");
    at += 2;
    return meaning;
  };

  const parseWord = (word: string, node: JsonNode): JsonNode => {
    if (!text.startsWith(word, at)) fail(`Expected a value, found ${found()}.`);
    at += word.length;
    return node;
  };

  const parseNumber = (): JsonNode => {
    NUMBER.lastIndex = at;
    const offset = at;
    const value = NUMBER.exec(text)?.[0];
    if (value === undefined) return fail(`Expected a value, found ${found()}.`);
    at += value.length;
    return { kind: "number", offset, value };
  };

  const node = parseValue(0);
  skipWhiteSpace();
  if (at < text.length) fail(`Expected nothing after the value, found ${found()}.`);
  return node;
}

/** Turns offsets in a text into lines and columns, both from 1. */
export function positionsIn(text: string): (offset: number) => { readonly line: number; readonly column: number } {
  const starts = [0];
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", end + 1)) starts.push(end + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] as number) + 1 };
  };
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);
