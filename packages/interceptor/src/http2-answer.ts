import { constants, type ServerHttp2Stream, type ServerStreamResponseOptions } from "node:http2";
import type { Headers } from "@iap/aws-core";
import type { ClientAnswer } from "./client-side.ts";
import { endToEndResponseHeaders } from "./hop-by-hop.ts";
import { outgoingHeaders } from "./http2-headers.ts";
import type { Http2RequestBody } from "./http2-request-body.ts";
import type { Limits } from "./limits.ts";
import { resetStream } from "./reset-stream.ts";
import { type StallTimer, stallTimer } from "./stall-timer.ts";

export interface Http2AnswerOptions {
  /** The request's. */
  readonly method: string;
  readonly limits: Limits;
}

/** The answer's half of a stream. */
export class Http2Answer implements ClientAnswer {
  readonly #stream: ServerHttp2Stream;
  readonly #request: Http2RequestBody;
  readonly #method: string;
  readonly #limits: Limits;
  #trailers: [string, string][] = [];
  #bodiless = false;
  #delivered = false;
  /** Runs while the client takes nothing of what it is to get. */
  #stall: StallTimer | undefined;

  constructor(stream: ServerHttp2Stream, request: Http2RequestBody, { method, limits }: Http2AnswerOptions) {
    this.#method = method;
    this.#stream = stream;
    this.#request = request;
    this.#limits = limits;
    stream.on("drain", () => this.#stall?.pause());
    stream.once("close", () => this.#stall?.pause());
    stream.once("wantTrailers", () => this.#sendTrailers());
  }

  get headersSent(): boolean {
    return this.#stream.headersSent;
  }

  get destroyed(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  get writableNeedDrain(): boolean {
    return this.#stream.writableNeedDrain;
  }

  /** Whether all of it was handed to the connection. */
  get delivered(): boolean {
    return this.#delivered;
  }

  on(event: "drain", listener: () => void): unknown {
    return this.#stream.on(event, listener);
  }

  once(event: "close", listener: () => void): unknown {
    return this.#stream.once(event, listener);
  }

  writeHead(status: number, headers: Headers): void {
    this.#bodiless = this.#method === "HEAD" || status === 204 || status === 205 || status === 304;
    const options: ServerStreamResponseOptions & { sendDate: boolean } = {
      sendDate: false,
      // Also where none will follow: otherwise Node would end the message when it is told to break it off.
      waitForTrailers: !this.#bodiless,
      endStream: this.#bodiless,
    };
    this.#stream.respond({ ":status": status, ...outgoingHeaders(endToEndResponseHeaders(headers)) }, options);
  }

  inform(status: number, headers: Headers): void {
    if (this.destroyed) return;
    this.#stream.additionalHeaders({ ":status": status, ...outgoingHeaders(headers) });
  }

  write(chunk: Uint8Array): boolean {
    if (this.destroyed || this.#bodiless) return true;
    const more = this.#stream.write(chunk);
    if (!more) this.#watch();
    return more;
  }

  flushHeaders(): void {
    // They left when they were written.
  }

  addTrailers(trailers: [string, string][]): void {
    this.#trailers = trailers;
  }

  end(): void {
    if (this.destroyed) return;
    if (this.#bodiless) return this.#onDelivered();
    this.#watch();
    this.#stream.end();
  }

  breakOff(code: number): void {
    resetStream(this.#stream, code);
  }

  /** Resolves when the stream is over. */
  async closed(): Promise<void> {
    if (this.#stream.destroyed) return;
    await new Promise<void>((resolve) => this.#stream.once("close", resolve));
  }

  #sendTrailers(): void {
    try {
      this.#stream.sendTrailers(outgoingHeaders(this.#trailers));
    } catch {
      // Trailers that HTTP/2 cannot carry.
      resetStream(this.#stream, constants.NGHTTP2_INTERNAL_ERROR);
      return;
    }
    this.#onDelivered();
  }

  #onDelivered(): void {
    this.#delivered = true;
    // It has still to leave the connection.
    this.#watch();
    // Node submits trailers in the next turn, and the end of the message with them.
    setImmediate(() => setImmediate(() => this.#letGo()));
  }

  #letGo(): void {
    if (this.destroyed) return;
    // What is left of a request that came whole is dropped; the rest of one that did not is called off (RFC 9113 section 8.1).
    this.#stream.resume();
    if (!this.#request.complete) resetStream(this.#stream, constants.NGHTTP2_NO_ERROR);
  }

  #watch(): void {
    if (this.#stall !== undefined) return this.#stall.refresh();
    this.#stall = stallTimer(this.#limits.answerIdleTimeoutMs, () =>
      resetStream(this.#stream, constants.NGHTTP2_CANCEL),
    );
  }
}
