import type { Duplex } from "node:stream";
import { stallTimer } from "./stall-timer.ts";
import { UpstreamError } from "./upstream-error.ts";

export interface SpliceOptions {
  /** Whose connection it is, for errors. */
  readonly host: string;
  /** What each side had sent already. */
  readonly clientHead: Uint8Array;
  readonly upstreamHead: Uint8Array;
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
  const { host, onBytesUp, onBytesDown, onDone } = options;
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
    finish("failed", new UpstreamError("exchange", `${host}: nothing passed for ${ms / 1000} s`));
  };
  const brokenOff = (): void => finish("failed", new UpstreamError("exchange", `${host}: it broke off the connection`));
  let idle = stallTimer(options.idleTimeoutMs, stalled);
  const moved = (): void => {
    if (!done) idle.refresh();
  };

  /** One direction. */
  const join = (from: Duplex, to: Duplex, head: Uint8Array, count: (bytes: number) => void): void => {
    const send = (chunk: Uint8Array): void => {
      if (done) return;
      moved();
      count(chunk.length);
      if (!to.write(chunk)) from.pause();
    };
    to.on("drain", () => {
      moved();
      from.resume();
    });
    from.on("data", send);
    from.once("end", () => {
      if (done) return;
      to.end();
      ends += 1;
      if (ends === 2) return finish("answered");
      idle.pause();
      idle = stallTimer(options.endedTimeoutMs, stalled);
    });
    if (head.length > 0) send(head);
  };

  client.once("close", () => finish(client.readableEnded && ends === 2 ? "answered" : "aborted"));
  upstream.once("close", brokenOff);
  client.on("error", () => client.destroy());
  upstream.on("error", () => upstream.destroy());
  join(client, upstream, options.clientHead, onBytesUp);
  join(upstream, client, options.upstreamHead, onBytesDown);
  if (client.destroyed) finish("aborted");
  else if (upstream.destroyed) brokenOff();
}
