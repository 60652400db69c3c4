import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { TLSSocket } from "node:tls";
import { afterFrames } from "./after-frames.ts";
import { Allowance } from "./allowance.ts";
import { Http2Exchange } from "./http2-exchange.ts";
import type { Http2Upstream } from "./http2-upstream.ts";
import type { Limits } from "./limits.ts";
import { resetStream } from "./reset-stream.ts";

export interface Http2ConnectionOptions {
  /** The authority the client connected to. */
  readonly host: string;
  readonly upstream: Http2Upstream;
  readonly limits: Limits;
  /** Serves one stream; settles when its handler is done, and never rejects. */
  readonly serve: (exchange: Http2Exchange) => Promise<void>;
  /** Told why the connection is cut for what the client sent. */
  readonly onFault: (reason: string) => void;
  readonly onClosed: () => void;
}

/** A client's HTTP/2 connection inside a tunnel. */
export class Http2Connection {
  /** Resolves when it has ended. */
  readonly closed: Promise<void>;
  readonly #socket: TLSSocket;
  readonly #session: ServerHttp2Session;
  readonly #options: Http2ConnectionOptions;
  readonly #resets: Allowance;
  readonly #controls: Allowance;
  #idle: NodeJS.Timeout | undefined;
  /** Streams that are open, and handlers that run: a stream that is reset leaves its handler for a while. */
  #streams = 0;
  #handlers = 0;
  #cut = false;
  #closing = false;

  constructor(socket: TLSSocket, options: Http2ConnectionOptions) {
    const { limits, onFault, onClosed } = options;
    this.#socket = socket;
    this.#options = options;
    this.#resets = new Allowance(limits.maxResets, refillPerSecond);
    this.#controls = new Allowance(limits.maxControlFrames, refillPerSecond);
    // Node says so itself only on sockets that its own servers made, and would wait for it.
    Object.assign(socket, { secureConnecting: false });
    const session = performServerHandshake(socket, {
      settings: {
        maxConcurrentStreams: limits.maxStreams,
        maxHeaderListSize: limits.maxHeaderBytes,
        enableConnectProtocol: false,
      },
      maxHeaderListPairs: limits.maxHeaderLines,
    });
    this.#session = session;
    session.on("stream", (stream, _headers, _flags, ...rest: unknown[]) =>
      this.#onStream(stream as ServerHttp2Stream, rest[0] as string[]),
    );
    session.on("ping", () => this.#onControlFrame());
    session.on("remoteSettings", () => this.#onControlFrame());
    session.on("frameError", () => {});
    session.on("error", (error) => {
      if (!this.#cut && (error as NodeJS.ErrnoException).code === "ERR_HTTP2_ERROR")
        onFault(`HTTP/2: ${error.message}`);
    });
    // A client that ends its side can say nothing more about any of its streams.
    socket.once("end", () => this.#end(0));
    this.closed = new Promise((resolve) => {
      session.once("close", () => {
        clearTimeout(this.#idle);
        this.#end(1_000);
        onClosed();
        resolve();
      });
    });
    this.#rest(limits.headersTimeoutMs);
  }

  /** Takes no new streams, and ends once those that run are over. */
  close(): void {
    this.#closing = true;
    afterFrames(() => {
      if (this.#session.destroyed) return;
      // Not by session.close(): after that Node refuses streams that still come in a way that is not safe (after-frames.ts).
      this.#session.goaway(constants.NGHTTP2_NO_ERROR);
      if (this.#streams === 0) this.#session.close();
    });
  }

  #onStream(stream: ServerHttp2Stream, raw: readonly string[]): void {
    // What becomes of a stream is told by its end.
    stream.on("error", () => {});
    stream.on("frameError", () => {});
    if (stream.destroyed || stream.closed) return this.#onReset();
    if (this.#cut || this.#closing) return resetStream(stream, constants.NGHTTP2_REFUSED_STREAM);
    const { limits, serve, host, upstream } = this.#options;
    // What was announced binds a client only once it has acknowledged it, if it ever does.
    if (headerListSize(raw) > limits.maxHeaderBytes) return resetStream(stream, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    if (this.#streams >= limits.maxStreams || this.#handlers >= 2 * limits.maxStreams)
      return resetStream(stream, constants.NGHTTP2_REFUSED_STREAM);
    clearTimeout(this.#idle);
    this.#streams += 1;
    this.#handlers += 1;
    const exchange = new Http2Exchange(stream, raw, { host, upstream, limits });
    stream.once("close", () => {
      this.#streams -= 1;
      if (exchange.clientGone) this.#onReset();
      if (this.#streams > 0) return;
      if (this.#closing) this.close();
      else this.#rest(limits.keepAliveTimeoutMs);
    });
    void serve(exchange).then(() => {
      this.#handlers -= 1;
      exchange.abandon();
    });
  }

  #onReset(): void {
    if (!this.#resets.take()) this.#calm("too many streams were reset");
  }

  #onControlFrame(): void {
    if (!this.#controls.take()) this.#calm("too many PING or SETTINGS frames came");
  }

  #calm(reason: string): void {
    if (this.#cut || this.#session.destroyed) return;
    this.#cut = true;
    this.#options.onFault(reason);
    afterFrames(() => !this.#session.destroyed && this.#session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM));
    this.#end(50);
  }

  /** Ends the connection, at the latest after a time: a peer that does not end its side must not keep the descriptor. */
  #end(ms: number): void {
    const end = (): void => {
      this.#session.destroy();
      this.#socket.destroy();
    };
    if (ms === 0) afterFrames(end);
    else setTimeout(end, ms).unref();
  }

  #rest(ms: number): void {
    clearTimeout(this.#idle);
    if (this.#session.destroyed) return;
    this.#idle = setTimeout(() => {
      this.#session.close();
      this.#end(1_000);
    }, ms);
  }
}

/** How many resets and control frames are forgiven each second. */
const refillPerSecond = 10;

/** The size of a header list (RFC 9113 section 6.5.2). */
function headerListSize(raw: readonly string[]): number {
  return raw.reduce((sum, text) => sum + text.length, 16 * raw.length);
}
