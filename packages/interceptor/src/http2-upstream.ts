import type { TLSSocket } from "node:tls";
import { afterFrames } from "./after-frames.ts";
import { http1Headers } from "./http2-headers.ts";
import { UpstreamSession } from "./http2-upstream-session.ts";
import { Http2UpstreamStream } from "./http2-upstream-stream.ts";
import type { Limits } from "./limits.ts";
import { explanation, UpstreamError } from "./upstream-error.ts";
import type { OpenUpstream } from "./upstream-stream.ts";

export interface Http2UpstreamOptions {
  /** A TLS connection on which both versions were offered. */
  readonly connect: (host: string) => Promise<TLSSocket>;
  /** For hosts that choose HTTP/1.1. */
  readonly http1: OpenUpstream;
  readonly limits: Limits;
}

/** How long a host that chose HTTP/1.1 is not asked again, and how many are remembered: clients name any number. */
const http1MemoryMs = 300_000;
const maxHttp1Hosts = 1_000;

/** HTTP/2 connections to AWS, per host: as many as their limits on streams make necessary, closed when idle. */
export class Http2Upstream {
  readonly #options: Http2UpstreamOptions;
  readonly #sessions = new Map<string, Set<UpstreamSession>>();
  /** Connections being made: requests that come meanwhile wait for them. */
  readonly #connecting = new Map<string, Promise<UpstreamSession | "http1">>();
  /** Hosts that chose HTTP/1.1, and until when that is taken for granted. */
  readonly #http1 = new Map<string, number>();
  #closed = false;

  constructor(options: Http2UpstreamOptions) {
    this.#options = options;
  }

  /** The way to open requests to a host, over the version it speaks. Throws `UpstreamError` when it cannot be reached. */
  async open(host: string): Promise<OpenUpstream> {
    for (;;) {
      if ((this.#http1.get(host) ?? 0) > Date.now()) return this.#overHttp1;
      const free = this.#free(host);
      if (free !== undefined) return this.#over(free);
      const made = await this.#connection(host);
      if (made === "http1") this.#rememberHttp1(host);
      // Others that waited for it may have taken all its streams.
      else if (made.hasRoom) return this.#over(made);
    }
  }

  /** Cuts everything. */
  destroy(): void {
    this.#closed = true;
    for (const sessions of this.#sessions.values())
      for (const { session } of sessions) afterFrames(() => session.destroy());
  }

  readonly #overHttp1: OpenUpstream = (head, headers) => this.#options.http1(head, http1Headers(head, headers));

  #over(session: UpstreamSession): OpenUpstream {
    return (head, headers) =>
      new Http2UpstreamStream(session, head, headers, {
        idleTimeoutMs: this.#options.limits.upstreamIdleTimeoutMs,
        onHttp1Required: () => this.#rememberHttp1(head.host),
      });
  }

  #rememberHttp1(host: string): void {
    if (this.#http1.size >= maxHttp1Hosts) this.#http1.clear();
    this.#http1.set(host, Date.now() + http1MemoryMs);
  }

  #free(host: string): UpstreamSession | undefined {
    for (const session of this.#sessions.get(host) ?? []) if (session.hasRoom) return session;
    return undefined;
  }

  #connection(host: string): Promise<UpstreamSession | "http1"> {
    const pending = this.#connecting.get(host);
    if (pending !== undefined) return pending;
    const connecting = this.#connect(host).finally(() => this.#connecting.delete(host));
    this.#connecting.set(host, connecting);
    return connecting;
  }

  async #connect(host: string): Promise<UpstreamSession | "http1"> {
    let socket: TLSSocket;
    try {
      socket = await this.#options.connect(host);
    } catch (error) {
      throw new UpstreamError("connect", `${host}: ${explanation(error as Error)}`, { cause: error });
    }
    if (socket.alpnProtocol !== "h2" || this.#closed) {
      socket.destroy();
      if (this.#closed) throw new UpstreamError("connect", `${host}: the proxy is stopping`);
      return "http1";
    }
    const { limits } = this.#options;
    const session = new UpstreamSession(socket, host, limits, () => this.#forget(host, session));
    const sessions = this.#sessions.get(host) ?? new Set();
    this.#sessions.set(host, sessions.add(session));
    return session;
  }

  #forget(host: string, session: UpstreamSession): void {
    const sessions = this.#sessions.get(host);
    sessions?.delete(session);
    if (sessions?.size === 0) this.#sessions.delete(host);
  }
}
