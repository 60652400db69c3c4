import type { Duplex } from "node:stream";
import type { Headers } from "@iap/aws-core";
import type { ResponseHead } from "./exchange.ts";
import type { Limits } from "./limits.ts";

/** The client's half of an exchange as forwarding needs it, whichever version of HTTP it speaks. */
export interface ClientSide {
  readonly limits: Limits;
  readonly method: string;
  readonly request: ClientRequestBody;
  readonly response: ClientAnswer;
  /** Body bytes announced: undefined when none are, 0 when there is no body. */
  readonly contentLength: number | undefined;
  /** Whether the client left before it had its whole answer. */
  readonly clientGone: boolean;
  /** The protocol that the client asks to go on with. */
  readonly upgrade: "websocket" | undefined;
  /** Tells a client that waits for it to send its body. */
  continue(): void;
  /** Sends an interim answer (1xx) other than `100 Continue`. */
  inform(status: number, statusText: string, headers: Headers): void;
  /** Begins the answer. `uploaded`: nothing of the request is left to be sent upstream. */
  writeHead(status: number, statusText: string | undefined, headers: Headers, uploaded: boolean): void;
  /** Ends the answer in good order, whatever of the request body is still to come. */
  finish(uploaded: boolean): Promise<void>;
  /** Tells the client that the protocols are switched, and gives its connection with what came on it already. */
  switchProtocols(head: ResponseHead): { readonly socket: Duplex; readonly head: Buffer };
  /** Breaks the answer off, so that it does not look whole. */
  breakOff(error: Error): void;
}

/** A request body as it comes. `end` means that the client said so: a body that breaks off only closes. */
export interface ClientRequestBody {
  on(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  on(event: "end" | "close", listener: () => void): unknown;
  off(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  off(event: "end" | "close", listener: () => void): unknown;
  pause(): unknown;
  resume(): unknown;
  /** Breaks off the exchange. */
  destroy(): unknown;
  /** Whether its end has been told. */
  readonly readableEnded: boolean;
  /** Names and values in turn, known at the end. */
  readonly rawTrailers: string[];
}

/** An answer's way to the client. `close`: it is over, well or not. */
export interface ClientAnswer {
  readonly headersSent: boolean;
  readonly destroyed: boolean;
  readonly writableNeedDrain: boolean;
  on(event: "drain", listener: () => void): unknown;
  once(event: "close", listener: () => void): unknown;
  write(chunk: Uint8Array): boolean;
  /** Sends the head by itself, if nothing was written yet. */
  flushHeaders(): void;
  addTrailers(trailers: [string, string][]): void;
}
