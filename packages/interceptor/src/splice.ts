import type { Duplex } from "node:stream";
import type { BodyFilter } from "./exchange.ts";
import { stallTimer } from "./stall-timer.ts";

export interface SpliceOptions {
  /** What each side had sent already. */
  readonly clientHead: Uint8Array;
  readonly upstreamHead: Uint8Array;
  /** Judges what the client sends. */
  readonly filter?: BodyFilter | undefined;
  /** How long nothing may pass either way. */
  readonly idleTimeoutMs: number;
  /** The same, once one side has ended. */
  readonly endedTimeoutMs: number;
  readonly onBytesUp: (bytes: number) => void;
  readonly onBytesDown: (bytes: number) => void;
  /** Called once, when both connections are done with. */
  readonly onDone: (outcome: "answered" | "aborted" | "failed", error?: Error) => void;
}

/**
 * Joins two connections that speak something other than HTTP from now on, with back-pressure. An end is passed on as an
 * end, and the other direction goes on; a connection that breaks off breaks off the other.
 */
export function splice(client: Duplex, upstream: Duplex, options: SpliceOptions): void {
  const { filter, onBytesUp, onBytesDown, onDone } = options;
  let done = false;
  let ends = 0;

  const finish = (outcome: "answered" | "aborted" | "failed", error?: Error): void => {
    if (done) return;
    done = true;
    idle.pause();
    if (outcome !== "answered") {
      client.destroy();
      upstream.destroy();
    }
    onDone(outcome, error);
  };
  const stalled = (): void => {
    const ms = ends === 0 ? options.idleTimeoutMs : options.endedTimeoutMs;
    finish("failed", new Error(`nothing passed for ${ms / 1000} s`));
  };
  let idle = stallTimer(options.idleTimeoutMs, stalled);
  const moved = (): void => {
    if (!done) idle.refresh();
  };

  /** One direction; `pass` gives what goes on of what came. */
  const join = (
    from: Duplex,
    to: Duplex,
    head: Uint8Array,
    pass: { push(chunk: Uint8Array): Uint8Array | undefined; end(): Uint8Array | undefined },
    count: (bytes: number) => void,
  ): void => {
    const attempt = (make: () => Uint8Array | undefined): Uint8Array | undefined => {
      try {
        return make();
      } catch (error) {
        finish("failed", error as Error);
        return undefined;
      }
    };
    const send = (chunk: Uint8Array): void => {
      if (done) return;
      moved();
      const bytes = attempt(() => pass.push(chunk));
      if (done || bytes === undefined || bytes.length === 0) return;
      count(bytes.length);
      if (!to.write(bytes)) from.pause();
    };
    to.on("drain", () => {
      moved();
      from.resume();
    });
    from.on("data", send);
    from.once("end", () => {
      if (done) return;
      const last = attempt(() => pass.end());
      if (done) return;
      if (last !== undefined) count(last.length);
      to.end(last);
      ends += 1;
      if (ends === 2) return finish("answered");
      idle.pause();
      idle = stallTimer(options.endedTimeoutMs, stalled);
    });
    if (head.length > 0) send(head);
  };

  client.once("close", () => finish(client.readableEnded && ends === 2 ? "answered" : "aborted"));
  upstream.once("close", () => finish("failed", new Error("upstream broke off the connection")));
  client.on("error", () => client.destroy());
  upstream.on("error", () => upstream.destroy());
  const plain = { push: (chunk: Uint8Array) => chunk, end: () => undefined };
  join(client, upstream, options.clientHead, filter ?? plain, onBytesUp);
  join(upstream, client, options.upstreamHead, plain, onBytesDown);
  if (client.destroyed) finish("aborted");
  else if (upstream.destroyed) finish("failed", new Error("upstream broke off the connection"));
}
