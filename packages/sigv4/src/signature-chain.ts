import type { KeyObject } from "node:crypto";
import { ALGORITHM, ALGORITHM_V4A, type Algorithm } from "./algorithm.ts";
import { EMPTY_SHA256 } from "./payload-hash.ts";
import { signature, verifySignatureOf } from "./signing-key.ts";

/** Where the signatures of a stream begin: the signature of the request that carries it, and what made that. */
export interface StreamSeed {
  readonly algorithm: Algorithm;
  readonly key: KeyObject;
  /** `YYYYMMDDTHHMMSSZ`, the request's: also that of every chunk, however long the stream takes. */
  readonly amzDate: string;
  /** The text of the credential scope. */
  readonly scope: string;
  /** Lower-case hex. */
  readonly signature: string;
}

/** The length of a chunk's signature: SigV4a's are padded, so that the length of a stream can be told beforehand. */
export function chunkSignatureLength(algorithm: Algorithm): number {
  return algorithm === ALGORITHM ? 64 : 144;
}

/**
 * The signatures of a stream's pieces, each of which covers the one before. One chain signs or one verifies, piece by
 * piece in order. See "Transferring payload to Amazon S3 in multiple chunks" in the S3 API reference; event streams
 * chain in the same way.
 */
export class SignatureChain {
  readonly #seed: StreamSeed;
  #previous: string;

  constructor(seed: StreamSeed) {
    this.#seed = seed;
    this.#previous = seed.signature;
  }

  /** Signs the next chunk, given the SHA-256 of its data. With SigV4a the signature is padded to 144 with `*`. */
  signChunk(dataSha256: string): string {
    return padded(this.#sign(this.#chunk(dataSha256)), this.#seed.algorithm);
  }

  /** Signs the trailers, given the SHA-256 of their `name:value\n` lines. */
  signTrailer(trailerSha256: string): string {
    return padded(this.#sign(this.#trailer(trailerSha256)), this.#seed.algorithm);
  }

  /** Signs the next event of a date, given the SHA-256 of its encoded `:date` header and of its payload. */
  signEvent(amzDate: string, headersSha256: string, payloadSha256: string): string {
    return this.#sign(this.#event(amzDate, headersSha256, payloadSha256));
  }

  /** Whether this is the next chunk's signature. */
  verifyChunk(dataSha256: string, provided: string): boolean {
    return this.#verify(this.#chunk(dataSha256), unpadded(provided, this.#seed.algorithm));
  }

  /** Whether this is the trailers' signature. */
  verifyTrailer(trailerSha256: string, provided: string): boolean {
    return this.#verify(this.#trailer(trailerSha256), unpadded(provided, this.#seed.algorithm));
  }

  /** Whether this is the next event's signature. */
  verifyEvent(amzDate: string, headersSha256: string, payloadSha256: string, provided: string): boolean {
    return this.#verify(this.#event(amzDate, headersSha256, payloadSha256), provided);
  }

  #chunk(dataSha256: string): string {
    const { algorithm, amzDate, scope } = this.#seed;
    return `${algorithm}-PAYLOAD\n${amzDate}\n${scope}\n${this.#previous}\n${EMPTY_SHA256}\n${dataSha256}`;
  }

  #trailer(trailerSha256: string): string {
    const { algorithm, amzDate, scope } = this.#seed;
    return `${algorithm}-TRAILER\n${amzDate}\n${scope}\n${this.#previous}\n${trailerSha256}`;
  }

  #event(amzDate: string, headersSha256: string, payloadSha256: string): string {
    const { algorithm, scope } = this.#seed;
    return `${algorithm}-PAYLOAD\n${amzDate}\n${scope}\n${this.#previous}\n${headersSha256}\n${payloadSha256}`;
  }

  #sign(stringToSign: string): string {
    const { key, algorithm } = this.#seed;
    this.#previous = signature(key, stringToSign, algorithm);
    return this.#previous;
  }

  #verify(stringToSign: string, provided: string): boolean {
    const { key, algorithm } = this.#seed;
    this.#previous = provided;
    return verifySignatureOf(key, stringToSign, provided, algorithm);
  }
}

function padded(hex: string, algorithm: Algorithm): string {
  return algorithm === ALGORITHM_V4A ? hex.padEnd(chunkSignatureLength(algorithm), "*") : hex;
}

function unpadded(text: string, algorithm: Algorithm): string {
  return algorithm === ALGORITHM_V4A ? text.replace(/^\*+|\*+$/g, "") : text;
}
