import type { ClientSide } from "./client-side.ts";
import { BodyTooLargeError, ClientGoneError, type ReadBodyHeadOptions, type ReadBodyOptions } from "./exchange.ts";
import { stallTimer } from "./stall-timer.ts";

const nothing = new Uint8Array();

/** A client's whole request body, or with `enough` its beginning. Throws as `Exchange.readBody` says. */
export async function readBody(
  client: ClientSide,
  { limit, reserve, enough }: ReadBodyOptions & Partial<ReadBodyHeadOptions>,
): Promise<Uint8Array> {
  const { request, contentLength } = client;
  if (contentLength === 0) {
    request.resume();
    return nothing;
  }
  if (client.clientGone) throw new ClientGoneError("the client left before its request was complete");
  if (contentLength !== undefined && enough === undefined) {
    if (contentLength > limit) throw new BodyTooLargeError(limit);
    reserve?.(contentLength);
  }
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    const done = (error?: Error): void => {
      stall.pause();
      request.off("data", onData);
      request.off("end", onEnd);
      request.off("close", onClose);
      if (error === undefined) resolve(chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, length));
      else {
        request.pause();
        reject(error);
      }
    };
    const onData = (chunk: Uint8Array): void => {
      stall.refresh();
      length += chunk.length;
      if (length > limit) return done(new BodyTooLargeError(limit));
      try {
        if (contentLength === undefined || enough !== undefined) reserve?.(chunk.length);
        chunks.push(chunk);
        if (enough?.(Buffer.concat(chunks, length))) {
          request.pause();
          done();
        }
      } catch (error) {
        done(error as Error);
      }
    };
    const onEnd = (): void => done();
    const onClose = (): void => done(new ClientGoneError("the client left before its request was complete"));
    const stall = stallTimer(client.limits.bodyIdleTimeoutMs, () => {
      request.destroy();
      done(new ClientGoneError("the client stopped sending its request body"));
    });
    request.on("data", onData);
    request.on("end", onEnd);
    request.on("close", onClose);
    client.continue();
  });
}
