import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { ResponseHead } from "./exchange.ts";

/** The most a client may send before it is told that the protocols are switched. */
const maxEarlyBytes = 65_536;

/**
 * A client's connection after a request to leave HTTP: Node's server has let go of it. It can still be answered as HTTP,
 * by `response`, and ends then; or taken over.
 */
export class UpgradingClient {
  readonly response: ServerResponse;
  readonly #socket: Socket;
  #early: Buffer;
  readonly #onData = (chunk: Buffer): void => {
    this.#early = Buffer.concat([this.#early, chunk]);
    if (this.#early.length > maxEarlyBytes) this.#socket.pause();
  };
  /** It does not wait for the answer. */
  readonly #onEnd = (): void => {
    this.#socket.destroy();
  };
  readonly #onDrain = (): void => {
    this.response.emit("drain");
  };

  constructor(request: IncomingMessage, socket: Socket, head: Buffer) {
    this.#socket = socket;
    this.#early = head;
    this.response = new ServerResponse(request);
    this.response.shouldKeepAlive = false;
    this.response.assignSocket(socket);
    socket.on("data", this.#onData).on("end", this.#onEnd).on("drain", this.#onDrain);
    socket.on("error", () => socket.destroy());
    this.response.once("finish", () => {
      socket.off("end", this.#onEnd);
      socket.end();
      // A peer that never closes its side must not keep the descriptor.
      setTimeout(() => socket.destroy(), 1_000).unref();
    });
  }

  /** Writes the head that switches protocols and gives the connection away, with what was sent ahead. */
  switchProtocols({ status, statusText, headers }: ResponseHead): { readonly socket: Socket; readonly head: Buffer } {
    const socket = this.#socket;
    this.response.detachSocket(socket);
    socket.off("data", this.#onData).off("end", this.#onEnd).off("drain", this.#onDrain);
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`HTTP/1.1 ${status} ${statusText}\r\n${lines.join("")}\r\n`, "latin1");
    return { socket, head: this.#early };
  }
}
