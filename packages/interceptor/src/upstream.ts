import { Agent, type AgentOptions } from "node:https";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { createSecureContext } from "node:tls";
import { guardedLookup } from "./address-guard.ts";
import type { Limits } from "./limits.ts";

/** Where to connect for a host instead of where its name resolves to. */
export interface ConnectAddress {
  readonly host: string;
  readonly port: number;
}

export interface UpstreamOptions {
  /** Replaces the address connected to, and nothing else: Host, SNI and the certificate check stay those of the host. */
  readonly connectAddress?: ((host: string, port: number) => ConnectAddress | undefined) | undefined;
  /** Certificate authorities to trust upstream, PEM, instead of those built into Node. */
  readonly ca?: readonly string[] | undefined;
  readonly limits: Limits;
}

/** Kept-alive TLS connections to AWS, per host, the latest used first. */
export function upstreamAgent({ connectAddress, ca, limits }: UpstreamOptions): Agent {
  return new UpstreamAgent(connectAddress, limits.connectTimeoutMs, {
    keepAlive: true,
    keepAliveMsecs: 30_000,
    scheduling: "lifo",
    maxFreeSockets: 256,
    noDelay: true,
    timeout: limits.upstreamKeepAliveMs,
    maxCachedSessions: 1_000,
    // Made once: parsing the trusted roots anew for each connection would cost milliseconds.
    secureContext: createSecureContext({ minVersion: "TLSv1.2", ...(ca === undefined ? {} : { ca: [...ca] }) }),
  });
}

class UpstreamAgent extends Agent {
  readonly #connectAddress: UpstreamOptions["connectAddress"];
  readonly #connectTimeoutMs: number;

  constructor(connectAddress: UpstreamOptions["connectAddress"], connectTimeoutMs: number, options: AgentOptions) {
    super(options);
    this.#connectAddress = connectAddress;
    this.#connectTimeoutMs = connectTimeoutMs;
  }

  override createConnection(
    options: AgentOptions & { host?: string; port?: number; servername?: string },
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex {
    const host = options.host as string;
    const mapped = this.#connectAddress?.(host, Number(options.port));
    const socket = super.createConnection(
      {
        ...options,
        servername: host,
        ...(mapped === undefined ? { lookup: guardedLookup } : address(mapped)),
      } as never,
      callback as never,
    ) as Duplex;
    const timer = setTimeout(() => {
      const where = mapped === undefined ? host : `${host} (${mapped.host}:${mapped.port})`;
      socket.destroy(
        Object.assign(new Error(`no TLS connection to ${where} within ${this.#connectTimeoutMs / 1000} s`), {
          code: "ETIMEDOUT",
        }),
      );
    }, this.#connectTimeoutMs);
    // Between one request and the next Node leaves a connection without a listener, and its error would end the process.
    socket.on("error", () => {});
    socket.once("secureConnect", () => clearTimeout(timer));
    socket.once("close", () => clearTimeout(timer));
    return socket;
  }
}

/** An address spelled out by the operator is not guarded; a name in it resolves by the system. */
function address({ host, port }: ConnectAddress): { host: string; port: number; autoSelectFamily?: boolean } {
  return { host, port, ...(isIP(host) === 0 ? { autoSelectFamily: true } : {}) };
}
