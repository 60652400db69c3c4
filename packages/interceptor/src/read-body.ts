import type { ClientSide } from "./client-side.ts";
import { BodyTooLargeError, ClientGoneError, type ReadBodyHeadOptions, type ReadBodyOptions } from "./exchange.ts";
import { GatheredBytes } from "./gathered-bytes.ts";
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
    const gathered = new GatheredBytes(enough === undefined ? contentLength : undefined);
    let asked = 0;
    const done = (error?: Error): void => {
      stall.pause();
      request.off("data", onData);
      request.off("end", onEnd);
      request.off("close", onClose);
      if (error === undefined) resolve(gathered.bytes);
      else {
        request.pause();
        reject(error);
      }
    };
    /** Not for each byte that comes: a look at all of them takes time. */
    const isEnough = (): boolean => {
      if (enough === undefined || gathered.length < asked + asked / 16) return false;
      asked = gathered.length;
      return enough(gathered.bytes);
    };
    const onData = (chunk: Uint8Array): void => {
      stall.refresh();
      if (gathered.length + chunk.length > limit) return done(new BodyTooLargeError(limit));
      try {
        if (contentLength === undefined || enough !== undefined) reserve?.(chunk.length);
        gathered.add(chunk);
        if (isEnough()) {
          request.pause();
          done();
        }
      } catch (error) {
        done(error as Error);
      }
    };
    const onEnd = (): void => {
      try {
        enough?.(gathered.bytes);
        done();
      } catch (error) {
        done(error as Error);
      }
    };
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
