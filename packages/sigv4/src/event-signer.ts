import { formatAmzDate } from "./amz-date.ts";
import { encodedDate, encodeSignedEvent } from "./event-frame.ts";
import { sha256Hex } from "./payload-hash.ts";
import { SignatureChain, type StreamSeed } from "./signature-chain.ts";

/** Wraps the messages of an event stream (`STREAMING-AWS4-HMAC-SHA256-EVENTS`) into signed ones, in order. */
export class EventSigner {
  readonly #chain: SignatureChain;

  constructor(seed: StreamSeed) {
    this.#chain = new SignatureChain(seed);
  }

  /** The frame that carries an encoded message; with an empty payload, the frame that ends the stream. */
  frame(payload: Uint8Array, date: Date): Buffer {
    const header = encodedDate(date);
    const signature = this.#chain.signEvent(formatAmzDate(date), sha256Hex(header), sha256Hex(payload));
    return encodeSignedEvent(header, Buffer.from(signature, "hex"), payload);
  }
}
