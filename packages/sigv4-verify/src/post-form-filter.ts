import { AwsError } from "@iap/aws-core";
import type { BodyFilter } from "./body-filter.ts";

export interface PostFormFilterOptions {
  readonly boundary: string;
  /** How many bytes of the body stand before the file. */
  readonly headLength: number;
  /** What takes their place. Default: they go on as they are. */
  readonly head?: Uint8Array | undefined;
  /** How long the file may be, in bytes. */
  readonly contentLength?: { readonly min: number; readonly max: number } | undefined;
}

/**
 * Passes a POST form on with other fields before its file, and holds the length of the file against the policy's. The
 * last piece waits for the end. Throws `EntityTooLarge`, `EntityTooSmall`, or `IncompleteBody` when the file does not end.
 */
export class PostFormFilter implements BodyFilter {
  readonly #options: PostFormFilterOptions;
  readonly #delimiter: Buffer;
  #skip: number;
  /** The last bytes of the file so far, in which its end may begin. */
  #carry: Buffer = Buffer.alloc(0);
  #fileLength = 0;
  #fileEnded = false;
  #held: Uint8Array | undefined;
  #open = true;

  constructor(options: PostFormFilterOptions) {
    this.#options = options;
    this.#skip = options.headLength;
    this.#delimiter = Buffer.from(`\r\n--${options.boundary}`, "latin1");
    this.#held = options.head;
  }

  push(chunk: Uint8Array): Uint8Array | undefined {
    this.#guard();
    let rest = chunk;
    if (this.#skip > 0) {
      const skipped = Math.min(this.#skip, chunk.length);
      this.#skip -= skipped;
      if (this.#options.head !== undefined) rest = chunk.subarray(skipped);
      this.#file(chunk.subarray(skipped));
    } else {
      this.#file(chunk);
    }
    this.#open = true;
    if (rest.length === 0) return undefined;
    const ready = this.#held;
    this.#held = rest;
    return ready;
  }

  end(): Uint8Array | undefined {
    this.#guard();
    if (!this.#fileEnded) throw new AwsError("IncompleteBody", "The POST form ends before its file does.");
    return this.#held;
  }

  #file(bytes: Uint8Array): void {
    if (this.#fileEnded || bytes.length === 0) return;
    const seam = Buffer.concat([this.#carry, bytes.subarray(0, this.#delimiter.length)]);
    const before = this.#fileLength - this.#carry.length;
    const inSeam = seam.indexOf(this.#delimiter);
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const inPiece = inSeam < 0 ? piece.indexOf(this.#delimiter) : -1;
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = this.#options.contentLength ?? {};
    if (inSeam >= 0 || inPiece >= 0) {
      this.#fileEnded = true;
      this.#fileLength = inSeam >= 0 ? before + inSeam : this.#fileLength + inPiece;
      if (this.#fileLength < min) throw tooSmall(min);
    } else {
      this.#fileLength += bytes.length;
      const tail = Buffer.concat([this.#carry, piece.subarray(-this.#delimiter.length)]);
      this.#carry = tail.subarray(Math.max(0, tail.length - this.#delimiter.length + 1));
    }
    if (this.#fileLength - (this.#fileEnded ? 0 : this.#carry.length) > max) throw tooLarge(max);
  }

  /** Closed while it runs, and so for good after a throw. */
  #guard(): void {
    if (!this.#open) throw new AwsError("InternalFailure", "The body filter was used after it had ended or failed.");
    this.#open = false;
  }
}

function tooLarge(max: number): AwsError {
  return new AwsError("EntityTooLarge", `Your proposed upload exceeds the maximum allowed size of ${max} bytes.`);
}

function tooSmall(min: number): AwsError {
  return new AwsError(
    "EntityTooSmall",
    `Your proposed upload is smaller than the minimum allowed size of ${min} bytes.`,
  );
}
