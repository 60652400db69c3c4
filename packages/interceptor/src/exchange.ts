import type { Headers, RequestHead, SignedHead } from "@iap/aws-core";

/** One request of a client inside an intercepted tunnel, and the means to answer it. Transport only: it judges nothing. */
export interface Exchange {
  readonly head: RequestHead;
  /** Body bytes announced: undefined when chunked, 0 when there is none. */
  readonly contentLength: number | undefined;
  /** Whether the client left before it had its whole answer. */
  readonly clientGone: boolean;
  /**
   * The protocol that the client asks to go on with: `forward` asks upstream for it, and once both have agreed passes
   * their bytes on until both are done. Any other answer of upstream's is an ordinary one.
   */
  readonly upgrade: "websocket" | undefined;
  /**
   * The whole request body; a client that waits for `100 Continue` is told to go on first.
   * Throws `BodyTooLargeError` above `limit`, `ClientGoneError` when the client leaves or stalls, and whatever `reserve` throws.
   */
  readBody(options: ReadBodyOptions): Promise<Uint8Array>;
  /**
   * The request body's beginning, until `enough` is content with it or the body ends. `forward` streams what comes after.
   * Throws as `readBody` does, and whatever `enough` throws.
   */
  readBodyHead(options: ReadBodyHeadOptions): Promise<Uint8Array>;
  /** Answers by ourselves. A body still coming is drained, and the connection closed after it. */
  respond(answer: Answer): Promise<void>;
  /**
   * Sends the signed head and the body upstream and streams the answer back.
   * Throws `UpstreamError` or what the body filter threw while the client can still be answered; once the answer has
   * begun, a fault destroys the client's connection, so that it never looks like a clean end, and is told in the result.
   */
  forward(head: SignedHead, options: ForwardOptions): Promise<ForwardResult>;
}

export interface ReadBodyOptions {
  /** Bytes. */
  readonly limit: number;
  /** Called with a number of bytes before they are kept; throws to refuse them. */
  readonly reserve?: ((bytes: number) => void) | undefined;
}

export interface ReadBodyHeadOptions extends ReadBodyOptions {
  /** Asked with all bytes so far when some have come, when a sixteenth more has come since, and at the body's end. */
  readonly enough: (bytes: Uint8Array) => boolean;
}

/** An answer of our own, whole. Its Content-Length is added. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/**
 * Judges a body while it passes: what `push` and `end` return goes on upstream, what they throw ends the exchange before
 * upstream has a complete request. Under a Content-Length it returns as many bytes as that, or as `length` says.
 */
export interface BodyFilter {
  push(chunk: Uint8Array): Uint8Array | undefined;
  end(): Uint8Array | undefined;
  /** Told of pieces that it gave out and that have left: their memory is its own again. Not of every one. */
  release?(piece: Uint8Array): void;
}

export interface ForwardOptions {
  /** Bytes already read, or the client's body streamed through a filter. */
  readonly body: Uint8Array | BodyFilter;
  /** How many bytes the filter makes of the body, when that is not what the client announced. */
  readonly length?: number | undefined;
  /** What becomes of the upstream's answer, told from its head. Not asked when the protocols are switched (101). */
  readonly response?: ((head: ResponseHead) => ResponsePlan) | undefined;
  /** For an answer that is streamed without an announced length, and whose format can tell an error. */
  readonly ending?: ((head: ResponseHead) => AnswerEnding | undefined) | undefined;
}

/** Sees a streamed answer pass, to be able to end it in its own words when the exchange cannot go on. */
export interface AnswerEnding {
  /** Told of each piece, in order. */
  push(chunk: Uint8Array): void;
  /** The last bytes of an answer that ends early, for what happened; undefined: it is broken off. */
  last(error: Error): Uint8Array | undefined;
}

export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
}

/**
 * Stream the answer through, perhaps under other headers; or collect up to `maxBytes` of it and answer with what
 * `rewrite` makes of it (undefined: it was longer).
 */
export type ResponsePlan =
  | "stream"
  | { readonly headers: Headers }
  | { readonly maxBytes: number; readonly rewrite: (body: Uint8Array | undefined) => Answer | "unchanged" };

export interface ForwardResult {
  /** The client has all of the answer; it left before; or the answer broke off, for what `error` says. */
  readonly outcome: "answered" | "aborted" | "failed";
  readonly head: ResponseHead;
  /** Body bytes sent upstream and received from it. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** With `failed`: what happened. */
  readonly error?: Error | undefined;
}

/** The request body is longer than the limit. */
export class BodyTooLargeError extends Error {
  override readonly name = "BodyTooLargeError";
  readonly limit: number;

  constructor(limit: number) {
    super(`the request body is longer than ${limit} bytes`);
    this.limit = limit;
  }
}

/** The client left, or stopped sending, before its request was complete. */
export class ClientGoneError extends Error {
  override readonly name = "ClientGoneError";
}
