/**
 * An output that takes what is written in one turn of the event loop in one write: each write to a terminal or a pipe is
 * a system call that the proxy waits for. `flush` writes what is waiting now.
 */
export class BatchedOutput {
  readonly #output: { write(text: string): unknown };
  #waiting = "";

  constructor(output: { write(text: string): unknown }) {
    this.#output = output;
  }

  write(text: string): void {
    if (this.#waiting === "") setImmediate(() => this.flush());
    this.#waiting += text;
  }

  flush(): void {
    if (this.#waiting === "") return;
    const text = this.#waiting;
    this.#waiting = "";
    this.#output.write(text);
  }
}
