import type { Duplex } from "node:stream";
import type { Headers, RequestHead } from "@iap/aws-core";

/** Opens a request to the host of a head, with exactly these headers. */
export type OpenUpstream = (head: RequestHead, headers: Headers) => UpstreamStream;

/** A request on its way upstream, over either version of HTTP. After its last word, `close`: whatever went wrong is an `error` before. */
export interface UpstreamStream {
  /** Whether the connection had served another request before, and nothing has come on it since: upstream may have closed it just then. */
  readonly mayBeStale: boolean;
  readonly destroyed: boolean;
  /** Whether it has a connection on which the upstream proved who it is. */
  readonly secured: boolean;
  on(event: "information", listener: (information: UpstreamInformation) => void): unknown;
  on(event: "response", listener: (answer: UpstreamAnswer) => void): unknown;
  on(event: "upgrade", listener: (answer: UpstreamAnswer, socket: Duplex, head: Buffer) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "timeout" | "drain" | "close", listener: () => void): unknown;
  off(event: "drain", listener: () => void): unknown;
  /** `onSent` is called once the chunk's memory is not needed any more; of a chunk that waits for a connection, never. */
  write(chunk: Uint8Array, onSent?: () => void): boolean;
  end(chunk?: Uint8Array): unknown;
  addTrailers(trailers: [string, string][]): void;
  flushHeaders(): void;
  /** Breaks the request off, so that upstream does not take it for complete. */
  destroy(error?: Error): unknown;
}

export interface UpstreamInformation {
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly rawHeaders: string[];
}

/** Upstream's answer. `end`: it has come whole; what breaks it off is an error of its request. */
export interface UpstreamAnswer extends UpstreamInformation {
  readonly rawTrailers: string[];
  on(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  pause(): unknown;
  resume(): unknown;
}
