import { canonicalHeaderValue } from "./canonical-headers.ts";

/** The headers of a signature while they are collected: sorted by name, each once, with their canonical values. */
export class SignedHeaders {
  readonly #names: string[] = [];
  readonly #values: string[] = [];

  /** Adds a line. Values of one name are joined by a comma, in the order they come in. */
  add(name: string, value: string): void {
    const at = this.#place(name);
    const canonical = canonicalHeaderValue(value);
    if (this.#names[at] === name) this.#values[at] += `,${canonical}`;
    else this.#insert(at, name, canonical);
  }

  /** Adds a name that is not there yet, and says whether it did. */
  addOnce(name: string, value: string): boolean {
    const at = this.#place(name);
    if (this.#names[at] === name) return false;
    this.#insert(at, name, canonicalHeaderValue(value));
    return true;
  }

  has(name: string): boolean {
    return this.#names.includes(name);
  }

  /** `host;x-amz-date` */
  get names(): string {
    return this.#names.join(";");
  }

  /** `name:value\n` each. */
  canonical(): string {
    const names = this.#names;
    const values = this.#values;
    let text = "";
    for (let i = 0; i < names.length; i++) text += `${names[i]}:${values[i]}\n`;
    return text;
  }

  /** Where the name stands, or would: there are about ten, and many come sorted, so the end is looked at first. */
  #place(name: string): number {
    let at = this.#names.length;
    while (at > 0 && (this.#names[at - 1] as string) >= name) at--;
    return at;
  }

  #insert(at: number, name: string, value: string): void {
    const names = this.#names;
    const values = this.#values;
    for (let i = names.length; i > at; i--) {
      names[i] = names[i - 1] as string;
      values[i] = values[i - 1] as string;
    }
    names[at] = name;
    values[at] = value;
  }
}
