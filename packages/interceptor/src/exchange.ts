import type { Headers, RequestHead, SignedHead } from "@iap/aws-core";

/** One request of a client inside an intercepted tunnel, and the means to answer it. Transport only: it judges nothing. */
export interface Exchange {
  readonly head: RequestHead;
  /** Body bytes announced: undefined when chunked, 0 when there is none. */
  readonly contentLength: number | undefined;
  /** Whether the client left before it had its whole answer. */
  readonly clientGone: boolean;
  /**
   * The whole request body; a client that waits for `100 Continue` is told to go on first.
   * Throws `BodyTooLargeError` above `limit`, `ClientGoneError` when the client leaves or stalls, and whatever `reserve` throws.
   */
  readBody(options: ReadBodyOptions): Promise<Uint8Array>;
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

/** An answer of our own, whole. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/**
 * Judges a body while it passes: what `push` and `end` return goes on upstream, what they throw ends the exchange before
 * upstream has a complete request. Under a Content-Length it returns as many bytes as it was given.
 */
export interface BodyFilter {
  push(chunk: Uint8Array): Uint8Array | undefined;
  end(): Uint8Array | undefined;
}

export interface ForwardOptions {
  /** Bytes already read, or the client's body streamed through a filter. */
  readonly body: Uint8Array | BodyFilter;
  /** What becomes of the upstream's answer, told from its head. */
  readonly response?: ((head: ResponseHead) => ResponsePlan) | undefined;
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
