import { Agent, type AgentOptions } from "node:https";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { createSecureContext, type SecureContext, type TLSSocket } from "node:tls";
import { guardedLookup } from "./address-guard.ts";
import type { Limits } from "./limits.ts";
import { openProxyTunnel } from "./proxy-tunnel.ts";
import { TlsSessions } from "./tls-sessions.ts";
import type { UpstreamProxy } from "./upstream-proxy.ts";

/** Where to connect for a host instead of where its name resolves to. */
export interface ConnectAddress {
  readonly host: string;
  readonly port: number;
}

/** The way to an upstream: to a given address, else through another proxy, else to where its name resolves. */
export interface UpstreamRoute {
  /** Replaces the address connected to, and nothing else: Host, SNI and the certificate check stay those of the host. */
  readonly connectAddress?: ((host: string, port: number) => ConnectAddress | undefined) | undefined;
  /**
   * The proxy that opens the connection. Host, SNI and the certificate check stay those of the host; where its name
   * resolves to is then the other proxy's to find out, and cannot be guarded.
   */
  readonly upstreamProxy?: ((host: string, port: number) => UpstreamProxy | undefined) | undefined;
}

export interface UpstreamOptions extends UpstreamRoute {
  /** What is trusted: see `upstreamContext`. */
  readonly secureContext: SecureContext;
  readonly limits: Limits;
}

/** What upstreams, and proxies on the way to them, must prove themselves with: `ca`, PEM, in place of Node's own authorities. */
export function upstreamContext(ca: readonly string[] | undefined): SecureContext {
  return createSecureContext({ minVersion: "TLSv1.2", ...(ca === undefined ? {} : { ca: [...ca] }) });
}

/** Kept-alive TLS connections to AWS, per host, the latest used first. */
export function upstreamAgent(options: UpstreamOptions): UpstreamAgent {
  return new UpstreamAgent(options, {
    keepAlive: true,
    keepAliveMsecs: 30_000,
    scheduling: "lifo",
    maxFreeSockets: 256,
    noDelay: true,
    timeout: options.limits.upstreamKeepAliveMs,
    maxCachedSessions: 1_000,
    // Said, for NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment would have Node send signed requests to anyone.
    rejectUnauthorized: true,
    // Made once: parsing the trusted roots anew for each connection would cost milliseconds.
    secureContext: options.secureContext,
  });
}

type ConnectionOptions = AgentOptions & { host?: string; port?: number; servername?: string };
type Callback = (error: Error | null, stream?: Duplex) => void;

export class UpstreamAgent extends Agent {
  readonly #options: UpstreamOptions;
  /** Connections that Node does not know of: to proxies that have not answered CONNECT yet, and for HTTP/2. */
  readonly #opening = new Set<Duplex>();
  readonly #sessions = new TlsSessions();

  constructor(options: UpstreamOptions, agentOptions: AgentOptions) {
    super(agentOptions);
    this.#options = options;
  }

  override createConnection(
    options: ConnectionOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex {
    const host = options.host as string;
    const port = Number(options.port);
    const mapped = this.#options.connectAddress?.(host, port);
    const proxy = mapped === undefined ? this.#options.upstreamProxy?.(host, port) : undefined;
    if (proxy !== undefined) {
      this.#openThrough(proxy, { ...options, servername: host }, callback as Callback);
      // Node's agent takes the connection from the callback when none is returned.
      return undefined as unknown as Duplex;
    }
    const socket = super.createConnection(
      {
        ...options,
        servername: host,
        ...(mapped === undefined ? { lookup: guardedLookup } : address(mapped)),
      } as never,
      callback as never,
    ) as Duplex;
    const where = mapped === undefined ? host : `${host} (${mapped.host}:${mapped.port})`;
    const timer = this.#deadline(where, () => socket);
    watch(socket, timer);
    return socket;
  }

  #openThrough(proxy: UpstreamProxy, options: ConnectionOptions, callback: Callback): void {
    const target = `${options.host}:${options.port}`;
    let current: Duplex;
    const timer = this.#deadline(`${options.host} through the proxy ${proxy.where}`, () => current);
    const plain = openProxyTunnel(proxy, {
      target,
      secureContext: this.#options.secureContext,
      onOpen: () => {
        this.#opening.delete(plain);
        const secure = super.createConnection({ ...options, socket: plain } as never) as Duplex;
        current = secure;
        watch(secure, timer);
        callback(null, secure);
      },
      onFailed: (error) => {
        this.#opening.delete(plain);
        clearTimeout(timer);
        callback(error);
      },
    });
    current = plain;
    this.#opening.add(plain);
  }

  /** A connection that is not the agent's to keep, on which these protocols were offered. */
  connect(host: string, ALPNProtocols: readonly ("h2" | "http/1.1")[]): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const options = {
        ...this.options,
        host,
        servername: host,
        port: 443,
        ALPNProtocols: [...ALPNProtocols],
        session: this.#sessions.of(host),
        timeout: 0,
      };
      const wait = (socket: Duplex): void => {
        this.#opening.add(socket);
        this.#sessions.watch(host, socket as TLSSocket);
        socket.once("secureConnect", () => resolve(socket as TLSSocket));
        socket.once("error", reject);
        socket.once("close", () => {
          this.#opening.delete(socket);
          reject(Object.assign(new Error(""), { code: "ECONNRESET" }));
        });
      };
      const socket = this.createConnection(options, (error, opened) => (error ? reject(error) : wait(opened)));
      if (socket !== undefined) wait(socket);
    });
  }

  override destroy(): void {
    for (const socket of this.#opening) socket.destroy();
    super.destroy();
  }

  #deadline(where: string, socket: () => Duplex): NodeJS.Timeout {
    const { connectTimeoutMs } = this.#options.limits;
    return setTimeout(() => {
      const error = new Error(`no TLS connection to ${where} within ${connectTimeoutMs / 1000} s`);
      socket().destroy(Object.assign(error, { code: "ETIMEDOUT" }));
    }, connectTimeoutMs);
  }
}

function watch(socket: Duplex, timer: NodeJS.Timeout): void {
  // Between one request and the next Node leaves a connection without a listener, and its error would end the process.
  socket.on("error", () => {});
  socket.once("secureConnect", () => clearTimeout(timer));
  socket.once("close", () => clearTimeout(timer));
}

/** An address spelled out by the operator is not guarded; a name in it resolves by the system. */
function address({ host, port }: ConnectAddress): { host: string; port: number; autoSelectFamily?: boolean } {
  return { host, port, ...(isIP(host) === 0 ? { autoSelectFamily: true } : {}) };
}
