import { AwsError, type AwsErrorCause, type HeaderLine } from "@iap/aws-core";
import {
  type AwsChunkedOptions,
  canonicalTrailers,
  chunkSignatureLength,
  SignatureChain,
  type StreamSeed,
  sha256Hex,
  TRAILER_SIGNATURE,
} from "@iap/sigv4";
import type { BodyFilter } from "./body-filter.ts";
import { ChunkMemory } from "./chunk-memory.ts";
import { heldBytes } from "./held-bytes.ts";

export interface SignedChunksOptions extends AwsChunkedOptions {
  /** Where the client's signatures begin: see `inboundSeed`. */
  readonly seed: StreamSeed;
  /** Whether a signature over the trailers ends the body (`…-PAYLOAD-TRAILER`). */
  readonly trailer: boolean;
  /** Where the signatures that replace them begin. Default: the body goes on as it is. */
  readonly resign?: StreamSeed | undefined;
  /** The longest chunk, in bytes. Default 16 MiB: one is in memory at a time. */
  readonly maxChunkBytes?: number | undefined;
  /** As for `verify`. */
  readonly reserve?: ((bytes: number) => void) | undefined;
}

/** `hex-size;chunk-signature=…` CRLF with a signature of 144, and some spare zeros. */
const MAX_CHUNK_LINE = 256;
const MAX_TRAILERS = 16_384;
const MAX_SIZE_DIGITS = 16;
const SIGNATURE_MARK = ";chunk-signature=";
const CR = 0x0d;
const LF = 0x0a;

/**
 * Verifies an aws-chunked body whose chunks are signed, and signs them anew. A chunk goes on once its signature is
 * verified, byte for byte but for the signature: sizes keep their spelling, so that no length changes. The last one, which
 * ends the body, waits for the end of the message.
 *
 * Throws `SignatureDoesNotMatch` for a wrong signature, `IncompleteBody` for a body that is cut short or is not as long
 * as `x-amz-decoded-content-length`, `MalformedTrailer` for trailers other than announced, `InvalidRequest` for the rest.
 */
export class SignedChunksFilter implements BodyFilter {
  readonly #options: SignedChunksOptions;
  readonly #inbound: SignatureChain;
  readonly #outbound: SignatureChain | undefined;
  readonly #signatureLength: number;
  readonly #maxChunkBytes: number;
  readonly #hold: (bytes: number) => void;
  #state: "line" | "data" | "trailers" | "end" | "failed" = "line";
  /** The chunk's line as far as it is here, when it came in parts. */
  #line = "";
  /** The chunk: its line, data and CRLF. */
  #chunk: Buffer = EMPTY;
  #filled = 0;
  #dataAt = 0;
  #signature = "";
  #decoded = 0;
  #tail = "";
  /** What ends the body, verified and signed anew. */
  #last: Buffer | undefined;
  readonly #memory = new ChunkMemory();

  constructor(options: SignedChunksOptions) {
    this.#options = options;
    this.#inbound = new SignatureChain(options.seed);
    this.#outbound = options.resign === undefined ? undefined : new SignatureChain(options.resign);
    this.#signatureLength = chunkSignatureLength(options.seed.algorithm);
    this.#maxChunkBytes = options.maxChunkBytes ?? 16 << 20;
    this.#hold = heldBytes(options.reserve);
  }

  push(bytes: Uint8Array): Uint8Array | undefined {
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    let ready: Buffer | undefined;
    let more: Buffer[] | undefined;
    for (let at = 0; at < piece.length; ) {
      switch (this.#state) {
        case "line":
          at = this.#takeLine(piece, at);
          break;
        case "data": {
          at = this.#takeData(piece, at);
          if (this.#filled < this.#chunk.length) break;
          const chunk = this.#finishChunk();
          if (ready === undefined) ready = chunk;
          else if (more === undefined) more = [ready, chunk];
          else more.push(chunk);
          break;
        }
        case "trailers":
          at = this.#takeTail(piece, at);
          break;
        case "end":
          return this.#fail("bytes follow its end");
        case "failed":
          throw new AwsError("InternalFailure", "The body filter was used after it had failed.");
      }
    }
    if (more === undefined) return ready;
    const joined = Buffer.concat(more);
    for (const chunk of more) this.#memory.release(chunk);
    return joined;
  }

  release(piece: Uint8Array): void {
    this.#memory.release(piece);
  }

  end(): Uint8Array | undefined {
    if (this.#state === "failed")
      throw new AwsError("InternalFailure", "The body filter was used after it had failed.");
    if (this.#state !== "end") this.#fail("it ends before its last chunk does", "IncompleteBody");
    this.#state = "failed";
    return this.#last;
  }

  #takeLine(piece: Buffer, at: number): number {
    const found = piece.indexOf(LF, at);
    const end = found < 0 ? piece.length : found + 1;
    if (this.#line.length + end - at > MAX_CHUNK_LINE) this.#fail("a chunk's line is too long");
    this.#line += piece.toString("latin1", at, end);
    if (found >= 0) this.#beginChunk(this.#line);
    return end;
  }

  #beginChunk(line: string): void {
    const mark = line.indexOf(SIGNATURE_MARK);
    const signatureAt = mark + SIGNATURE_MARK.length;
    if (mark < 0 || !line.endsWith("\r\n") || line.length !== signatureAt + this.#signatureLength + 2) {
      this.#fail("a chunk does not begin with its size, a chunk-signature and CR LF");
    }
    const size = /^[0-9A-Fa-f]+$/.test(line.slice(0, mark)) && mark <= MAX_SIZE_DIGITS ? Number.parseInt(line, 16) : -1;
    if (size < 0) this.#fail("a chunk's size is not a hexadecimal number");
    if (size > this.#maxChunkBytes) this.#fail(`a chunk is longer than ${this.#maxChunkBytes} bytes`);
    this.#decoded += size;
    const { decodedLength } = this.#options;
    if (
      decodedLength !== undefined &&
      (this.#decoded > decodedLength || (size === 0 && this.#decoded < decodedLength))
    ) {
      this.#fail(
        `its chunks do not hold the ${decodedLength} bytes that x-amz-decoded-content-length says`,
        "IncompleteBody",
      );
    }
    // As it stays when there is no room.
    this.#state = "failed";
    this.#hold(size);
    this.#line = "";
    this.#signature = line.slice(signatureAt, -2);
    this.#dataAt = line.length;
    this.#chunk = this.#memory.take(line.length + (size === 0 ? 0 : size + 2));
    this.#filled = this.#chunk.write(line, 0, "latin1");
    if (size > 0) {
      this.#state = "data";
      return;
    }
    this.#verifyChunk(EMPTY);
    this.#state = "trailers";
  }

  #takeData(piece: Buffer, at: number): number {
    const end = Math.min(piece.length, at + this.#chunk.length - this.#filled);
    piece.copy(this.#chunk, this.#filled, at, end);
    this.#filled += end - at;
    return end;
  }

  #finishChunk(): Buffer {
    const chunk = this.#chunk;
    if (chunk[chunk.length - 2] !== CR || chunk[chunk.length - 1] !== LF) {
      this.#fail("a chunk is longer than its size, or does not end with CR LF");
    }
    this.#verifyChunk(chunk.subarray(this.#dataAt, -2));
    this.#chunk = EMPTY;
    this.#state = "line";
    return chunk;
  }

  #verifyChunk(data: Uint8Array): void {
    const hash = sha256Hex(data);
    if (!this.#inbound.verifyChunk(hash, this.#signature)) {
      this.#fail("the signature of a chunk does not match its data", "SignatureDoesNotMatch");
    }
    if (this.#outbound === undefined) return;
    this.#chunk.write(this.#outbound.signChunk(hash), this.#dataAt - 2 - this.#signatureLength, "latin1");
  }

  /** What follows the last chunk: `CRLF`, or trailers, their signature, and `CRLF`. */
  #takeTail(piece: Buffer, at: number): number {
    for (let i = at; i < piece.length; i++) {
      this.#tail += String.fromCharCode(piece[i] as number);
      if (this.#tail.length > MAX_TRAILERS) this.#fail("its trailers are too long", "MalformedTrailer");
      if (piece[i] === LF && this.#tailIsWhole()) {
        this.#state = "end";
        return i + 1;
      }
    }
    return piece.length;
  }

  #tailIsWhole(): boolean {
    const { trailer } = this.#options;
    const tail = this.#tail;
    if (!trailer) {
      if (tail !== "\r\n") this.#fail("its last chunk is not followed by CR LF");
      this.#last = Buffer.concat([this.#chunk, Buffer.from(tail, "latin1")]);
      return true;
    }
    // Some clients end the last chunk like any other, and have an empty line before the trailers.
    if (tail === "\r\n" || !tail.endsWith("\r\n\r\n")) return false;
    this.#last = Buffer.concat([this.#chunk, Buffer.from(this.#resignedTrailers(tail), "latin1")]);
    return true;
  }

  #resignedTrailers(tail: string): string {
    const lines = tail.slice(tail.startsWith("\r\n") ? 2 : 0, -4).split("\r\n");
    const signatureLine = lines.pop() ?? "";
    const colon = signatureLine.indexOf(":");
    const provided = signatureLine.slice(colon + 1);
    if (
      signatureLine.slice(0, colon).toLowerCase() !== TRAILER_SIGNATURE ||
      provided.length !== this.#signatureLength
    ) {
      this.#fail(`it does not end with an ${TRAILER_SIGNATURE}`, "MalformedTrailer");
    }
    const hash = sha256Hex(canonicalTrailers(this.#trailers(lines)));
    if (!this.#inbound.verifyTrailer(hash, provided)) {
      this.#fail("the signature of its trailers does not match", "SignatureDoesNotMatch");
    }
    if (this.#outbound === undefined) return tail;
    return `${tail.slice(0, -4 - this.#signatureLength)}${this.#outbound.signTrailer(hash)}\r\n\r\n`;
  }

  #trailers(lines: readonly string[]): readonly HeaderLine[] {
    const missing = new Set(this.#options.trailers ?? []);
    const found = lines.map((line): HeaderLine => {
      const colon = line.indexOf(":");
      const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
      if (line.includes("\n") || !missing.delete(name)) {
        this.#fail("it has a trailer that x-amz-trailer does not announce, or has it twice", "MalformedTrailer");
      }
      return [name, line.slice(colon + 1)];
    });
    const [first] = missing;
    if (first !== undefined) {
      this.#fail(`x-amz-trailer announces "${first}", which does not follow`, "MalformedTrailer");
    }
    return found;
  }

  #fail(why: string, code: AwsErrorCause = "InvalidRequest"): never {
    this.#state = "failed";
    throw new AwsError(code, `The chunk-signed body is wrong: ${why}.`);
  }
}

const EMPTY: Buffer = Buffer.alloc(0);
