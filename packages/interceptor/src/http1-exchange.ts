import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import {
  type Headers,
  headersFromRaw,
  headerValue,
  type RequestHead,
  rawHeaders,
  type SignedHead,
  withoutHeaders,
} from "@iap/aws-core";
import type { ClientSide } from "./client-side.ts";
import { drain } from "./drain.ts";
import type {
  Answer,
  Exchange,
  ForwardOptions,
  ForwardResult,
  ReadBodyHeadOptions,
  ReadBodyOptions,
  ResponseHead,
} from "./exchange.ts";
import { Forward } from "./forward.ts";
import { framed } from "./framed.ts";
import type { Limits } from "./limits.ts";
import { readBody } from "./read-body.ts";
import type { UpgradingClient } from "./upgrading-client.ts";
import type { OpenUpstream } from "./upstream-stream.ts";

const nothing = new Uint8Array();

export interface Http1ExchangeOptions {
  /** The authority the client connected to. */
  readonly host: string;
  readonly waitsForContinue: boolean;
  /** The connection, when the request asks to leave HTTP. */
  readonly upgrading?: UpgradingClient | undefined;
  /** Told when it has. */
  readonly onSwitched?: (() => void) | undefined;
  readonly upstream: OpenUpstream;
  readonly limits: Limits;
  /** Whether connections are to end after the answer, because the proxy is stopping. */
  readonly closing: () => boolean;
}

/** An exchange over HTTP/1.1 on the client's side. */
export class Http1Exchange implements Exchange, ClientSide {
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

  get method(): string {
    return this.head.method;
  }

  get upgrade(): "websocket" | undefined {
    return this.#options.upgrading === undefined ? undefined : "websocket";
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

  readBody(options: ReadBodyOptions): Promise<Uint8Array> {
    return readBody(this, options);
  }

  readBodyHead(options: ReadBodyHeadOptions): Promise<Uint8Array> {
    return readBody(this, options);
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
    response.writeHead(status, rawHeaders(this.#withClose(empty ? headers : framed(answer), !this.#requestIsComplete)));
    if (request.method === "HEAD" || empty) response.flushHeaders();
    else response.write(body);
    await this.#drain();
    if (response.closed) return;
    await new Promise<void>((resolve) => {
      response.once("close", resolve);
      response.end();
    });
  }

  forward(head: SignedHead, options: ForwardOptions): Promise<ForwardResult> {
    return new Forward(this, this.#options.upstream, head, options).run();
  }

  inform(status: number, statusText: string, headers: Headers): void {
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
    this.response.socket?.write(`HTTP/1.1 ${status} ${statusText}\r\n${lines.join("")}\r\n`, "latin1");
  }

  writeHead(status: number, statusText: string | undefined, headers: Headers, uploaded: boolean): void {
    const { response } = this;
    // Node refuses to announce trailers where none can follow.
    const chunked =
      this.method !== "HEAD" && status !== 204 && status !== 304 && !headerValue(headers, "content-length");
    const fitting = chunked ? headers : withoutHeaders(headers, (name) => name === "trailer");
    const raw = rawHeaders(this.#withClose(fitting, !uploaded && !this.#requestIsComplete));
    response.sendDate = false;
    if (statusText === undefined) response.writeHead(status, raw);
    else response.writeHead(status, statusText, raw);
  }

  async finish(uploaded: boolean): Promise<void> {
    if (!uploaded) await this.#drain();
    this.response.end();
  }

  switchProtocols(head: ResponseHead): { readonly socket: Duplex; readonly head: Buffer } {
    this.#delivered = true;
    this.#options.onSwitched?.();
    return (this.#options.upgrading as UpgradingClient).switchProtocols(head);
  }

  breakOff(): void {
    this.response.destroy();
  }

  /** Whether no byte of the request body is still to come. */
  get #requestIsComplete(): boolean {
    return this.request.complete || this.contentLength === 0;
  }

  /** The headers, with `Connection: close` when the connection is to end or the proxy is stopping. */
  #withClose(headers: Headers, close: boolean): Headers {
    if ((!close && !this.#options.closing()) || headerValue(headers, "connection") !== undefined) return headers;
    return [...headers, ["Connection", "close"]];
  }

  /** Once the answer is written: reads and drops what is left of the request body, before the answer is ended. */
  async #drain(): Promise<void> {
    const { request, response, limits } = this;
    if (this.#requestIsComplete || request.destroyed) return;
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
