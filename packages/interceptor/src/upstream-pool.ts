import type { TLSSocket } from "node:tls";
import type { Limits } from "./limits.ts";
import { UpstreamConnection } from "./upstream-connection.ts";

export interface UpstreamPoolOptions {
  /** Makes a connection on which the host has proved who it is. */
  readonly connect: (host: string) => Promise<TLSSocket>;
  readonly limits: Limits;
}

/** The most connections that are kept for one host. */
const maxIdle = 256;

/** Connections upstream, per host: those that have served an exchange are kept for the next, the latest used first. */
export class UpstreamPool {
  readonly #options: UpstreamPoolOptions;
  readonly #idle = new Map<string, UpstreamConnection[]>();
  readonly #all = new Set<UpstreamConnection>();
  #closed = false;

  constructor(options: UpstreamPoolOptions) {
    this.#options = options;
  }

  /** How many connections there are, kept and in use. */
  get size(): number {
    return this.#all.size;
  }

  /** A kept connection. */
  take(host: string): UpstreamConnection | undefined {
    const idle = this.#idle.get(host);
    for (;;) {
      const connection = idle?.pop();
      // One that is being closed has not been forgotten yet.
      if (connection === undefined || !connection.socket.destroyed) return connection;
    }
  }

  /** A new connection. Rejects with an error of Node's. */
  async connect(host: string): Promise<UpstreamConnection> {
    const socket = await this.#options.connect(host);
    if (this.#closed) socket.destroy();
    if (socket.destroyed) throw Object.assign(new Error("it broke off"), { code: "ECONNRESET" });
    const connection = new UpstreamConnection(host, socket, {
      silenceMs: this.#options.limits.upstreamIdleTimeoutMs,
      onGone: () => this.#forget(connection),
    });
    this.#all.add(connection);
    return connection;
  }

  /** Takes a connection whose exchange is over, in good order. */
  keep(connection: UpstreamConnection, idleMs: number = this.#options.limits.upstreamKeepAliveMs): void {
    const { host, socket } = connection;
    const idle = this.#idle.get(host) ?? [];
    if (socket.destroyed || idle.length >= maxIdle || this.#closed) return connection.abandon();
    connection.rest(idleMs);
    idle.push(connection);
    this.#idle.set(host, idle);
  }

  /** Cuts everything. */
  destroy(): void {
    this.#closed = true;
    for (const connection of this.#all) connection.destroy();
  }

  #forget(connection: UpstreamConnection): void {
    this.#all.delete(connection);
    const idle = this.#idle.get(connection.host);
    const at = idle?.indexOf(connection) ?? -1;
    if (at >= 0) idle?.splice(at, 1);
    if (idle?.length === 0) this.#idle.delete(connection.host);
  }
}
