import { EventEmitter } from "node:events";
import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from "node:http2";
import { type Headers, type RequestHead, rawHeaders } from "@iap/aws-core";
import { watchEnd } from "./end-of-stream.ts";
import { fieldLines, http2Headers, outgoingHeaders } from "./http2-headers.ts";
import type { UpstreamSession } from "./http2-upstream-session.ts";
import { resetStream } from "./reset-stream.ts";
import { StreamLostError, StreamResetError } from "./stream-error.ts";
import type { UpstreamAnswer, UpstreamStream } from "./upstream-stream.ts";

export interface Http2UpstreamStreamOptions {
  /** Silence after which `timeout` is emitted. */
  readonly idleTimeoutMs: number;
  /** Told when upstream wants the request over HTTP/1.1. */
  readonly onHttp1Required: () => void;
}

/** One request upstream over HTTP/2. */
export class Http2UpstreamStream extends EventEmitter implements UpstreamStream {
  /** What a kept connection's end means is told by the error. */
  readonly mayBeStale = false;
  /** It is opened on a connection that stands. */
  readonly secured = true;
  destroyed = false;
  readonly #session: UpstreamSession;
  readonly #head: RequestHead;
  readonly #headers: Headers;
  readonly #options: Http2UpstreamStreamOptions;
  #stream: ClientHttp2Stream | undefined;
  #error: Error | undefined;
  #trailers: [string, string][] = [];
  /** Whether the answer was given out to its end. */
  #answered = false;
  #closed = false;

  constructor(session: UpstreamSession, head: RequestHead, headers: Headers, options: Http2UpstreamStreamOptions) {
    super();
    this.#session = session;
    this.#head = head;
    this.#headers = headers;
    this.#options = options;
  }

  write(chunk: Uint8Array, onSent?: () => void): boolean {
    const stream = this.#start(false);
    return stream === undefined || stream.closed || stream.write(chunk, onSent);
  }

  end(chunk?: Uint8Array): void {
    const empty = (chunk === undefined || chunk.length === 0) && this.#trailers.length === 0;
    const begun = this.#stream !== undefined;
    const stream = this.#start(empty);
    if (stream === undefined || stream.closed || (empty && !begun)) return;
    if (chunk === undefined || chunk.length === 0) stream.end();
    else stream.end(chunk);
  }

  addTrailers(trailers: [string, string][]): void {
    this.#trailers = trailers;
  }

  flushHeaders(): void {
    this.#start(false);
  }

  destroy(error?: Error): void {
    if (this.destroyed) return;
    this.destroyed = true;
    if (this.#stream === undefined) process.nextTick(() => this.#close(error));
    else {
      this.#error = error;
      // Silence may be that of the connection, whose other streams may yet finish; no new ones are given to it.
      if (error !== undefined) this.#session.retire();
      resetStream(this.#stream, constants.NGHTTP2_CANCEL);
    }
  }

  /** Sends the head, once. */
  #start(endStream: boolean): ClientHttp2Stream | undefined {
    if (this.#stream !== undefined || this.destroyed) return this.#stream;
    const { session } = this.#session;
    const lost = session.closed || session.destroyed;
    let stream: ClientHttp2Stream;
    try {
      if (lost) throw new StreamLostError({ unprocessed: true, reused: true });
      const headers = http2Headers(this.#head, this.#headers);
      // `waitForTrailers` also where none will follow: otherwise Node would end the message when it is told to break it off.
      stream = session.request(headers, { endStream, waitForTrailers: !endStream });
    } catch (error) {
      this.destroyed = true;
      process.nextTick(() => this.#close(error as Error));
      return undefined;
    }
    this.#stream = stream;
    const { reused } = this.#session;
    this.#session.opened();
    const watch = watchEnd(stream);
    let unprocessed = false;
    stream.setTimeout(this.#options.idleTimeoutMs, () => this.emit("timeout"));
    stream.on("headers", (headers: IncomingHttpHeaders & { ":status"?: number }, _flags: number, raw: string[]) =>
      this.emit("information", {
        statusCode: headers[":status"] as number,
        statusMessage: "",
        rawHeaders: rawHeaders(fieldLines(raw)),
      }),
    );
    let answer: Http2UpstreamAnswer | undefined;
    stream.once("response", (headers: IncomingHttpHeaders & { ":status"?: number }, _flags: number, raw: string[]) => {
      answer = new Http2UpstreamAnswer(stream, watch, headers[":status"] as number, raw);
      this.emit("response", answer);
    });
    stream.once("trailers", (_headers: unknown, _flags: number, raw: string[]) => {
      if (answer !== undefined) answer.rawTrailers = rawHeaders(fieldLines(raw));
    });
    stream.on("drain", () => this.emit("drain"));
    stream.once("wantTrailers", () => {
      try {
        stream.sendTrailers(outgoingHeaders(this.#trailers));
      } catch (error) {
        this.destroy(error as Error);
      }
    });
    stream.once("end", () => {
      this.#answered = watch.ended && answer !== undefined;
    });
    stream.on("error", (error) => {
      this.#error ??= error;
      unprocessed ||= (error as NodeJS.ErrnoException).code === "ERR_HTTP2_GOAWAY_SESSION";
    });
    stream.once("close", () => {
      this.#session.over();
      this.#close(this.#answered ? undefined : this.#reason(stream, { reused, unprocessed }));
    });
    return stream;
  }

  /** Why a stream was closed before its answer had come to its end. */
  #reason(stream: ClientHttp2Stream, { reused, unprocessed }: { reused: boolean; unprocessed: boolean }): Error {
    if (this.destroyed && this.#error !== undefined) return this.#error;
    if (stream.rstCode === constants.NGHTTP2_HTTP_1_1_REQUIRED) {
      this.#options.onHttp1Required();
      return new StreamResetError(stream.rstCode, true);
    }
    const { session } = this.#session;
    // Without an identifier it never left.
    if (stream.id === undefined) return new StreamLostError({ unprocessed: true, reused, cause: this.#error });
    // When its connection goes, Node closes a stream as if it had been cancelled.
    if (session.destroyed && stream.rstCode !== constants.NGHTTP2_REFUSED_STREAM) {
      const ignored = unprocessed || this.#session.ignored(stream.id);
      return new StreamLostError({ unprocessed: ignored, reused, cause: this.#error });
    }
    return new StreamResetError(stream.rstCode);
  }

  #close(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    const ours = this.destroyed && error === undefined;
    this.destroyed = true;
    if (error !== undefined && !ours) this.emit("error", error);
    this.emit("close");
  }
}

class Http2UpstreamAnswer implements UpstreamAnswer {
  readonly statusCode: number;
  readonly statusMessage = "";
  readonly rawHeaders: string[];
  rawTrailers: string[] = [];
  readonly #stream: ClientHttp2Stream;
  readonly #watch: { readonly ended: boolean };

  constructor(stream: ClientHttp2Stream, watch: { readonly ended: boolean }, status: number, raw: readonly string[]) {
    this.#stream = stream;
    this.#watch = watch;
    this.statusCode = status;
    this.rawHeaders = rawHeaders(fieldLines(raw));
  }

  on(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  on(event: "data" | "end", listener: (chunk: Uint8Array) => void): unknown {
    if (event === "data") return this.#stream.on("data", listener);
    // Node ends a stream that was reset, too.
    return this.#stream.on("end", () => this.#watch.ended && (listener as () => void)());
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }
}
