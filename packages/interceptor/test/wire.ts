import type { Socket } from "node:net";

export interface Message {
  readonly start: string;
  /** Header lines as they stood on the wire. */
  readonly lines: readonly string[];
  readonly body: Buffer;
  readonly trailers: readonly string[];
  /** The value of the first header of that name. */
  header(name: string): string | undefined;
}

/** One end of a connection, as bytes. */
export class Wire {
  /** What is spoken on: TLS, or the same as `raw`. */
  readonly socket: Socket;
  readonly raw: Socket;
  /** What was received and not yet taken, as it came. */
  #pieces: Buffer[] = [];
  #taken = 0;
  /** Bytes received in all. */
  total = 0;
  ended = false;
  closed = false;
  error: NodeJS.ErrnoException | undefined;
  readonly #onData = (chunk: Buffer): void => {
    this.total += chunk.length;
    this.#pieces.push(chunk);
  };

  constructor(socket: Socket, raw: Socket) {
    this.socket = socket;
    this.raw = raw;
    socket.on("data", this.#onData);
    socket.on("end", () => {
      this.ended = true;
    });
    socket.on("error", (error) => {
      this.error = error;
    });
    socket.on("close", () => {
      this.closed = true;
    });
    raw.on("error", () => {});
    raw.on("close", () => {
      this.closed = true;
    });
  }

  /** Bytes received and not yet taken. */
  get received(): Buffer {
    if (this.#pieces.length !== 1) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0] as Buffer;
  }

  get text(): string {
    return this.received.toString("latin1");
  }

  write(data: string | Uint8Array): void {
    this.socket.write(typeof data === "string" ? Buffer.from(data, "latin1") : data);
  }

  /** Writes `total` bytes as fast as the peer takes them; resolves with the bytes written once it took none for `stallMs`. */
  async pour(total: number, stallMs = 400): Promise<number> {
    const chunk = Buffer.alloc(65_536, "x");
    let written = 0;
    while (written < total && !this.socket.destroyed) {
      const piece = chunk.subarray(0, Math.min(chunk.length, total - written));
      written += piece.length;
      if (this.socket.write(piece)) continue;
      const drained = await new Promise<boolean>((resolve) => {
        const done = (value: boolean) => {
          clearTimeout(timer);
          this.socket.off("drain", onDrain).off("close", onClose);
          resolve(value);
        };
        const onDrain = () => done(true);
        const onClose = () => done(false);
        const timer = setTimeout(() => done(false), stallMs);
        this.socket.on("drain", onDrain).on("close", onClose);
      });
      if (!drained) break;
    }
    return written;
  }

  /** Leaves the socket to another reader. */
  detach(): Socket {
    this.socket.off("data", this.#onData);
    return this.socket;
  }

  /** Closes with a reset. */
  reset(): void {
    this.raw.resetAndDestroy();
  }

  /** Waits until what was received and not taken satisfies a condition. */
  async until(holds: (text: string) => boolean, what = "bytes"): Promise<void> {
    let looked = -1;
    let held = false;
    await this.#when(() => {
      // It may be long, and is looked at only when more has come.
      if (looked !== this.total) held = holds(this.text);
      looked = this.total;
      return held;
    }, what);
  }

  async #when(holds: () => boolean, what: string): Promise<void> {
    const end = Date.now() + 10_000;
    while (!holds()) {
      if (Date.now() > end || (this.closed && !holds())) {
        const state = `${this.closed ? "closed" : "open"}, ${this.error?.message ?? "no error"}`;
        throw new Error(`waited in vain for ${what} (${state}); have ${JSON.stringify(this.text.slice(0, 2_000))}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Waits for the peer's end or the connection's, and gives what came before it. */
  async rest(): Promise<string> {
    const end = Date.now() + 10_000;
    while (!this.ended && !this.closed) {
      if (Date.now() > end) throw new Error(`the connection stayed open; have ${JSON.stringify(this.text)}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return this.text;
  }

  /** Takes the head of a message. */
  async head(): Promise<Message> {
    await this.until((text) => text.includes("\r\n\r\n"), "a head");
    const length = this.text.indexOf("\r\n\r\n");
    const [start = "", ...lines] = this.text.slice(0, length).split("\r\n");
    this.#takeNow(length + 4);
    return message(start, lines, Buffer.alloc(0), []);
  }

  /** Takes a whole message. `bodiless`: it has none whatever its headers say, as the answer to HEAD. */
  async message({ bodiless = false }: { bodiless?: boolean } = {}): Promise<Message> {
    const head = await this.head();
    if (bodiless) return head;
    const { start, lines } = head;
    if (head.header("transfer-encoding") === "chunked") {
      const parts: Buffer[] = [];
      for (;;) {
        const size = Number.parseInt(await this.#line(), 16);
        if (size === 0) break;
        parts.push(await this.#take(size));
        await this.#line();
      }
      const trailers: string[] = [];
      for (let line = await this.#line(); line !== ""; line = await this.#line()) trailers.push(line);
      return message(start, lines, Buffer.concat(parts), trailers);
    }
    return message(start, lines, await this.#take(Number(head.header("content-length") ?? 0)), []);
  }

  async #line(): Promise<string> {
    await this.until((text) => text.includes("\r\n"), "a line");
    const length = this.text.indexOf("\r\n");
    const line = this.text.slice(0, length);
    this.#takeNow(length + 2);
    return line;
  }

  async #take(length: number): Promise<Buffer> {
    await this.#when(() => this.total - this.#taken >= length, `${length} bytes`);
    return this.#takeNow(length);
  }

  #takeNow(length: number): Buffer {
    const bytes = this.received;
    this.#pieces = [bytes.subarray(length)];
    this.#taken += length;
    return bytes.subarray(0, length);
  }
}

function message(start: string, lines: readonly string[], body: Buffer, trailers: readonly string[]): Message {
  return {
    start,
    lines,
    body,
    trailers,
    header(name) {
      const line = lines.find((candidate) => candidate.toLowerCase().startsWith(`${name}:`));
      return line?.slice(name.length + 1).trim();
    },
  };
}
