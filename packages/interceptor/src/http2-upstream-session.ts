import { type ClientHttp2Session, connect } from "node:http2";
import type { TLSSocket } from "node:tls";
import { afterFrames } from "./after-frames.ts";
import type { Limits } from "./limits.ts";

/** One HTTP/2 connection to upstream: how many streams it takes, and when it is closed. */
export class UpstreamSession {
  readonly session: ClientHttp2Session;
  readonly #keepAliveMs: number;
  #maxStreams = assumedStreams;
  /** The last stream that a peer which goes away has looked at. */
  #lastProcessed: number | undefined;
  #streams = 0;
  #served = 0;
  #idle: NodeJS.Timeout | undefined;
  #retired = false;

  constructor(socket: TLSSocket, host: string, limits: Limits, onClosed: () => void) {
    this.#keepAliveMs = limits.upstreamKeepAliveMs;
    const session = connect(`https://${host}`, {
      createConnection: () => socket,
      settings: {
        enablePush: false,
        initialWindowSize: streamWindow,
        maxHeaderListSize: limits.maxHeaderBytes,
      },
      maxSessionMemory: 64,
      // A header block of ours is never longer than a client's, and node:http2 would drop the connection over one that is.
      maxSendHeaderBlockLength: 4 * limits.maxHeaderBytes,
    });
    this.session = session;
    session.on("connect", () => session.setLocalWindowSize(connectionWindow));
    // Each of its streams is told.
    session.on("error", () => {});
    session.on("frameError", () => {});
    session.on("remoteSettings", ({ maxConcurrentStreams }) => {
      this.#maxStreams = maxConcurrentStreams ?? assumedStreams;
    });
    session.on("goaway", (_code: number, lastStreamId: number) => {
      this.#lastProcessed = lastStreamId;
      onClosed();
    });
    session.once("close", () => {
      clearTimeout(this.#idle);
      onClosed();
    });
    this.#rest();
  }

  /** Whether one more stream can be opened. */
  get hasRoom(): boolean {
    const { session } = this;
    if (this.#retired || session.closed || session.destroyed) return false;
    return this.#streams < this.#maxStreams;
  }

  /** Whether the peer has said that it did nothing about a stream (RFC 9113 section 6.8). */
  ignored(streamId: number): boolean {
    return this.#lastProcessed !== undefined && streamId > this.#lastProcessed;
  }

  /** Whether it has served a stream before. */
  get reused(): boolean {
    return this.#served > 0;
  }

  /** To be told of each stream's beginning and end. */
  opened(): void {
    this.#streams += 1;
    clearTimeout(this.#idle);
  }

  over(): void {
    this.#streams -= 1;
    this.#served += 1;
    if (this.#streams === 0) this.#rest();
  }

  /** Gives it no new streams, and closes it when those it has are over. */
  retire(): void {
    this.#retired = true;
    afterFrames(() => this.session.close());
  }

  #rest(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      this.retire();
      // A peer that does not end its side must not keep the descriptor.
      setTimeout(() => this.session.destroy(), 1_000).unref();
    }, this.#keepAliveMs);
    this.#idle.unref();
  }
}

/** What upstream may send ahead on one stream, and on all of them, before we read on; in bytes. */
const streamWindow = 262_144;
const connectionWindow = 4_194_304;

/** What a peer that has not said yet how many streams it allows is taken to allow. */
const assumedStreams = 100;
