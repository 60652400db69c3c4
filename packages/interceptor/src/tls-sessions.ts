import type { TLSSocket } from "node:tls";

/** The most hosts whose session is remembered. */
const maxHosts = 1_000;

/** The latest TLS session with each host, with which the next connection to it need not prove everything anew (RFC 8446 section 2.2). */
export class TlsSessions {
  readonly #sessions = new Map<string, Buffer>();

  of(host: string): Buffer | undefined {
    return this.#sessions.get(host);
  }

  /** Remembers what a connection agrees upon with a host that has proved who it is, and forgets it when it breaks. */
  watch(host: string, socket: TLSSocket): void {
    socket.on("session", (session: Buffer) => {
      if (!socket.authorized) return;
      this.#sessions.delete(host);
      this.#sessions.set(host, session);
      if (this.#sessions.size > maxHosts) this.#sessions.delete(this.#sessions.keys().next().value as string);
    });
    socket.once("close", (broken) => {
      if (broken) this.#sessions.delete(host);
    });
  }
}
