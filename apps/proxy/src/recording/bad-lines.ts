import { printable } from "../terminal/terminal.ts";

/** Tells what of an input was passed over: the first ten with their place, then how many more. */
export class BadLines {
  readonly #stderr: { write(text: string): unknown };
  readonly #more = new Map<string, number>();
  #told = 0;

  constructor(stderr: { write(text: string): unknown }) {
    this.#stderr = stderr;
  }

  tell(file: string, line: number | undefined, why: string): void {
    if (this.#told < MOST_TOLD) {
      this.#told++;
      this.#stderr.write(`${printable(`${file}${line === undefined ? "" : `:${line}`}: passed over: ${why}`)}\n`);
    } else {
      this.#more.set(file, (this.#more.get(file) ?? 0) + 1);
    }
  }

  end(): void {
    for (const [file, count] of this.#more) this.#stderr.write(`${printable(file)}: ${count} more lines passed over\n`);
    this.#more.clear();
  }
}

const MOST_TOLD = 10;
