import type { IncomingMessage, ServerResponse } from "node:http";
import {
  type Headers,
  headersFromRaw,
  headerValue,
  type RequestHead,
  rawHeaders,
  type SignedHead,
} from "@iap/aws-core";
import { drain } from "./drain.ts";
import {
  type Answer,
  BodyTooLargeError,
  ClientGoneError,
  type Exchange,
  type ForwardOptions,
  type ForwardResult,
  type ReadBodyOptions,
} from "./exchange.ts";
import { framed } from "./framed.ts";
import { type Http1Client, Http1Forward } from "./http1-forward.ts";
import type { Limits } from "./limits.ts";
import { stallTimer } from "./stall-timer.ts";
import type { UpstreamRequest } from "./upstream-request.ts";

const nothing = new Uint8Array();

export interface Http1ExchangeOptions {
  /** The authority the client connected to. */
  readonly host: string;
  readonly waitsForContinue: boolean;
  readonly upstream: UpstreamRequest;
  readonly limits: Limits;
  /** Whether connections are to end after the answer, because the proxy is stopping. */
  readonly closing: () => boolean;
}

/** An exchange over HTTP/1.1 on the client's side. */
export class Http1Exchange implements Exchange, Http1Client {
  readonly head: RequestHead;
  readonly contentLength: number | undefined;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly #options: Http1ExchangeOptions;
  #waitsForContinue: boolean;
  /** Whether the client has its whole answer, though its own request is not at its end. */
  #delivered = false;

  constructor(request: IncomingMessage, response: ServerResponse, options: Http1ExchangeOptions) {
    this.request = request;
    this.response = response;
    this.#options = options;
    this.#waitsForContinue = options.waitsForContinue;
    this.head = {
      httpVersion: "1.1",
      method: request.method as string,
      target: request.url as string,
      headers: headersFromRaw(request.rawHeaders),
      host: options.host,
    };
    this.contentLength = contentLength(this.head.headers);
  }

  get limits(): Limits {
    return this.#options.limits;
  }

  get clientGone(): boolean {
    const { request, response } = this;
    return !this.#delivered && !response.writableFinished && (response.destroyed || request.socket.destroyed);
  }

  /** Tells a client that waits for it to send its body. */
  continue(): void {
    if (!this.#waitsForContinue || this.response.headersSent) return;
    this.#waitsForContinue = false;
    this.response.writeContinue();
  }

  async readBody({ limit, reserve }: ReadBodyOptions): Promise<Uint8Array> {
    const { request, contentLength } = this;
    if (contentLength === 0) {
      request.resume();
      return nothing;
    }
    if (this.clientGone) throw new ClientGoneError("the client left before its request was complete");
    if (contentLength !== undefined) {
      if (contentLength > limit) throw new BodyTooLargeError(limit);
      reserve?.(contentLength);
    }
    return new Promise((resolve, reject) => {
      const chunks: Uint8Array[] = [];
      let length = 0;
      const done = (error?: Error): void => {
        stall.pause();
        request.off("data", onData).off("end", onEnd).off("close", onClose);
        if (error === undefined)
          resolve(chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, length));
        else {
          request.pause();
          reject(error);
        }
      };
      const onData = (chunk: Uint8Array): void => {
        stall.refresh();
        length += chunk.length;
        if (length > limit) return done(new BodyTooLargeError(limit));
        try {
          if (contentLength === undefined) reserve?.(chunk.length);
        } catch (error) {
          return done(error as Error);
        }
        chunks.push(chunk);
      };
      const onEnd = (): void => done();
      const onClose = (): void => done(new ClientGoneError("the client left before its request was complete"));
      const stall = stallTimer(this.limits.bodyIdleTimeoutMs, () => {
        request.destroy();
        done(new ClientGoneError("the client stopped sending its request body"));
      });
      request.on("data", onData).on("end", onEnd).on("close", onClose);
      this.continue();
    });
  }

  async respond(answer: Answer): Promise<void> {
    const { response, request } = this;
    if (this.clientGone) return;
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const { status, headers, body } = answer;
    const empty = status === 204 || status === 304;
    response.sendDate = false;
    response.writeHead(status, rawHeaders(this.withClose(empty ? headers : framed(answer), !this.requestIsComplete)));
    if (request.method === "HEAD" || empty) response.flushHeaders();
    else response.write(body);
    await this.drain();
    if (response.closed) return;
    await new Promise<void>((resolve) => {
      response.once("close", resolve);
      response.end();
    });
  }

  forward(head: SignedHead, options: ForwardOptions): Promise<ForwardResult> {
    return new Http1Forward(this, this.#options.upstream, head, options).run();
  }

  /** Whether no byte of the request body is still to come. */
  get requestIsComplete(): boolean {
    return this.request.complete || this.contentLength === 0;
  }

  /** The headers, with `Connection: close` when the connection is to end or the proxy is stopping. */
  withClose(headers: Headers, close: boolean): Headers {
    if ((!close && !this.#options.closing()) || headerValue(headers, "connection") !== undefined) return headers;
    return [...headers, ["Connection", "close"]];
  }

  /** Once the answer is written: reads and drops what is left of the request body, before the answer is ended. */
  async drain(): Promise<void> {
    const { request, response, limits } = this;
    if (this.requestIsComplete || request.destroyed) return;
    // An empty write is done when all before it is.
    response.socket?.write(nothing, (error) => {
      this.#delivered = !error && !response.chunkedEncoding;
    });
    // A client that still waits for `100 Continue` sends no body once it has its answer, unless the two cross.
    await drain(request, this.#waitsForContinue ? Math.min(1_000, limits.drainTimeoutMs) : limits.drainTimeoutMs);
  }
}

function contentLength(headers: Headers): number | undefined {
  if (headerValue(headers, "transfer-encoding") !== undefined) return undefined;
  return Number(headerValue(headers, "content-length") ?? 0);
}
