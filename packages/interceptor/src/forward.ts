import type { Duplex } from "node:stream";
import { type Headers, headersFromRaw, headerValue, type SignedHead, withoutHeaders } from "@iap/aws-core";
import type { ClientSide } from "./client-side.ts";
import {
  type Answer,
  type AnswerEnding,
  type BodyFilter,
  ClientGoneError,
  type ForwardOptions,
  type ForwardResult,
  type ResponseHead,
  type ResponsePlan,
} from "./exchange.ts";
import { framed } from "./framed.ts";
import { endToEndRequestHeaders, endToEndResponseHeaders, requestTrailers } from "./hop-by-hop.ts";
import { splice } from "./splice.ts";
import { stallTimer } from "./stall-timer.ts";
import { explanation, UpstreamError } from "./upstream-error.ts";
import type { OpenUpstream, UpstreamAnswer, UpstreamInformation, UpstreamStream } from "./upstream-stream.ts";

/** What asks for another protocol on this connection. */
function upgradeHeaders(protocol: string): Headers {
  return [
    ["Connection", "Upgrade"],
    ["Upgrade", protocol],
  ];
}

function responseHead({ statusCode, statusMessage, rawHeaders }: UpstreamAnswer): ResponseHead {
  return { status: statusCode, statusText: statusMessage, headers: headersFromRaw(rawHeaders) };
}

type CollectPlan = Extract<ResponsePlan, { readonly maxBytes: number }>;

/** The most interim answers to one request. */
const maxInterim = 100;

/** Methods whose requests say nothing of a body when they have none (RFC 9110 section 8.6). */
const bodilessMethods = new Set(["GET", "HEAD", "DELETE", "OPTIONS", "TRACE"]);

/**
 * One request on its way upstream and its answer on the way back, with back-pressure both ways.
 *
 * Whatever breaks after the answer has begun destroys the client's connection: a truncated body must never look whole.
 * Whatever breaks before, or is thrown by the body filter, destroys the upstream request before its end, so that
 * upstream never takes it for complete, and rejects, so that the client can be told.
 */
export class Forward {
  readonly #client: ClientSide;
  readonly #open: OpenUpstream;
  readonly #head: SignedHead;
  readonly #options: ForwardOptions;
  #upstream!: UpstreamStream;
  #resolve!: (result: ForwardResult) => void;
  #reject!: (error: Error) => void;
  #settled = false;
  #retried = false;
  /** The whole request has been handed to the upstream connection. */
  #uploaded = false;
  /** Nothing more is wanted of upstream: what befalls its connection is of no account. */
  #upstreamDone = false;
  #answer: ResponseHead | undefined;
  /** Interim answers so far. */
  #interim = 0;
  #bytesUp = 0;
  #bytesDown = 0;
  /** A body was begun to be streamed: it cannot be had again. */
  #began = false;
  /** How the answer can be ended early. */
  #ending: AnswerEnding | undefined;
  /** Lets go of the client's body. */
  #stopUpload: (() => void) | undefined;
  /** An answer that moves keeps a body alive that stands still meanwhile, as in a conversation. */
  #keepUpload: (() => void) | undefined;

  constructor(client: ClientSide, open: OpenUpstream, head: SignedHead, options: ForwardOptions) {
    this.#client = client;
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

  /** Whether another attempt could send the same request, of which upstream has said nothing. */
  get resendable(): boolean {
    return this.#answer === undefined && this.#interim === 0 && !this.#began;
  }

  #send(): void {
    const { body } = this.#options;
    const whole = body instanceof Uint8Array;
    const headers = this.#framed(endToEndRequestHeaders(this.#head.headers), whole ? body.length : undefined);
    const { upgrade } = this.#client;
    const upstream = this.#open(this.#head, upgrade === undefined ? headers : [...headers, ...upgradeHeaders(upgrade)]);
    this.#upstream = upstream;
    upstream.on("information", (information) => this.#attempt(() => this.#onInformation(information)));
    upstream.on("response", (response) => this.#attempt(() => this.#onResponse(response)));
    if (upgrade !== undefined)
      upstream.on("upgrade", (...agreed) => this.#attempt(() => this.#onUpgrade(upgrade, ...agreed)));
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

  /** How long the body goes out, when that is known before. */
  get #contentLength(): number | undefined {
    return this.#options.length ?? this.#client.contentLength;
  }

  /** The headers with the one framing that fits: the client's own Content-Length, the length of a body that was read, or chunks. */
  #framed(received: Headers, length: number | undefined): Headers {
    const contentLength = this.#contentLength;
    const other = this.#options.length !== undefined && contentLength !== this.#client.contentLength;
    const headers: Headers = other
      ? [...withoutHeaders(received, (name) => name === "content-length"), ["Content-Length", String(contentLength)]]
      : received;
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
    const contentLength = this.#contentLength;
    if (contentLength !== undefined && length !== contentLength)
      throw new Error(`a body of ${length} bytes cannot go out under Content-Length: ${contentLength}`);
  }

  #upload(filter: BodyFilter, upstream: UpstreamStream): void {
    const { request, limits } = this.#client;
    const contentLength = this.#contentLength;
    let last: Uint8Array | undefined;
    const stall = stallTimer(limits.bodyIdleTimeoutMs, () => request.destroy());
    /** Writes what the filter let pass, but keeps the piece that would complete the message until the filter has agreed to the end. */
    const pass = (bytes: Uint8Array | undefined): void => {
      if (bytes === undefined || bytes.length === 0) return;
      this.#bytesUp += bytes.length;
      if (contentLength !== undefined && this.#bytesUp >= contentLength) {
        this.#checkLength(this.#bytesUp);
        last = bytes;
      } else if (!upstream.write(bytes, filter.release && (() => filter.release?.(bytes)))) {
        request.pause();
        stall.pause();
      }
    };
    const onData = (chunk: Uint8Array): void => {
      this.#began = true;
      if (upstream.destroyed) return;
      stall.refresh();
      this.#attempt(() => pass(filter.push(chunk)));
    };
    const onEnd = (): void => {
      this.#began = true;
      stop();
      if (upstream.destroyed) return;
      this.#attempt(() => {
        pass(filter.end());
        this.#checkLength(this.#bytesUp);
        const trailers = requestTrailers(headersFromRaw(request.rawTrailers));
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
      request.off("data", onData);
      request.off("end", onEnd);
      upstream.off("drain", onDrain);
      this.#keepUpload = undefined;
    };
    this.#stopUpload = stop;
    this.#keepUpload = () => stall.touch();
    upstream.on("drain", onDrain);
    upstream.on("close", stop);
    request.on("data", onData);
    request.on("end", onEnd);
    // Its beginning may have been read before, and its end with it.
    if (request.readableEnded) onEnd();
    else request.resume();
    // Upstream may refuse by the head alone, and must not wait for a body that is slow to come.
    setImmediate(() => {
      if (this.#bytesUp === 0 && !upstream.destroyed) upstream.flushHeaders();
    });
  }

  /** Passes on interim answers (RFC 9110 section 15.2): `100 Continue` if the client waits for it, others without what frames an answer. */
  #onInformation({ statusCode, statusMessage, rawHeaders }: UpstreamInformation): void {
    if (this.#settled || this.#client.response.headersSent) return;
    this.#interim += 1;
    // They go to a client that may not read.
    if (this.#interim > maxInterim)
      throw new UpstreamError("exchange", `${this.#head.host}: it gave more than ${maxInterim} interim answers`);
    if (statusCode === 100) return this.#client.continue();
    const headers = endToEndResponseHeaders(headersFromRaw(rawHeaders));
    this.#client.inform(
      statusCode,
      statusMessage,
      withoutHeaders(headers, (name) => name === "content-length"),
    );
  }

  /** Both sides have left HTTP (RFC 9110 section 7.8): what they say from now on passes as it is. */
  #onUpgrade(protocol: string, answer: UpstreamAnswer, upstream: Duplex, upstreamHead: Buffer): void {
    const head = responseHead(answer);
    upstream.on("error", () => upstream.destroy());
    if (this.#settled || headerValue(head.headers, "upgrade")?.toLowerCase() !== protocol) {
      upstream.destroy();
      throw new UpstreamError("exchange", `${this.#head.host}: it switched to another protocol than ${protocol}`);
    }
    this.#answer = head;
    this.#upstreamDone = true;
    // An end of upstream's does not end what the client still has to say.
    upstream.allowHalfOpen = true;
    const { limits } = this.#client;
    const { socket, head: clientHead } = this.#client.switchProtocols(head);
    splice(socket, upstream, {
      host: this.#head.host,
      clientHead,
      upstreamHead,
      idleTimeoutMs: limits.upgradeIdleTimeoutMs,
      endedTimeoutMs: Math.min(limits.drainTimeoutMs, limits.upgradeIdleTimeoutMs),
      onBytesUp: (bytes) => {
        this.#bytesUp += bytes;
      },
      onBytesDown: (bytes) => {
        this.#bytesDown += bytes;
      },
      onDone: (outcome, error) => this.#settle(outcome, error),
    });
  }

  #onResponse(response: UpstreamAnswer): void {
    // What came together with it has ended the exchange.
    if (this.#settled || this.#upstreamDone) return;
    const head = responseHead(response);
    this.#answer = head;
    const coding = headerValue(head.headers, "transfer-encoding");
    if (coding !== undefined && coding.toLowerCase() !== "chunked")
      throw new UpstreamError("exchange", `${this.#head.host}: Transfer-Encoding: ${coding} cannot be passed on`);
    const plan = this.#options.response?.(head) ?? "stream";
    if (plan === "stream") this.#stream(response, head);
    else if ("headers" in plan) this.#stream(response, { ...head, headers: plan.headers });
    else this.#collect(response, head, plan);
  }

  #stream(upstream: UpstreamAnswer, head: ResponseHead): void {
    const { response } = this.#client;
    this.#writeHead(head, endToEndResponseHeaders(head.headers));
    const endless = headerValue(head.headers, "content-length") === undefined;
    this.#ending = endless ? this.#options.ending?.(head) : undefined;
    let begun = false;
    // A head whose body is slow to come must not wait for it; one that comes together leaves in one piece.
    setImmediate(() => {
      if (!begun && !response.destroyed) response.flushHeaders();
    });
    upstream.on("data", (chunk: Uint8Array) => {
      if (this.#upstreamDone) return;
      begun = true;
      this.#keepUpload?.();
      this.#bytesDown += chunk.length;
      this.#ending?.push(chunk);
      if (!response.write(chunk)) upstream.pause();
    });
    response.on("drain", () => upstream.resume());
    upstream.on("end", () => {
      begun = true;
      this.#attempt(() => {
        const trailers = headersFromRaw(upstream.rawTrailers);
        if (trailers.length > 0) response.addTrailers(trailers as [string, string][]);
        this.#finish();
      });
    });
  }

  #collect(upstream: UpstreamAnswer, head: ResponseHead, { maxBytes, rewrite }: CollectPlan): void {
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
      if (this.#upstreamDone) return;
      const body = Buffer.concat(chunks);
      this.#attempt(() => this.#answerWith(rewrite(body), head, body));
    });
  }

  #answerWith(answer: Answer | "unchanged", head: ResponseHead, original?: Uint8Array): void {
    const { method, response } = this.#client;
    if (answer !== "unchanged") {
      // A plan may have made them of upstream's, whose connection is another.
      const headers = endToEndResponseHeaders(answer.headers);
      this.#writeHead({ status: answer.status }, framed({ headers, body: answer.body }));
      if (method !== "HEAD") response.write(answer.body);
    } else if (original === undefined) {
      throw new UpstreamError("exchange", `${this.#head.host}: its answer is too long to be checked`);
    } else {
      const headers = endToEndResponseHeaders(head.headers);
      const hasBody = method !== "HEAD" && head.status !== 204 && head.status !== 304;
      const announced = headerValue(headers, "content-length") !== undefined;
      this.#writeHead(head, announced || !hasBody ? headers : framed({ headers, body: original }));
      if (hasBody) response.write(original);
    }
    this.#finish();
  }

  #writeHead({ status, statusText }: Pick<ResponseHead, "status"> & Partial<ResponseHead>, headers: Headers): void {
    this.#client.writeHead(status, statusText, headers, this.#uploaded);
  }

  /** Ends the answer; upstream has given its own in full, and reads no more of the request. */
  #finish(): void {
    this.#upstreamDone = true;
    if (!this.#uploaded) this.#upstream.destroy();
    void this.#client.finish(this.#uploaded);
  }

  #onClientClose(): void {
    if (this.#settled) return;
    if (!this.#client.clientGone) return this.#settle("answered");
    this.#upstream.destroy();
    if (this.#answer === undefined) this.#fail(new ClientGoneError("the client left before it was answered"));
    else this.#settle("aborted");
  }

  #onUpstreamError(error: NodeJS.ErrnoException): void {
    if (this.#settled || this.#upstreamDone) return;
    if (this.#mayRetry(error)) {
      this.#retried = true;
      this.#attempt(() => this.#send());
      return;
    }
    const stage = this.#upstream.secured ? "exchange" : "connect";
    const reset = error.code === "ECONNRESET" || error.code === "EPIPE";
    const why = this.#answer !== undefined && reset ? "it broke off its answer" : explanation(error);
    this.#fail(new UpstreamError(stage, `${this.#head.host}: ${why}`, { cause: error }));
  }

  /** A kept-alive connection may have been closed by upstream just as it was reused. Only what is safe to send twice is. */
  #mayRetry(error: NodeJS.ErrnoException): boolean {
    return (
      this.#upstream.mayBeStale &&
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
    this.#stopUpload?.();
    const { response } = this.#client;
    const last = response.headersSent && !response.destroyed ? this.#ending?.last(error) : undefined;
    if (last !== undefined) return this.#endEarly(last, error);
    if (response.headersSent) this.#settle("failed", error);
    else {
      this.#settled = true;
      this.#reject(error);
    }
    this.#upstream.destroy();
    if (response.headersSent) this.#client.breakOff(error);
  }

  /** Ends the answer in its own words. */
  #endEarly(last: Uint8Array, error: Error): void {
    this.#upstreamDone = true;
    this.#upstream.destroy();
    this.#client.response.write(last);
    this.#client.finish(this.#uploaded).then(
      () => this.#settled || this.#settle("failed", error),
      () => this.#settled || this.#settle("failed", error),
    );
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
