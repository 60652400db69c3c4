import { headerValue } from "@iap/aws-core";
import { eventStreamError } from "@iap/aws-errors";
import type { AnswerEnding, ResponseHead } from "@iap/interceptor";
import { asAwsError } from "./answer-error.ts";

/**
 * Ends an answer that is an event stream with an exception, as the service would: between two messages, for what was
 * wrong with the client's own stream. Anything else breaks it off. `onErrorCode` is told what was wrong.
 */
export function eventStreamEnding(
  onErrorCode: (code: string) => void,
): (head: ResponseHead) => AnswerEnding | undefined {
  return ({ headers }) => {
    const type = headerValue(headers, "content-type")?.trim().toLowerCase();
    return type === "application/vnd.amazon.eventstream" ? new EventStreamEnding(onErrorCode) : undefined;
  };
}

class EventStreamEnding implements AnswerEnding {
  readonly #onErrorCode: (code: string) => void;
  /** The bytes of the message that is passing: its length first. */
  readonly #length: Buffer = Buffer.alloc(4);
  #seen = 0;

  constructor(onErrorCode: (code: string) => void) {
    this.#onErrorCode = onErrorCode;
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#seen < 4) this.#length[this.#seen++] = chunk[at++] as number;
      else {
        const total = this.#length.readUInt32BE(0);
        const passing = Math.min(chunk.length - at, Math.max(total - this.#seen, 0));
        this.#seen += passing;
        at += passing;
        if (this.#seen >= total) this.#seen = 0;
      }
    }
  }

  last(thrown: Error): Uint8Array | undefined {
    if (this.#seen > 0) return undefined;
    const error = asAwsError(thrown);
    if (error.code === "ServiceUnavailable") return undefined;
    this.#onErrorCode(error.code);
    return eventStreamError(error);
  }
}
