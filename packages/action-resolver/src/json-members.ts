import { type MemberValue, present, TwoReadings } from "./member-value.ts";
import { isLeaf, type OnWire } from "./wanted.ts";

const maxDepth = 512;
const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads the wanted members of a JSON document (RFC 8259) and passes over the rest, which must be well-formed too. Throws
 * `TwoReadings` for what parsers read differently: bad UTF-8, a wanted name that repeats or comes in other letter case, anything
 * after the document, more than 512 levels. An empty document is an empty object, as AWS takes it.
 */
export function readJsonMembers(bytes: Uint8Array, wanted: OnWire): MemberValue | undefined {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new TwoReadings("the JSON body is not UTF-8");
  }
  const reader = new JsonReader(text);
  return reader.document(wanted);
}

class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(wanted: OnWire): MemberValue | undefined {
    this.#space();
    if (this.#at === this.#text.length) return new Map();
    const value = this.#value(wanted, 0);
    this.#space();
    if (this.#at !== this.#text.length) this.#fail("something follows the document");
    return value;
  }

  /** The value at this place; undefined for `null`. */
  #value(wanted: OnWire, depth: number): MemberValue | undefined {
    const code = this.#text.charCodeAt(this.#at);
    if (isLeaf(wanted)) {
      if (code === 0x22) return this.#string();
      if (code === 0x7b || code === 0x5b) {
        const from = this.#at;
        this.#skip(depth);
        // An empty list is nothing; an empty structure is something.
        return code === 0x5b && /^\[[ \t\r\n]*\]$/.test(this.#text.slice(from, this.#at)) ? [] : present;
      }
      return this.#scalar();
    }
    if (code === 0x6e) return this.#scalar();
    if (wanted.each !== undefined) {
      if (code !== 0x5b) this.#fail("a list was expected");
      return this.#list(wanted.each, depth + 1);
    }
    if (code !== 0x7b) this.#fail("an object was expected");
    return wanted.values !== undefined || wanted.keys ? this.#map(wanted, depth + 1) : this.#object(wanted, depth + 1);
  }

  #object(wanted: OnWire, depth: number): MemberValue {
    const members = new Map<string, MemberValue>();
    const seen = new Set<string>();
    this.#members(depth, (name) => {
      const field = wanted.fields.get(name);
      if (field === undefined) {
        if (wanted.folded.has(name.toLowerCase()))
          this.#fail(`${JSON.stringify(name)} is not spelled as the API has it`);
        return false;
      }
      if (seen.has(name)) this.#fail(`${JSON.stringify(name)} is there more than once`);
      seen.add(name);
      const value = this.#value(field.node, depth);
      if (value !== undefined) members.set(field.member, value);
      return true;
    });
    return members;
  }

  #map({ values }: OnWire, depth: number): MemberValue {
    const entries = new Map<string, MemberValue>();
    this.#members(depth, (key) => {
      if (entries.has(key)) this.#fail(`${JSON.stringify(key)} is there more than once`);
      entries.set(key, present);
      if (values === undefined) return false;
      const value = this.#value(values, depth);
      if (value === undefined) entries.delete(key);
      else entries.set(key, value);
      return true;
    });
    return entries;
  }

  #list(each: OnWire, depth: number): MemberValue {
    this.#deeper(depth);
    const elements: MemberValue[] = [];
    this.#at++;
    this.#space();
    if (this.#text[this.#at] === "]") {
      this.#at++;
      return elements;
    }
    for (;;) {
      this.#space();
      const value = this.#value(each, depth);
      if (value !== undefined) elements.push(value);
      if (this.#separator("]")) return elements;
    }
  }

  /** Goes through an object; `member` reads a value, or says that it did not. */
  #members(depth: number, member: (name: string) => boolean): void {
    this.#deeper(depth);
    this.#at++;
    this.#space();
    if (this.#text[this.#at] === "}") {
      this.#at++;
      return;
    }
    for (;;) {
      this.#space();
      if (this.#text[this.#at] !== '"') this.#fail("a name was expected");
      const name = this.#string();
      this.#space();
      if (this.#text[this.#at] !== ":") this.#fail("a colon was expected");
      this.#at++;
      this.#space();
      if (!member(name)) this.#skip(depth);
      if (this.#separator("}")) return;
    }
  }

  /** Passes over a value. */
  #skip(outer: number): void {
    const closers: string[] = [];
    for (;;) {
      const char = this.#text[this.#at];
      if (char === "{" || char === "[") {
        closers.push(char === "{" ? "}" : "]");
        this.#deeper(outer + closers.length);
        this.#at++;
        this.#space();
        if (this.#text[this.#at] === closers.at(-1)) {
          this.#at++;
          closers.pop();
        } else {
          if (char === "{") this.#skipName();
          continue;
        }
      } else if (char === '"') this.#skipString();
      else this.#scalar();
      for (;;) {
        const closer = closers.at(-1);
        if (closer === undefined) return;
        if (!this.#separator(closer)) {
          this.#space();
          if (closer === "}") this.#skipName();
          break;
        }
        closers.pop();
      }
    }
  }

  #skipName(): void {
    if (this.#text[this.#at] !== '"') this.#fail("a name was expected");
    this.#skipString();
    this.#space();
    if (this.#text[this.#at] !== ":") this.#fail("a colon was expected");
    this.#at++;
    this.#space();
  }

  /** True when the value list ends with `closer`, false when a comma says that it goes on. */
  #separator(closer: string): boolean {
    this.#space();
    const char = this.#text[this.#at++];
    if (char === closer) return true;
    if (char !== ",") this.#fail(`a comma or ${closer} was expected`);
    return false;
  }

  #string(): string {
    const from = this.#at;
    const escaped = this.#skipString();
    const raw = this.#text.slice(from, this.#at);
    return escaped ? (JSON.parse(raw) as string) : raw.slice(1, -1);
  }

  /** Passes over a string; whether it holds escapes. */
  #skipString(): boolean {
    const text = this.#text;
    let escaped = false;
    let at = this.#at + 1;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === 0x22) break;
      if (code === 0x5c) {
        escaped = true;
        at += this.#escapeLength(at + 1);
      } else if (!(code >= 0x20)) this.#fail("a string does not end, or holds a control character");
      at++;
    }
    this.#at = at + 1;
    return escaped;
  }

  /** How many characters follow the backslash of an escape. */
  #escapeLength(at: number): number {
    const text = this.#text;
    if (at < text.length && simpleEscapes.includes(text.charAt(at))) return 1;
    if (text[at] !== "u" || !/^[0-9A-Fa-f]{4}$/.test(text.slice(at + 1, at + 5))) {
      this.#fail("an escape is not one of JSON's");
    }
    return 5;
  }

  #scalar(): string | number | boolean | undefined {
    const text = this.#text;
    for (const [word, value] of words) {
      if (text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    numberPattern.lastIndex = this.#at;
    const found = numberPattern.exec(text)?.[0];
    if (found === undefined) return this.#fail("a value was expected");
    this.#at += found.length;
    const number = Number(found);
    return String(number) === found ? number : found;
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }

  #deeper(depth: number): void {
    if (depth > maxDepth) this.#fail(`there are more than ${maxDepth} levels`);
  }

  #fail(what: string): never {
    throw new TwoReadings(`the JSON body cannot be read at character ${this.#at}: ${what}`);
  }
}

const simpleEscapes = '"\\/bfnrt';
const words: readonly (readonly [string, boolean | undefined])[] = [
  ["true", true],
  ["false", false],
  ["null", undefined],
];
