import { constants, type ServerHttp2Stream } from "node:http2";
import { type Headers, headerValue, type RequestHead, type SignedHead } from "@iap/aws-core";
import type { ClientSide } from "./client-side.ts";
import {
  type Answer,
  ClientGoneError,
  type Exchange,
  type ForwardOptions,
  type ForwardResult,
  type ReadBodyHeadOptions,
  type ReadBodyOptions,
} from "./exchange.ts";
import { Forward } from "./forward.ts";
import { framed } from "./framed.ts";
import { Http2Answer } from "./http2-answer.ts";
import { http2RequestFault, http2RequestHead } from "./http2-headers.ts";
import { Http2RequestBody } from "./http2-request-body.ts";
import type { Http2Upstream } from "./http2-upstream.ts";
import type { Limits } from "./limits.ts";
import { readBody } from "./read-body.ts";
import type { RequestFault } from "./request-fault.ts";
import { resetCode, StreamLostError, StreamResetError } from "./stream-error.ts";
import { UpstreamError } from "./upstream-error.ts";

export interface Http2ExchangeOptions {
  /** The authority the client connected to. */
  readonly host: string;
  readonly upstream: Http2Upstream;
  readonly limits: Limits;
}

/** An exchange over HTTP/2 on the client's side: one stream. */
export class Http2Exchange implements Exchange, ClientSide {
  readonly head: RequestHead;
  /** Why the request is not to be looked at. */
  readonly fault: RequestFault | undefined;
  readonly contentLength: number | undefined;
  readonly upgrade = undefined;
  readonly request: Http2RequestBody;
  readonly response: Http2Answer;
  readonly #stream: ServerHttp2Stream;
  readonly #options: Http2ExchangeOptions;
  #waitsForContinue: boolean;

  constructor(stream: ServerHttp2Stream, raw: readonly string[], options: Http2ExchangeOptions) {
    const received = http2RequestHead(raw, options.host);
    this.head = received.head;
    this.fault = http2RequestFault(received);
    this.#stream = stream;
    this.#options = options;
    this.request = new Http2RequestBody(stream);
    this.response = new Http2Answer(stream, this.request, { method: this.head.method, limits: options.limits });
    const announced = headerValue(this.head.headers, "content-length");
    this.contentLength = stream.endAfterHeaders ? 0 : announced === undefined ? undefined : Number(announced);
    this.#waitsForContinue = headerValue(this.head.headers, "expect") !== undefined;
  }

  get method(): string {
    return this.head.method;
  }

  get limits(): Limits {
    return this.#options.limits;
  }

  get clientGone(): boolean {
    return !this.response.delivered && this.response.destroyed;
  }

  continue(): void {
    if (!this.#waitsForContinue || this.response.headersSent) return;
    this.#waitsForContinue = false;
    this.response.inform(100, []);
  }

  readBody(options: ReadBodyOptions): Promise<Uint8Array> {
    return readBody(this, options);
  }

  readBodyHead(options: ReadBodyHeadOptions): Promise<Uint8Array> {
    return readBody(this, options);
  }

  async respond(answer: Answer): Promise<void> {
    const { response } = this;
    if (this.clientGone) return;
    if (response.headersSent) return response.breakOff(constants.NGHTTP2_INTERNAL_ERROR);
    const { status, headers, body } = answer;
    response.writeHead(status, status === 204 || status === 304 ? headers : framed(answer));
    response.write(body);
    response.end();
    await response.closed();
  }

  async forward(head: SignedHead, options: ForwardOptions): Promise<ForwardResult> {
    for (let again = false; ; again = true) {
      if (this.clientGone) throw new ClientGoneError("the client left before its request was forwarded");
      const open = await this.#options.upstream.open(head.host);
      const forward = new Forward(this, open, head, options);
      try {
        return await forward.run();
      } catch (error) {
        if (again || this.clientGone || !forward.resendable || !mayRepeat(error, head.method)) throw error;
      }
    }
  }

  inform(status: number, _statusText: string, headers: Headers): void {
    this.#pass(() => this.response.inform(status, headers));
  }

  writeHead(status: number, _statusText: string | undefined, headers: Headers): void {
    this.#pass(() => this.response.writeHead(status, headers));
  }

  /** Says a part of upstream's answer, which may be one that HTTP/2 has no form for. */
  #pass(say: () => void): void {
    try {
      say();
    } catch (cause) {
      const why = (cause as Error).message;
      throw new UpstreamError("exchange", `${this.head.host}: its answer cannot be passed on over HTTP/2: ${why}`, {
        cause,
      });
    }
  }

  async finish(): Promise<void> {
    this.response.end();
  }

  switchProtocols(): never {
    throw new Error("HTTP/2 has no Upgrade");
  }

  breakOff(error: Error): void {
    this.response.breakOff(resetCode(error));
  }

  /** The handler is done: what was not answered to its end must not look as if it were. */
  abandon(): void {
    if (!this.#stream.writableEnded) this.response.breakOff(constants.NGHTTP2_INTERNAL_ERROR);
  }
}

/**
 * Whether a request that failed may be sent once more: when upstream says that it did nothing about it, or when a kept
 * connection turned out to be closed and the method is safe.
 */
function mayRepeat(error: unknown, method: string): boolean {
  const cause = error instanceof UpstreamError ? error.cause : undefined;
  if (cause instanceof StreamResetError) return cause.unprocessed;
  if (!(cause instanceof StreamLostError)) return false;
  return cause.unprocessed || (cause.reused && (method === "GET" || method === "HEAD"));
}
