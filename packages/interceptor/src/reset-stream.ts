import type { Http2Stream } from "node:http2";
import { afterFrames } from "./after-frames.ts";

/**
 * Resets a stream. Node waits for the connection to confirm it, which one that the peer has broken never does: the
 * stream is given up then.
 */
export function resetStream(stream: Http2Stream, code: number): void {
  afterFrames(() => {
    if (stream.destroyed) return;
    stream.close(code);
    setTimeout(() => stream.destroy(), 1_000).unref();
  });
}
