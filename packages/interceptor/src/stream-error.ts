import { constants } from "node:http2";

/** The other end of an HTTP/2 stream reset it (RFC 9113 section 6.4). */
export class StreamResetError extends Error {
  override readonly name = "StreamResetError";
  /** The error code of the reset. */
  readonly rstCode: number;
  /** Whether the other end says that it did nothing about the request (RFC 9113 section 8.7). */
  readonly unprocessed: boolean;

  constructor(rstCode: number, unprocessed: boolean = rstCode === constants.NGHTTP2_REFUSED_STREAM) {
    super(`it reset the stream (${resetName(rstCode)})`);
    this.rstCode = rstCode;
    this.unprocessed = unprocessed;
  }
}

/** The connection went away under a stream. */
export class StreamLostError extends Error {
  override readonly name = "StreamLostError";
  readonly code = "ECONNRESET";
  readonly unprocessed: boolean;
  /** Whether the connection had served other requests before. */
  readonly reused: boolean;

  constructor({ unprocessed, reused, cause }: { unprocessed: boolean; reused: boolean; cause?: unknown }) {
    super("the connection was lost", { cause });
    this.unprocessed = unprocessed;
    this.reused = reused;
  }
}

/** The code to reset a client's stream with, for what ended an exchange: upstream's own, if it gave one. */
export function resetCode(error: unknown): number {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    // Without an error code a reset would look like a good end.
    if (cause instanceof StreamResetError && cause.rstCode !== constants.NGHTTP2_NO_ERROR) return cause.rstCode;
  }
  return constants.NGHTTP2_INTERNAL_ERROR;
}

function resetName(code: number): string {
  return names[code] ?? String(code);
}

/** RFC 9113 section 7. */
const names: Readonly<Record<number, string>> = {
  0: "NO_ERROR",
  1: "PROTOCOL_ERROR",
  2: "INTERNAL_ERROR",
  3: "FLOW_CONTROL_ERROR",
  4: "SETTINGS_TIMEOUT",
  5: "STREAM_CLOSED",
  6: "FRAME_SIZE_ERROR",
  7: "REFUSED_STREAM",
  8: "CANCEL",
  9: "COMPRESSION_ERROR",
  10: "CONNECT_ERROR",
  11: "ENHANCE_YOUR_CALM",
  12: "INADEQUATE_SECURITY",
  13: "HTTP_1_1_REQUIRED",
};
