import type { Http2Stream } from "node:http2";

/**
 * Watches for the peer's own end of its message (END_STREAM). Node ends a stream's readable side also when the peer
 * resets it with NO_ERROR or our side closes it, and a truncated message would look whole. To be called as soon as
 * there is a stream.
 */
export function watchEnd(stream: Http2Stream): { readonly ended: boolean } {
  // The end may have come together with the head; on a stream that is closed already nothing is certain.
  const watch = { ended: !stream.closed && (stream.endAfterHeaders || stream.state.remoteClose === 1) };
  const { push } = stream;
  stream.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    // A stream that is being closed is marked as such before its readable side is ended for it.
    if (chunk === null && !stream.closed) watch.ended = true;
    return push.call(stream, chunk, encoding);
  };
  return watch;
}
