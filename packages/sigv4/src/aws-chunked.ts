import { AwsError, type AwsErrorCause } from "@iap/aws-core";
import { hexDigit } from "./hex-digit.ts";

export interface AwsChunkedOptions {
  /** The names that `x-amz-trailer` announced, lower-case: exactly these stand after the last chunk. Default none. */
  readonly trailers?: readonly string[] | undefined;
  /** What `x-amz-decoded-content-length` announced, in bytes. */
  readonly decodedLength?: number | undefined;
}

/** A size line holds at most 16 hex digits, a trailer line at most this many bytes: nothing else is remembered. */
const MAX_TRAILER_LINE = 4096;
const MAX_SIZE_DIGITS = 16;

const CR = 0x0d;
const LF = 0x0a;

type State = "size" | "sizeLf" | "data" | "dataCr" | "dataLf" | "trailer" | "trailerLf" | "done" | "failed";

/**
 * Checks the framing of an aws-chunked body whose chunks are not signed (`STREAMING-UNSIGNED-PAYLOAD-TRAILER`), piece by
 * piece and however it is split, without keeping or changing it:
 *
 *     hex-size CRLF data CRLF … 0 CRLF (name:value CRLF)* CRLF
 *
 * `push` and `end` throw `InvalidRequest` for chunk extensions, sizes that are not hex, bare LF, a total above the one
 * announced and bytes after the end; `IncompleteBody` for a body that is cut short; `MalformedTrailer` for trailers other
 * than those announced. See "Transferring payload to Amazon S3 in multiple chunks" in the S3 API reference.
 */
export class AwsChunkedParser {
  #state: State = "size";
  #size = 0;
  #digits = 0;
  #left = 0;
  #total = 0;
  #line = "";
  readonly #announced: ReadonlySet<string>;
  readonly #missing: Set<string>;
  readonly #decodedLength: number | undefined;

  constructor({ trailers = [], decodedLength }: AwsChunkedOptions = {}) {
    this.#announced = new Set(trailers);
    this.#missing = new Set(trailers);
    this.#decodedLength = decodedLength;
  }

  /** Takes the next piece of the body. */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === "data") {
        const taken = Math.min(this.#left, bytes.length - at);
        this.#left -= taken;
        at += taken;
        if (this.#left === 0) this.#state = "dataCr";
      } else {
        this.#take(bytes[at] as number);
        at++;
      }
    }
  }

  /** Says that the body has ended. */
  end(): void {
    if (this.#state !== "done") this.#fail("it ends before its last chunk and trailers do", "IncompleteBody");
  }

  /** Whether the body is complete: no further byte may come. */
  get complete(): boolean {
    return this.#state === "done";
  }

  #take(byte: number): void {
    switch (this.#state) {
      case "size":
        return this.#takeSize(byte);
      case "sizeLf":
        this.#expect(byte, LF, "a chunk's size is followed by CR LF");
        return this.#beginChunk();
      case "dataCr":
        this.#expect(byte, CR, "a chunk is longer than its size, or does not end with CR LF");
        this.#state = "dataLf";
        return;
      case "dataLf":
        this.#expect(byte, LF, "a chunk does not end with CR LF");
        this.#size = 0;
        this.#digits = 0;
        this.#state = "size";
        return;
      case "trailer":
        return this.#takeTrailer(byte);
      case "trailerLf":
        this.#expect(byte, LF, "a trailer line does not end with CR LF");
        return this.#endTrailer();
      case "done":
        return this.#fail("bytes follow its end");
      default:
        return this.#fail("it was malformed before");
    }
  }

  #takeSize(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.#digits++;
      this.#size = this.#size * 16 + digit;
      if (this.#digits > MAX_SIZE_DIGITS || this.#size > Number.MAX_SAFE_INTEGER)
        this.#fail("a chunk's size is too large");
    } else if (byte === CR && this.#digits > 0) {
      this.#state = "sizeLf";
    } else if (byte === 0x3b) {
      this.#fail("a chunk has an extension, but its chunks are declared unsigned");
    } else {
      this.#fail("a chunk's size is not a hexadecimal number");
    }
  }

  #beginChunk(): void {
    if (this.#size === 0) {
      if (this.#decodedLength !== undefined && this.#total !== this.#decodedLength) {
        this.#fail(
          `its chunks hold ${this.#total} bytes, but x-amz-decoded-content-length says ${this.#decodedLength}`,
          "IncompleteBody",
        );
      }
      this.#state = "trailer";
      return;
    }
    this.#total += this.#size;
    if (this.#decodedLength !== undefined && this.#total > this.#decodedLength) {
      this.#fail(`its chunks hold more than the ${this.#decodedLength} bytes that x-amz-decoded-content-length says`);
    }
    this.#left = this.#size;
    this.#state = "data";
  }

  #takeTrailer(byte: number): void {
    if (byte === CR) {
      this.#state = "trailerLf";
    } else if (byte === LF || byte === 0) {
      this.#fail("a trailer line does not end with CR LF");
    } else if (this.#line.length >= MAX_TRAILER_LINE) {
      this.#fail("a trailer line is too long");
    } else {
      this.#line += String.fromCharCode(byte);
    }
  }

  #endTrailer(): void {
    if (this.#line === "") {
      const [missing] = this.#missing;
      if (missing !== undefined)
        this.#fail(`x-amz-trailer announces "${missing}", which does not follow`, "MalformedTrailer");
      this.#state = "done";
      return;
    }
    const colon = this.#line.indexOf(":");
    const name = this.#line.slice(0, Math.max(colon, 0)).toLowerCase();
    if (colon <= 0) this.#fail("a trailer line has no name", "MalformedTrailer");
    if (!this.#announced.has(name)) {
      this.#fail("it has a trailer that x-amz-trailer does not announce", "MalformedTrailer");
    }
    if (!this.#missing.delete(name)) this.#fail(`the trailer "${name}" is repeated`, "MalformedTrailer");
    this.#line = "";
    this.#state = "trailer";
  }

  #expect(byte: number, expected: number, why: string): void {
    if (byte !== expected) this.#fail(why);
  }

  #fail(why: string, code: AwsErrorCause = "InvalidRequest"): never {
    this.#state = "failed";
    throw new AwsError(code, `The aws-chunked body is malformed: ${why}.`);
  }
}
