/** How far a long work has come, on one line of a terminal; nothing where stderr is none, or the work is short. */
export class Progress {
  readonly #stderr: { write(text: string): unknown; readonly isTTY?: boolean | undefined };
  #next = performance.now() + FIRST_AFTER_MS;
  #shown = false;

  constructor(stderr: { write(text: string): unknown; readonly isTTY?: boolean | undefined }) {
    this.#stderr = stderr;
  }

  tell(what: string, share: number): void {
    if (this.#stderr.isTTY !== true) return;
    const now = performance.now();
    if (now < this.#next) return;
    this.#next = now + EVERY_MS;
    this.#shown = true;
    this.#stderr.write(`\r${what}: ${Math.min(100, Math.floor(share * 100))} %`);
  }

  /** Takes the line away. */
  end(): void {
    if (this.#shown) this.#stderr.write("\r\u001b[K");
    this.#shown = false;
  }
}

const FIRST_AFTER_MS = 500;
const EVERY_MS = 200;
