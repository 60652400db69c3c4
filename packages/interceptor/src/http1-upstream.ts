import { EventEmitter } from "node:events";
import { type Headers, headerValue, type RequestHead } from "@iap/aws-core";
import type { Limits } from "./limits.ts";
import { fieldLine, requestHeadText } from "./request-text.ts";
import type { ParsedHead } from "./response-head.ts";
import { ResponseParser, type ResponseSink } from "./response-parser.ts";
import type { ConnectionUser, UpstreamConnection } from "./upstream-connection.ts";
import type { UpstreamPool } from "./upstream-pool.ts";
import type { OpenUpstream, UpstreamAnswer, UpstreamStream } from "./upstream-stream.ts";

/** Requests over HTTP/1.1 on pooled connections. The path goes out byte for byte, the headers as they are. */
export function http1Upstream(pool: UpstreamPool, limits: Limits): OpenUpstream {
  return (head, headers) => new Http1UpstreamStream(pool, head, headers, limits);
}

/** Up to here a body is copied behind its head, to leave in one piece with it. */
const maxJoined = 65_536;

/** One request upstream over HTTP/1.1. Throws when it holds what no request can carry. */
class Http1UpstreamStream extends EventEmitter implements UpstreamStream, ConnectionUser, ResponseSink {
  mayBeStale = false;
  destroyed = false;
  readonly #pool: UpstreamPool;
  readonly #limits: Limits;
  readonly #parser: ResponseParser;
  readonly #chunked: boolean;
  /** What could not be sent yet, for want of a connection. */
  #waiting: (string | Uint8Array)[] = [];
  /** The head, until it is sent. */
  #head: string | undefined;
  #trailers = "";
  #ended = false;
  #connection: UpstreamConnection | undefined;
  #secured = false;
  #answer: Http1UpstreamAnswer | undefined;
  #closed = false;

  constructor(pool: UpstreamPool, head: RequestHead, headers: Headers, limits: Limits) {
    super();
    this.#pool = pool;
    this.#limits = limits;
    this.#head = requestHeadText(head, headers);
    this.#chunked = headerValue(headers, "transfer-encoding") !== undefined;
    this.#parser = new ResponseParser(head.method, this, limits.maxHeaderBytes);
    const kept = pool.take(head.host);
    if (kept !== undefined) this.#attach(kept);
    else {
      pool.connect(head.host).then(
        (connection) => this.#onConnected(connection),
        (error: Error) => this.#fail(error),
      );
    }
  }

  get secured(): boolean {
    return this.#secured;
  }

  write(chunk: Uint8Array, onSent?: () => void): boolean {
    if (this.#ended || this.destroyed) return true;
    if (chunk.length === 0) return this.#send([]);
    return this.#send(this.#chunked ? [`${chunk.length.toString(16)}\r\n`, chunk, "\r\n"] : [chunk], onSent);
  }

  end(chunk?: Uint8Array): void {
    if (this.#ended || this.destroyed) return;
    if (chunk !== undefined && chunk.length > 0 && this.#chunked) this.write(chunk);
    this.#ended = true;
    if (this.#chunked) this.#send([`0\r\n${this.#trailers}\r\n`]);
    else this.#send(chunk === undefined || chunk.length === 0 ? [] : [chunk]);
  }

  addTrailers(trailers: [string, string][]): void {
    this.#trailers = trailers.map(([name, value]) => fieldLine(name, value)).join("");
  }

  flushHeaders(): void {
    if (!this.destroyed) this.#send([]);
  }

  destroy(error?: Error): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#connection?.abandon();
    process.nextTick(() => this.#close(error));
  }

  onData(chunk: Buffer): void {
    this.mayBeStale = false;
    let rest: Buffer;
    try {
      rest = this.#parser.push(chunk);
    } catch (error) {
      return this.#fail(error as Error);
    }
    if (this.#parser.done && !this.destroyed) this.#finish(rest);
  }

  onEnd(): void {
    if (this.#parser.end()) this.#finish(undefined);
    else this.#fail(brokenOff(this.#answer));
  }

  onDrain(): void {
    this.emit("drain");
  }

  onSilence(): void {
    this.emit("timeout");
  }

  onClose(error: Error | undefined): void {
    this.#fail(error ?? brokenOff(this.#answer));
  }

  onInformation(head: ParsedHead): void {
    if (!this.destroyed) this.emit("information", head);
  }

  onHead(head: ParsedHead): void {
    if (this.destroyed) return;
    this.#answer = new Http1UpstreamAnswer(head, this.#connection as UpstreamConnection);
    if (head.statusCode !== 101) this.emit("response", this.#answer);
  }

  onBody(piece: Uint8Array): void {
    if (!this.destroyed) this.#answer?.emit("data", piece);
  }

  #onConnected(connection: UpstreamConnection): void {
    // Others can use it.
    if (this.destroyed) return this.#pool.keep(connection);
    this.#attach(connection);
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length === 0) return;
    this.#put(connection, waiting);
    if (!connection.socket.writableNeedDrain) this.emit("drain");
  }

  #attach(connection: UpstreamConnection): void {
    this.#connection = connection;
    this.#secured = true;
    this.mayBeStale = connection.reused;
    connection.serve(this);
  }

  /** Sends the head, if it was not sent, and what follows; gives whether there is room for more. */
  #send(pieces: (string | Uint8Array)[], onSent?: () => void): boolean {
    if (this.#head !== undefined) {
      pieces.unshift(this.#head);
      this.#head = undefined;
    }
    const connection = this.#connection;
    if (connection === undefined) {
      this.#waiting.push(...pieces);
      return false;
    }
    this.#put(connection, pieces, onSent);
    return !connection.socket.writableNeedDrain;
  }

  /** Writes pieces together: each write is a TLS record and a system call. */
  #put({ socket }: UpstreamConnection, pieces: readonly (string | Uint8Array)[], onSent?: () => void): void {
    const [first, second] = pieces;
    if (pieces.length === 1) write(socket, first as string | Uint8Array, onSent);
    else if (
      pieces.length === 2 &&
      typeof first === "string" &&
      typeof second === "object" &&
      second.length <= maxJoined
    ) {
      const joined = Buffer.allocUnsafe(first.length + second.length);
      joined.write(first, 0, "latin1");
      joined.set(second, first.length);
      socket.write(joined, onSent);
    } else if (pieces.length > 0) {
      socket.cork();
      for (const [i, piece] of pieces.entries()) write(socket, piece, i === pieces.length - 1 ? onSent : undefined);
      socket.uncork();
    }
  }

  /** The answer is whole. `rest`: what came after it; undefined when the connection has ended. */
  #finish(rest: Buffer | undefined): void {
    const connection = this.#connection as UpstreamConnection;
    const answer = this.#answer as Http1UpstreamAnswer;
    this.#connection = undefined;
    if (answer.statusCode === 101) return this.#switch(connection, answer, rest ?? nothing);
    answer.finish(this.#parser.rawTrailers);
    // What was written last may not be confirmed yet; a body that upstream did not wait for would be in the way.
    const sent = this.#ended && !connection.socket.writableNeedDrain;
    if (sent && this.#parser.keepAlive && rest?.length === 0) this.#pool.keep(connection, this.#idleMs(answer));
    else connection.abandon();
    answer.emit("end");
    this.#close();
  }

  /** How long the connection may be kept: less than upstream says that it keeps it. */
  #idleMs(answer: UpstreamAnswer): number {
    const { upstreamKeepAliveMs } = this.#limits;
    for (let i = 0; i < answer.rawHeaders.length; i += 2) {
      const name = answer.rawHeaders[i] as string;
      if (name.length !== 10 || name.toLowerCase() !== "keep-alive") continue;
      const seconds = /(?:^|,)\s*timeout=(\d{1,6})/i.exec(answer.rawHeaders[i + 1] as string)?.[1];
      if (seconds !== undefined) return Math.min(upstreamKeepAliveMs, Math.max(0, Number(seconds) * 1000 - 1000));
    }
    return upstreamKeepAliveMs;
  }

  /** Both sides leave HTTP, if that was asked for. */
  #switch(connection: UpstreamConnection, answer: Http1UpstreamAnswer, rest: Buffer): void {
    if (this.listenerCount("upgrade") === 0) {
      connection.abandon();
      return this.#fail(new Error("it switched protocols, which it was not asked for"));
    }
    this.emit("upgrade", answer, connection.detach(), rest);
    this.#close();
  }

  #fail(error: Error): void {
    if (this.#closed) return;
    const destroyed = this.destroyed;
    this.destroyed = true;
    this.#connection?.abandon();
    // One that was destroyed has been told why, and says so itself.
    if (!destroyed) this.#close(error);
  }

  #close(error?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.destroyed = true;
    if (error !== undefined) this.emit("error", error);
    this.emit("close");
  }
}

class Http1UpstreamAnswer extends EventEmitter implements UpstreamAnswer {
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly rawHeaders: string[];
  rawTrailers: string[] = [];
  #connection: UpstreamConnection | undefined;

  constructor({ statusCode, statusMessage, rawHeaders }: ParsedHead, connection: UpstreamConnection) {
    super();
    this.statusCode = statusCode;
    this.statusMessage = statusMessage;
    this.rawHeaders = rawHeaders;
    this.#connection = connection;
  }

  /** It is whole: the connection is not its to hold back any more. */
  finish(rawTrailers: string[]): void {
    this.rawTrailers = rawTrailers;
    this.#connection = undefined;
  }

  pause(): void {
    this.#connection?.socket.pause();
  }

  resume(): void {
    this.#connection?.socket.resume();
  }
}

const nothing = Buffer.alloc(0);

function write(socket: UpstreamConnection["socket"], piece: string | Uint8Array, onSent?: () => void): void {
  if (typeof piece === "string") socket.write(piece, "latin1", onSent);
  else socket.write(piece, onSent);
}

/** The connection ended before the answer did. */
function brokenOff(answer: UpstreamAnswer | undefined): Error {
  return answer === undefined
    ? Object.assign(new Error("it broke off"), { code: "ECONNRESET" })
    : new Error("it broke off its answer");
}
