/** Under load, so often: nobody reads faster. */
const everyMs = 20;

/**
 * An output that takes what is written together in one write: each write to a terminal or a pipe is a system call that the
 * proxy waits for. What comes alone goes out in the same turn of the event loop, the rest within 20 ms. `flush` writes what is waiting now. With `mostBytes`, a write takes no more than so
 * many, and whole lines, as far as they fit: several processes that write to one pipe then do not mix them.
 */
export class BatchedOutput {
  readonly #output: { write(text: string): unknown };
  readonly #mostBytes: number;
  #waiting = "";
  #flushedAt = Number.NEGATIVE_INFINITY;

  constructor(output: { write(text: string): unknown }, mostBytes: number = Number.POSITIVE_INFINITY) {
    this.#output = output;
    this.#mostBytes = mostBytes;
  }

  write(text: string): void {
    if (this.#waiting === "") this.#schedule();
    this.#waiting += text;
  }

  #schedule(): void {
    const restMs = this.#flushedAt + everyMs - performance.now();
    if (restMs <= 0) setImmediate(() => this.flush());
    else setTimeout(() => this.flush(), restMs);
  }

  flush(): void {
    if (this.#waiting === "") return;
    const text = this.#waiting;
    this.#waiting = "";
    this.#flushedAt = performance.now();
    if (Buffer.byteLength(text) <= this.#mostBytes) return void this.#output.write(text);
    let piece = "";
    for (const line of text.split(/(?<=\n)/)) {
      if (piece !== "" && Buffer.byteLength(piece + line) > this.#mostBytes) {
        this.#output.write(piece);
        piece = "";
      }
      piece += line;
    }
    this.#output.write(piece);
  }
}
