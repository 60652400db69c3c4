import type { ClientRequest, IncomingMessage, InformationEvent, ServerResponse } from "node:http";
import { type Headers, headersFromRaw, headerValue, rawHeaders, type SignedHead, withoutHeaders } from "@iap/aws-core";
import {
  type Answer,
  type BodyFilter,
  ClientGoneError,
  type ForwardOptions,
  type ForwardResult,
  type ResponseHead,
  type ResponsePlan,
} from "./exchange.ts";
import { framed } from "./framed.ts";
import { endToEndRequestHeaders, endToEndResponseHeaders } from "./hop-by-hop.ts";
import type { Limits } from "./limits.ts";
import { stallTimer } from "./stall-timer.ts";
import { explanation, UpstreamError } from "./upstream-error.ts";
import { isSecured, type UpstreamRequest } from "./upstream-request.ts";

/** What forwarding needs of the client's side of an exchange. */
export interface Http1Client {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly limits: Limits;
  readonly contentLength: number | undefined;
  readonly clientGone: boolean;
  readonly requestIsComplete: boolean;
  continue(): void;
  drain(): Promise<void>;
  withClose(headers: Headers, close: boolean): Headers;
}

type CollectPlan = Extract<ResponsePlan, { readonly maxBytes: number }>;

/** Methods whose requests say nothing of a body when they have none (RFC 9110 section 8.6). */
const bodilessMethods = new Set(["GET", "HEAD", "DELETE", "OPTIONS", "TRACE"]);

/**
 * One request on its way upstream and its answer on the way back, with back-pressure both ways.
 *
 * Whatever breaks after the answer has begun destroys the client's connection: a truncated body must never look whole.
 * Whatever breaks before, or is thrown by the body filter, destroys the upstream request before its end, so that
 * upstream never takes it for complete, and rejects, so that the client can be told.
 */
export class Http1Forward {
  readonly #client: Http1Client;
  readonly #open: UpstreamRequest;
  readonly #head: SignedHead;
  readonly #options: ForwardOptions;
  #upstream!: ClientRequest;
  #resolve!: (result: ForwardResult) => void;
  #reject!: (error: Error) => void;
  #settled = false;
  #retried = false;
  /** The whole request has been handed to the upstream connection. */
  #uploaded = false;
  /** Nothing more is wanted of upstream: what befalls its connection is of no account. */
  #upstreamDone = false;
  #answer: ResponseHead | undefined;
  #bytesUp = 0;
  #bytesDown = 0;

  constructor(exchange: Http1Client, open: UpstreamRequest, head: SignedHead, options: ForwardOptions) {
    this.#client = exchange;
    this.#open = open;
    this.#head = head;
    this.#options = options;
  }

  run(): Promise<ForwardResult> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      if (this.#client.clientGone) throw new ClientGoneError("the client left before its request was forwarded");
      this.#send();
      this.#client.response.once("close", () => this.#onClientClose());
    });
  }

  #send(): void {
    const { body } = this.#options;
    const whole = body instanceof Uint8Array;
    const headers = this.#framed(endToEndRequestHeaders(this.#head.headers), whole ? body.length : undefined);
    const upstream = this.#open(this.#head, headers);
    this.#upstream = upstream;
    upstream.on("information", (information) => this.#onInformation(information));
    upstream.on("response", (response) => this.#attempt(() => this.#onResponse(response)));
    upstream.on("error", (error) => this.#onUpstreamError(error));
    upstream.on("timeout", () => {
      // A connection we do not read from, because the client does not, says nothing of upstream.
      if (upstream.destroyed || this.#client.response.writableNeedDrain) return;
      upstream.destroy(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" }));
    });
    if (whole) {
      this.#bytesUp = body.length;
      this.#uploaded = true;
      upstream.end(body);
    } else {
      this.#upload(body, upstream);
    }
  }

  /** The headers with the one framing that fits: the client's own Content-Length, the length of a body that was read, or chunks. */
  #framed(headers: Headers, length: number | undefined): Headers {
    const { contentLength } = this.#client;
    if (contentLength === undefined && length === undefined) return [...headers, ["Transfer-Encoding", "chunked"]];
    if (contentLength !== undefined && length !== undefined) this.#checkLength(length);
    const untrailed = withoutHeaders(headers, (name) => name === "trailer");
    const announced = headerValue(headers, "content-length") !== undefined;
    return announced || (!length && bodilessMethods.has(this.#head.method))
      ? untrailed
      : [...untrailed, ["Content-Length", String(length ?? 0)]];
  }

  /** A body that is not as long as announced would put upstream out of step with us for the requests that follow. */
  #checkLength(length: number): void {
    const { contentLength } = this.#client;
    if (contentLength !== undefined && length !== contentLength)
      throw new Error(`a body of ${length} bytes cannot go out under Content-Length: ${contentLength}`);
  }

  #upload(filter: BodyFilter, upstream: ClientRequest): void {
    const { request, limits, contentLength } = this.#client;
    let last: Uint8Array | undefined;
    const stall = stallTimer(limits.bodyIdleTimeoutMs, () => request.destroy());
    /** Writes what the filter let pass, but keeps the piece that would complete the message until the filter has agreed to the end. */
    const pass = (bytes: Uint8Array | undefined): void => {
      if (bytes === undefined || bytes.length === 0) return;
      this.#bytesUp += bytes.length;
      if (contentLength !== undefined && this.#bytesUp >= contentLength) {
        this.#checkLength(this.#bytesUp);
        last = bytes;
      } else if (!upstream.write(bytes)) {
        request.pause();
        stall.pause();
      }
    };
    const onData = (chunk: Uint8Array): void => {
      if (upstream.destroyed) return;
      stall.refresh();
      this.#attempt(() => pass(filter.push(chunk)));
    };
    const onEnd = (): void => {
      stop();
      if (upstream.destroyed) return;
      this.#attempt(() => {
        pass(filter.end());
        this.#checkLength(this.#bytesUp);
        const trailers = headersFromRaw(request.rawTrailers);
        if (trailers.length > 0) upstream.addTrailers(trailers as [string, string][]);
        this.#uploaded = true;
        upstream.end(last);
      });
    };
    const onDrain = (): void => {
      stall.refresh();
      request.resume();
    };
    const stop = (): void => {
      stall.pause();
      request.off("data", onData).off("end", onEnd);
      upstream.off("drain", onDrain);
    };
    upstream.on("drain", onDrain).on("close", stop);
    request.on("data", onData).on("end", onEnd);
    // Upstream may refuse by the head alone, and must not wait for a body that is slow to come.
    setImmediate(() => {
      if (this.#bytesUp === 0 && !upstream.destroyed) upstream.flushHeaders();
    });
  }

  /** Passes on interim answers (RFC 9110 section 15.2): `100 Continue` if the client waits for it, others as they are. */
  #onInformation({ statusCode, statusMessage, rawHeaders: raw }: InformationEvent): void {
    const { response } = this.#client;
    if (this.#settled || response.headersSent) return;
    if (statusCode === 100) return this.#client.continue();
    const lines = headersFromRaw(raw).map(([name, value]) => `${name}: ${value}\r\n`);
    response.socket?.write(`HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lines.join("")}\r\n`, "latin1");
  }

  #onResponse(response: IncomingMessage): void {
    const head: ResponseHead = {
      status: response.statusCode as number,
      statusText: response.statusMessage ?? "",
      headers: headersFromRaw(response.rawHeaders),
    };
    this.#answer = head;
    response.on("aborted", () => this.#onUpstreamError(new Error("it broke off its answer")));
    response.on("error", (error) => this.#onUpstreamError(error));
    const coding = headerValue(head.headers, "transfer-encoding");
    if (coding !== undefined && coding.toLowerCase() !== "chunked")
      throw new UpstreamError("exchange", `${this.#head.host}: Transfer-Encoding: ${coding} cannot be passed on`);
    const plan = this.#options.response?.(head) ?? "stream";
    if (plan === "stream") this.#stream(response, head);
    else if ("headers" in plan) this.#stream(response, { ...head, headers: plan.headers });
    else this.#collect(response, head, plan);
  }

  #stream(upstream: IncomingMessage, head: ResponseHead): void {
    const { response } = this.#client;
    this.#writeHead(head, endToEndResponseHeaders(head.headers));
    let begun = false;
    // A head whose body is slow to come must not wait for it; one that comes together leaves in one piece.
    setImmediate(() => {
      if (!begun && !response.destroyed) response.flushHeaders();
    });
    upstream.on("data", (chunk: Uint8Array) => {
      begun = true;
      this.#bytesDown += chunk.length;
      if (!response.write(chunk)) upstream.pause();
    });
    response.on("drain", () => upstream.resume());
    upstream.on("end", () => {
      begun = true;
      if (!upstream.complete) return;
      this.#attempt(() => {
        const trailers = headersFromRaw(upstream.rawTrailers);
        if (trailers.length > 0) response.addTrailers(trailers as [string, string][]);
        void this.#finish();
      });
    });
  }

  #collect(upstream: IncomingMessage, head: ResponseHead, { maxBytes, rewrite }: CollectPlan): void {
    const chunks: Uint8Array[] = [];
    upstream.on("data", (chunk: Uint8Array) => {
      if (this.#upstreamDone) return;
      this.#bytesDown += chunk.length;
      chunks.push(chunk);
      if (this.#bytesDown <= maxBytes) return;
      this.#upstreamDone = true;
      this.#upstream.destroy();
      this.#attempt(() => this.#answerWith(rewrite(undefined), head));
    });
    upstream.on("end", () => {
      if (!upstream.complete || this.#upstreamDone) return;
      const body = Buffer.concat(chunks);
      this.#attempt(() => this.#answerWith(rewrite(body), head, body));
    });
  }

  #answerWith(answer: Answer | "unchanged", head: ResponseHead, original?: Uint8Array): void {
    const { request, response } = this.#client;
    if (answer !== "unchanged") {
      this.#writeHead({ status: answer.status }, framed(answer));
      if (request.method !== "HEAD") response.write(answer.body);
    } else if (original === undefined) {
      throw new UpstreamError("exchange", `${this.#head.host}: its answer is too long to be checked`);
    } else {
      const headers = endToEndResponseHeaders(head.headers);
      const hasBody = request.method !== "HEAD" && head.status !== 204 && head.status !== 304;
      const announced = headerValue(headers, "content-length") !== undefined;
      this.#writeHead(head, announced || !hasBody ? headers : framed({ headers, body: original }));
      if (hasBody) response.write(original);
    }
    void this.#finish();
  }

  #writeHead({ status, statusText }: Pick<ResponseHead, "status"> & Partial<ResponseHead>, headers: Headers): void {
    const { request, response, requestIsComplete } = this.#client;
    // Node refuses to announce trailers where none can follow.
    const chunked =
      request.method !== "HEAD" && status !== 204 && status !== 304 && !headerValue(headers, "content-length");
    const fitting = chunked ? headers : withoutHeaders(headers, (name) => name === "trailer");
    const raw = rawHeaders(this.#client.withClose(fitting, !this.#uploaded && !requestIsComplete));
    response.sendDate = false;
    if (statusText === undefined) response.writeHead(status, raw);
    else response.writeHead(status, statusText, raw);
  }

  /** Ends the answer, once nothing more of the request is to come. */
  async #finish(): Promise<void> {
    this.#upstreamDone = true;
    if (!this.#uploaded) {
      // Upstream has answered in full and reads no more.
      this.#upstream.destroy();
      await this.#client.drain();
    }
    this.#client.response.end();
  }

  #onClientClose(): void {
    if (this.#settled) return;
    if (!this.#client.clientGone) return this.#settle("answered");
    this.#upstream.destroy();
    if (this.#answer === undefined) this.#fail(new ClientGoneError("the client left before it was answered"));
    else this.#settle("aborted");
  }

  #onUpstreamError(error: Error): void {
    if (this.#settled || this.#upstreamDone) return;
    if (this.#mayRetry(error)) {
      this.#retried = true;
      this.#attempt(() => this.#send());
      return;
    }
    const stage = isSecured(this.#upstream) ? "exchange" : "connect";
    this.#fail(new UpstreamError(stage, `${this.#head.host}: ${explanation(error)}`, { cause: error }));
  }

  /** A kept-alive connection may have been closed by upstream just as it was reused. Only what is safe to send twice is. */
  #mayRetry(error: NodeJS.ErrnoException): boolean {
    return (
      this.#upstream.reusedSocket &&
      !this.#retried &&
      this.#answer === undefined &&
      (error.code === "ECONNRESET" || error.code === "EPIPE") &&
      (this.#head.method === "GET" || this.#head.method === "HEAD") &&
      this.#options.body instanceof Uint8Array &&
      !this.#client.clientGone
    );
  }

  /** Runs a step of an event; what it throws ends the exchange. */
  #attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #fail(error: Error): void {
    if (this.#settled) return;
    const { response } = this.#client;
    if (response.headersSent) this.#settle("failed", error);
    else {
      this.#settled = true;
      this.#reject(error);
    }
    this.#upstream.destroy();
    if (response.headersSent) response.destroy();
  }

  #settle(outcome: ForwardResult["outcome"], error?: Error): void {
    this.#settled = true;
    this.#resolve({
      outcome,
      head: this.#answer as ResponseHead,
      bytesUp: this.#bytesUp,
      bytesDown: this.#bytesDown,
      error,
    });
  }
}
