/**
 * Runs something once node:http2 is through with what it reads. Whatever may end a stream or a connection goes this way.
 *
 * nghttp2 must not be made to send while it hands out what it has received, and Node makes it when a stream is reset or
 * a session closed by a listener, or by a tick or microtask that a listener began: nghttp2 then goes on with memory that
 * it has freed (nodejs/node#64113, #64850). Ticks and microtasks are too early; the next turn of the event loop is not.
 */
export function afterFrames(act: () => void): void {
  setImmediate(act);
}
