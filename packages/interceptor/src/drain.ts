import type { IncomingMessage } from "node:http";

/**
 * Reads and drops what is left of a request body, for a bounded time. Closing a connection with unread bytes would reset
 * it, and the client might never see its answer (RFC 9112 section 9.6).
 */
export function drain(request: IncomingMessage, timeoutMs: number): Promise<void> {
  if (request.complete || request.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(done, timeoutMs);
    function done(): void {
      clearTimeout(timer);
      resolve();
    }
    request.once("end", done).once("close", done);
    request.resume();
  });
}
