import type { HeaderLine } from "@iap/aws-core";
import { ALGORITHM, type Algorithm } from "./algorithm.ts";
import { sha256Hex } from "./payload-hash.ts";
import { chunkSignatureLength, SignatureChain, type StreamSeed } from "./signature-chain.ts";

const CRLF = "\r\n";

/**
 * Writes a body as aws-chunked with signed chunks (`STREAMING-AWS4-HMAC-SHA256-PAYLOAD` and its relatives):
 *
 *     hex-size ;chunk-signature= signature CRLF data CRLF … 0;chunk-signature= signature CRLF (trailers) CRLF
 */
export class ChunkSigner {
  readonly #chain: SignatureChain;

  constructor(seed: StreamSeed) {
    this.#chain = new SignatureChain(seed);
  }

  /** The next chunk, which is not empty. S3 takes none but the last below 8 KiB. */
  chunk(data: Uint8Array): Buffer {
    if (data.length === 0) throw new RangeError("an empty chunk ends the body: see end()");
    return Buffer.concat([Buffer.from(this.#line(data), "latin1"), data, Buffer.from(CRLF)]);
  }

  /** The end of the body. Trailers, in lower case and sorted, are signed too; without `-TRAILER` there are none. */
  end(trailers?: readonly HeaderLine[]): Buffer {
    const last = this.#line(new Uint8Array());
    if (trailers === undefined) return Buffer.from(`${last}${CRLF}`, "latin1");
    const hash = sha256Hex(canonicalTrailers(trailers));
    const lines = trailers.map(([name, value]) => `${name}:${value}${CRLF}`).join("");
    const signed = `${TRAILER_SIGNATURE}:${this.#chain.signTrailer(hash)}${CRLF}`;
    return Buffer.from(`${last}${lines}${signed}${CRLF}`, "latin1");
  }

  #line(data: Uint8Array): string {
    return `${data.length.toString(16)};chunk-signature=${this.#chain.signChunk(sha256Hex(data))}${CRLF}`;
  }
}

export const TRAILER_SIGNATURE = "x-amz-trailer-signature";

/** What a trailer signature covers: `name:value\n` each, by name. */
export function canonicalTrailers(trailers: readonly HeaderLine[]): string {
  const lines = trailers.map(([name, value]) => [name.toLowerCase(), value.trim()] as const);
  lines.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return lines.map(([name, value]) => `${name}:${value}\n`).join("");
}

export interface SignedChunksLength {
  readonly decodedLength: number;
  readonly chunkLength: number;
  readonly algorithm?: Algorithm | undefined;
  /** Names and the lengths of their values. */
  readonly trailers?: readonly (readonly [name: string, length: number])[] | undefined;
}

/** How many bytes `ChunkSigner` makes of a body: its Content-Length. */
export function signedChunksLength({
  decodedLength,
  chunkLength,
  algorithm = ALGORITHM,
  trailers,
}: SignedChunksLength): number {
  const signature = chunkSignatureLength(algorithm);
  const framed = (size: number): number => size.toString(16).length + ";chunk-signature=".length + signature + 4 + size;
  const whole = Math.floor(decodedLength / chunkLength);
  const rest = decodedLength % chunkLength;
  const chunks = whole * framed(chunkLength) + (rest === 0 ? 0 : framed(rest)) + framed(0);
  if (trailers === undefined) return chunks;
  const lines = trailers.reduce((sum, [name, length]) => sum + name.length + 1 + length + 2, 0);
  return chunks + lines + TRAILER_SIGNATURE.length + 1 + signature + 2;
}
