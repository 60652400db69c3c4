import { type MemberValue, present, TwoReadings } from "./member-value.ts";
import { isLeaf, type OnWire } from "./wanted.ts";

const maxDepth = 512;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads the wanted members of a CBOR document (RFC 8949, with indefinite lengths and tags) and passes over the rest. Throws `TwoReadings`
 * for bad UTF-8, a map that names a member twice, text keys in other letter case than the API's, anything after the document, more than 512 levels.
 */
export function readCborMembers(bytes: Uint8Array, wanted: OnWire): MemberValue | undefined {
  if (bytes.length === 0) return new Map();
  const reader = new CborReader(bytes);
  return reader.document(wanted);
}

interface Head {
  readonly major: number;
  /** The argument; undefined for an indefinite length. */
  readonly length: number | undefined;
  readonly info: number;
}

class CborReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  document(wanted: OnWire): MemberValue | undefined {
    const value = this.#value(wanted, 0);
    if (this.#at !== this.#bytes.length) this.#fail("something follows the document");
    return value;
  }

  #value(wanted: OnWire, depth: number): MemberValue | undefined {
    const head = this.#headOfValue();
    if (isLeaf(wanted)) {
      if (head.major !== 4 && head.major !== 5) return this.#scalar(head);
      const empty = this.#items(head, depth + 1) === 0;
      return empty && head.major === 4 ? [] : present;
    }
    if (head.major === 7) {
      const value = this.#scalar(head);
      if (value === undefined) return undefined;
      return this.#fail("a list or map was expected");
    }
    if (wanted.each !== undefined) {
      const { each } = wanted;
      if (head.major !== 4) this.#fail("a list was expected");
      const elements: MemberValue[] = [];
      this.#each(head, depth + 1, () => {
        const value = this.#value(each, depth + 1);
        if (value !== undefined) elements.push(value);
      });
      return elements;
    }
    if (head.major !== 5) this.#fail("a map was expected");
    const members = new Map<string, MemberValue>();
    const seen = new Set<string>();
    const isMap = wanted.values !== undefined || wanted.keys;
    this.#each(head, depth + 1, () => {
      const name = this.#text();
      const field = isMap ? { member: name, node: wanted.values } : wanted.fields.get(name);
      if (field === undefined) {
        if (wanted.folded.has(name.toLowerCase()))
          this.#fail(`${JSON.stringify(name)} is not spelled as the API has it`);
        this.#skip(depth + 1);
        return;
      }
      if (seen.has(name)) this.#fail(`${JSON.stringify(name)} is there more than once`);
      seen.add(name);
      if (field.node === undefined) {
        this.#skip(depth + 1);
        members.set(name, present);
        return;
      }
      const value = this.#value(field.node, depth + 1);
      if (value !== undefined) members.set(field.member, value);
    });
    return members;
  }

  #text(): string {
    const head = this.#headOfValue();
    if (head.major !== 3) this.#fail("a name was expected");
    return this.#scalar(head) as string;
  }

  #scalar({ major, length, info }: Head): MemberValue | undefined {
    switch (major) {
      case 0:
        return length as number;
      case 1:
        return -1 - (length as number);
      case 2:
        this.#string(2, length);
        return present;
      case 3: {
        const bytes = this.#string(3, length);
        try {
          return utf8.decode(bytes);
        } catch {
          return this.#fail("a text is not UTF-8");
        }
      }
      default:
        if (info === 20 || info === 21) return info === 21;
        if (info === 22 || info === 23) return undefined;
        if (info === 26) return this.#view.getFloat32(this.#at - 4);
        if (info === 27) return this.#view.getFloat64(this.#at - 8);
        if (info === 25) return present;
        return this.#fail("a simple value is not known");
    }
  }

  #string(major: number, length: number | undefined): Uint8Array {
    if (length !== undefined) return this.#take(length);
    const chunks: Uint8Array[] = [];
    while (!this.#break()) {
      const head = this.#head();
      if (head.major !== major || head.length === undefined) this.#fail("a chunk is not of its string's kind");
      chunks.push(this.#take(head.length as number));
    }
    return Buffer.concat(chunks);
  }

  #skip(depth: number): void {
    const head = this.#headOfValue();
    if (head.major === 4 || head.major === 5) this.#items(head, depth + 1);
    else this.#scalar(head);
  }

  /** Passes over the items of a list or map; how many there were. */
  #items(head: Head, depth: number): number {
    let count = 0;
    this.#each(head, depth, () => {
      count++;
      if (head.major === 5) this.#skip(depth);
      this.#skip(depth);
    });
    return count;
  }

  #each({ length }: Head, depth: number, item: () => void): void {
    if (depth > maxDepth) this.#fail(`there are more than ${maxDepth} levels`);
    if (length !== undefined) for (let i = 0; i < length; i++) item();
    else while (!this.#break()) item();
  }

  #break(): boolean {
    if (this.#bytes[this.#at] !== 0xff) return false;
    this.#at++;
    return true;
  }

  /** The head of the next value; tags say what a value means, not what it is. */
  #headOfValue(): Head {
    for (let tags = 0; tags < 8; tags++) {
      const head = this.#head();
      if (head.major !== 6) return head;
    }
    return this.#fail("there are too many tags");
  }

  #head(): Head {
    const first = this.#take(1)[0] as number;
    const major = first >> 5;
    const info = first & 0x1f;
    if (info < 24) return { major, info, length: info };
    if (info === 31 && major >= 2 && major <= 5) return { major, info, length: undefined };
    if (info > 27) return this.#fail("a length is not known");
    const size = 1 << (info - 24);
    this.#take(size);
    const at = this.#at - size;
    const length =
      size === 1
        ? this.#view.getUint8(at)
        : size === 2
          ? this.#view.getUint16(at)
          : size === 4
            ? this.#view.getUint32(at)
            : Number(this.#view.getBigUint64(at));
    return { major, info, length };
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) this.#fail("it ends too early");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #fail(what: string): never {
    throw new TwoReadings(`the CBOR body cannot be read at byte ${this.#at}: ${what}`);
  }
}
