import { constants, type ServerHttp2Stream } from "node:http2";
import type { ClientRequestBody } from "./client-side.ts";
import { watchEnd } from "./end-of-stream.ts";
import { resetStream } from "./reset-stream.ts";

/** The request's half of a stream. */
export class Http2RequestBody implements ClientRequestBody {
  rawTrailers: string[] = [];
  readonly #stream: ServerHttp2Stream;
  readonly #end: { readonly ended: boolean };
  readonly #onEnd = new Set<() => void>();

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream;
    this.#end = watchEnd(stream);
    stream.on("trailers", (_headers: unknown, _flags: number, raw: string[]) => {
      this.rawTrailers = raw;
    });
    stream.once("end", () => {
      if (this.complete) for (const listener of this.#onEnd) listener();
    });
  }

  /** Whether the client has sent all of its request. */
  get complete(): boolean {
    return this.#end.ended;
  }

  get readableEnded(): boolean {
    return this.#stream.readableEnded && this.complete;
  }

  on(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  on(event: "end" | "close", listener: () => void): unknown;
  on(event: "data" | "end" | "close", listener: (chunk: Uint8Array) => void): unknown {
    if (event === "end") return this.#onceEnded(listener as () => void);
    return this.#stream.on(event, listener);
  }

  off(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  off(event: "end" | "close", listener: () => void): unknown;
  off(event: "data" | "end" | "close", listener: (chunk: Uint8Array) => void): unknown {
    if (event === "end") return this.#onEnd.delete(listener as () => void);
    return this.#stream.off(event, listener);
  }

  /** Node tells of the end also while a stream is paused: who comes to listen after that is told too. */
  #onceEnded(listener: () => void): void {
    this.#onEnd.add(listener);
    if (!this.readableEnded) return;
    queueMicrotask(() => {
      if (this.#onEnd.has(listener)) listener();
    });
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  destroy(): void {
    resetStream(this.#stream, constants.NGHTTP2_CANCEL);
  }
}
