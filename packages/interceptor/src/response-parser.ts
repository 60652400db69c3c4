import { ResponseFault } from "./response-fault.ts";
import { type ResponseFraming, responseFraming } from "./response-framing.ts";
import { type ParsedHead, readFieldLines, readResponseHead } from "./response-head.ts";

/** Told what an answer consists of, in the order of the wire. */
export interface ResponseSink {
  /** An interim answer (1xx), but for 101. */
  onInformation(head: ParsedHead): void;
  /** The head of the answer, or of 101, after which the connection speaks another protocol. */
  onHead(head: ParsedHead): void;
  onBody(piece: Uint8Array): void;
}

type State = "head" | "length" | "untilEnd" | "chunkSize" | "chunkData" | "chunkEnd" | "trailers" | "done";

/** The longest line that says how long a chunk is. */
const maxSizeLine = 4_096;
/** RFC 9112 section 7.1, with extensions, which are passed over; without spaces and escapes in them, which nobody writes. */
const sizeLine =
  /^([0-9a-fA-F]{1,13})(?:;[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"[\t !#-[\]-~]*"))?)*\r$/;
const headEnd = Buffer.from("\r\n\r\n");
const nothing = Buffer.alloc(0);

/**
 * Reads the answer to one request from the bytes of a connection, however they are cut. Pieces of the body are views of
 * what was pushed. Everything that could be read in two ways throws `ResponseFault`, after which it is of no more use.
 */
export class ResponseParser {
  /** After the last chunk of a body: names and values in turn. */
  rawTrailers: string[] = [];
  readonly #sink: ResponseSink;
  readonly #maxHeaderBytes: number;
  readonly #method: string;
  #state: State = "head";
  #held: Buffer = nothing;
  /** Bytes to come of the body, or of its chunk. */
  #left = 0;
  #keepAlive = false;

  constructor(method: string, sink: ResponseSink, maxHeaderBytes: number) {
    this.#method = method;
    this.#sink = sink;
    this.#maxHeaderBytes = maxHeaderBytes;
  }

  /** Whether the answer has come to its end in good order. */
  get done(): boolean {
    return this.#state === "done";
  }

  /** Whether the connection may serve another request, once the answer is done. */
  get keepAlive(): boolean {
    return this.#keepAlive;
  }

  /** Reads on; gives what comes after the answer, which is no part of it. */
  push(chunk: Buffer): Buffer {
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = nothing;
    while (bytes.length > 0 && this.#state !== "done") {
      const rest = this.#step(bytes, this.#state);
      if (rest === undefined) {
        this.#held = bytes;
        return nothing;
      }
      bytes = rest;
    }
    return bytes;
  }

  /** The connection has ended; whether the answer has with it. */
  end(): boolean {
    if (this.#state === "untilEnd") this.#state = "done";
    return this.done;
  }

  /** One step on; gives what is left, undefined when more is needed for it. */
  #step(bytes: Buffer, state: Exclude<State, "done">): Buffer | undefined {
    switch (state) {
      case "head":
        return this.#head(bytes);
      case "untilEnd":
        this.#sink.onBody(bytes);
        return nothing;
      case "length":
        return this.#data(bytes, "done");
      case "chunkSize":
        return this.#chunkSize(bytes);
      case "chunkData":
        return this.#data(bytes, "chunkEnd");
      case "chunkEnd":
        if (bytes[0] !== 0x0d || (bytes.length > 1 && bytes[1] !== 0x0a))
          throw new ResponseFault("a chunk of its answer is longer than it says");
        if (bytes.length === 1) return undefined;
        this.#state = "chunkSize";
        return bytes.subarray(2);
      case "trailers":
        return this.#trailers(bytes);
    }
  }

  #head(bytes: Buffer): Buffer | undefined {
    const end = bytes.indexOf(headEnd);
    if ((end < 0 ? bytes.length : end) > this.#maxHeaderBytes)
      throw new ResponseFault(`the head of its answer is longer than ${this.#maxHeaderBytes} bytes`);
    if (end < 0) {
      // Not to wait for more of what is no HTTP.
      if (!looksLikeHttp(bytes)) throw new ResponseFault("its answer does not begin with a status line of HTTP/1.1");
      return undefined;
    }
    const head = readResponseHead(bytes.toString("latin1", 0, end + 2));
    const framing = responseFraming(head, this.#method);
    const rest = bytes.subarray(end + headEnd.length);
    if (head.statusCode < 200 && head.statusCode !== 101) {
      // The answer itself is still to come on it.
      if (!head.http11 || closes(head))
        throw new ResponseFault("an interim answer of it says that the connection ends");
      this.#sink.onInformation(head);
      return rest;
    }
    this.#keepAlive = head.http11 && framing !== "untilEnd" && head.statusCode !== 101 && !closes(head);
    this.#begin(framing);
    this.#sink.onHead(head);
    return rest;
  }

  #begin(framing: ResponseFraming): void {
    if (framing === "chunked") this.#state = "chunkSize";
    else if (framing === "untilEnd") this.#state = "untilEnd";
    else {
      this.#left = framing;
      this.#state = framing === 0 ? "done" : "length";
    }
  }

  #data(bytes: Buffer, next: State): Buffer {
    const piece = bytes.length <= this.#left ? bytes : bytes.subarray(0, this.#left);
    this.#left -= piece.length;
    if (this.#left === 0) this.#state = next;
    this.#sink.onBody(piece);
    return bytes.subarray(piece.length);
  }

  #chunkSize(bytes: Buffer): Buffer | undefined {
    const end = bytes.indexOf(0x0a);
    if ((end < 0 ? bytes.length : end) > maxSizeLine)
      throw new ResponseFault("a line of its answer that says how long a chunk is does not end");
    if (end < 0) return undefined;
    const size = sizeLine.exec(bytes.toString("latin1", 0, end));
    if (size === null) throw new ResponseFault("its answer is in chunks, one of which does not say how long it is");
    this.#left = Number.parseInt(size[1] as string, 16);
    this.#state = this.#left === 0 ? "trailers" : "chunkData";
    return bytes.subarray(end + 1);
  }

  #trailers(bytes: Buffer): Buffer | undefined {
    if (bytes[0] === 0x0d && bytes[1] === 0x0a) {
      this.#state = "done";
      return bytes.subarray(2);
    }
    const end = bytes.indexOf(headEnd);
    if ((end < 0 ? bytes.length : end) > this.#maxHeaderBytes)
      throw new ResponseFault(`the trailers of its answer are longer than ${this.#maxHeaderBytes} bytes`);
    if (end < 0) return undefined;
    this.rawTrailers = readFieldLines(bytes.toString("latin1", 0, end + 2), 0);
    // RFC 9110 section 6.5.1: the next reader may take these for the head's.
    if (this.rawTrailers.some((name, i) => i % 2 === 0 && /^(?:content-length|transfer-encoding)$/i.test(name)))
      throw new ResponseFault("the trailers of its answer say how long it is");
    this.#state = "done";
    return bytes.subarray(end + headEnd.length);
  }
}

function looksLikeHttp(bytes: Buffer): boolean {
  const begin = "HTTP/1.";
  return bytes.toString("latin1", 0, begin.length) === begin.slice(0, bytes.length);
}

function closes({ rawHeaders }: ParsedHead): boolean {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (
      name.length === 10 &&
      name.toLowerCase() === "connection" &&
      /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i.test(rawHeaders[i + 1] as string)
    )
      return true;
  }
  return false;
}
