import { AwsError, type AwsErrorCause } from "@iap/aws-core";
import {
  eventFrameLength,
  formatAmzDate,
  readSignedEvent,
  resignFrame,
  SignatureChain,
  type StreamSeed,
  sha256Hex,
} from "@iap/sigv4";
import type { BodyFilter } from "./body-filter.ts";
import { heldBytes } from "./held-bytes.ts";

export interface EventStreamOptions {
  /** Where the client's signatures begin: see `inboundSeed`. */
  readonly seed: StreamSeed;
  /** Where the signatures that replace them begin. Default: the events go on as they are. */
  readonly resign?: StreamSeed | undefined;
  /** The longest message, in bytes. Default 16 MiB: one is in memory at a time. */
  readonly maxMessageBytes?: number | undefined;
  /** As for `verify`. */
  readonly reserve?: ((bytes: number) => void) | undefined;
}

const PRELUDE = 12;

/**
 * Verifies the signed messages of an event stream, and signs them anew in place: a message goes on once it is verified,
 * with the same length and date. The empty one that ends the stream waits for the end of the request.
 *
 * Throws `SignatureDoesNotMatch` for a wrong signature, `IncompleteBody` when the stream is cut short, `InvalidRequest`
 * for what is not a stream of signed messages.
 */
export class EventStreamFilter implements BodyFilter {
  readonly #inbound: SignatureChain;
  readonly #outbound: SignatureChain | undefined;
  readonly #maxMessageBytes: number;
  readonly #hold: (bytes: number) => void;
  readonly #prelude: Buffer = Buffer.alloc(PRELUDE);
  #frame: Buffer | undefined;
  #filled = 0;
  #last: Buffer | undefined;
  #failed = false;

  constructor({ seed, resign, maxMessageBytes = 16 << 20, reserve }: EventStreamOptions) {
    this.#inbound = new SignatureChain(seed);
    this.#outbound = resign === undefined ? undefined : new SignatureChain(resign);
    this.#maxMessageBytes = maxMessageBytes;
    this.#hold = heldBytes(reserve);
  }

  push(bytes: Uint8Array): Uint8Array | undefined {
    if (this.#failed) throw new AwsError("InternalFailure", "The body filter was used after it had failed.");
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const ready: Buffer[] = [];
    try {
      for (let at = 0; at < piece.length; ) {
        if (this.#last !== undefined) throw wrong("messages follow the one that ends it");
        at = this.#take(piece, at);
        if (this.#frame === undefined || this.#filled < this.#frame.length) continue;
        const frame = this.#finish(this.#frame);
        if (this.#last === undefined) ready.push(frame);
      }
    } catch (error) {
      this.#failed = true;
      throw error;
    }
    return ready.length > 1 ? Buffer.concat(ready) : ready[0];
  }

  end(): Uint8Array | undefined {
    if (this.#failed) throw new AwsError("InternalFailure", "The body filter was used after it had failed.");
    this.#failed = true;
    if (this.#last === undefined) throw wrong("it ends without the empty message that ends it", "IncompleteBody");
    return this.#last;
  }

  #take(piece: Buffer, at: number): number {
    const target = this.#frame ?? this.#prelude;
    const end = Math.min(piece.length, at + target.length - this.#filled);
    piece.copy(target, this.#filled, at, end);
    this.#filled += end - at;
    if (this.#frame === undefined && this.#filled === PRELUDE) {
      const length = eventFrameLength(this.#prelude);
      if (length > this.#maxMessageBytes) throw wrong(`a message is longer than ${this.#maxMessageBytes} bytes`);
      this.#hold(length);
      this.#frame = Buffer.allocUnsafeSlow(length);
      this.#prelude.copy(this.#frame);
    }
    return end;
  }

  #finish(frame: Buffer): Buffer {
    const event = readSignedEvent(frame);
    const date = formatAmzDate(event.date);
    const [headersHash, payloadHash] = [sha256Hex(event.dateHeader), sha256Hex(event.payload)];
    const provided = Buffer.from(event.signature).toString("hex");
    if (!this.#inbound.verifyEvent(date, headersHash, payloadHash, provided)) {
      throw wrong("the signature of a message does not match", "SignatureDoesNotMatch");
    }
    if (this.#outbound !== undefined) {
      const signature = this.#outbound.signEvent(date, headersHash, payloadHash);
      resignFrame(frame, event, Buffer.from(signature, "hex"));
    }
    if (event.payload.length === 0) this.#last = frame;
    this.#frame = undefined;
    this.#filled = 0;
    return frame;
  }
}

function wrong(why: string, code: AwsErrorCause = "InvalidRequest"): AwsError {
  return new AwsError(code, `The signed event stream is wrong: ${why}.`);
}
