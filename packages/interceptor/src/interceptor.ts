import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Agent } from "node:https";
import type { Socket } from "node:net";
import type { SecureContext, TLSSocket } from "node:tls";
import { type RequestHead, rawHeaders, type SignedHead } from "@iap/aws-core";
import { type Authority, formatAuthority, parseAuthority } from "./authority.ts";
import { drain } from "./drain.ts";
import type { Exchange } from "./exchange.ts";
import { framed } from "./framed.ts";
import { Http1Exchange } from "./http1-exchange.ts";
import { http1Upstream } from "./http1-upstream.ts";
import { Http2Connection } from "./http2-connection.ts";
import { Http2Upstream } from "./http2-upstream.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { type ListenOptions, listenOn, stopListening } from "./listen-on.ts";
import { refusal, writeRefusal } from "./refusal.ts";
import { type RequestFault, requestFault } from "./request-fault.ts";
import { type RouteOptions, routeTarget } from "./route.ts";
import { terminateTls } from "./terminate-tls.ts";
import { tunnel } from "./tunnel.ts";
import { upgradeFault } from "./upgrade-fault.ts";
import { UpgradingClient } from "./upgrading-client.ts";
import {
  type UpstreamAgent,
  type UpstreamOptions,
  type UpstreamRoute,
  upstreamAgent,
  upstreamContext,
} from "./upstream.ts";
import { explanation } from "./upstream-error.ts";
import { type FetchOptions, type FetchResult, fetchUpstream } from "./upstream-fetch.ts";
import { UpstreamPool } from "./upstream-pool.ts";
import type { OpenUpstream } from "./upstream-stream.ts";

export interface InterceptorOptions extends RouteOptions, UpstreamRoute {
  /** Certificate authorities to trust upstream, PEM, instead of those built into Node. */
  readonly ca?: readonly string[] | undefined;
  /** The TLS identity shown to clients of an intercepted host, by its lower-case name. */
  readonly secureContext: (host: string) => Promise<SecureContext>;
  /** Judges and answers one request. What it throws is a bug: the client's connection is destroyed and the error told. */
  readonly handle: (exchange: Exchange) => Promise<void>;
  /** Whether clients of an intercepted host are offered HTTP/2, by its lower-case name; none are by default. */
  readonly offerHttp2?: ((host: string) => boolean) | undefined;
  /** Told of what happens outside of requests. */
  readonly onEvent?: ((event: InterceptorEvent) => void) | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /**
   * Whether a client may use the proxy, by its Proxy-Authorization: asked before anything else, and answered 407 if not.
   * Everyone may by default. Not asked of connections that are handed to `accept`.
   */
  readonly authorizeConnect?: ((proxyAuthorization: string | undefined) => boolean) | undefined;
}

export type InterceptorEvent =
  /** A tunnel to a host that is not intercepted stands. */
  | { readonly type: "tunnel"; readonly host: string; readonly port: number }
  /** A CONNECT, a plain request or a connection was turned away, or a tunnel cut; `host` is `-` where none was named. */
  | { readonly type: "refused"; readonly host: string; readonly reason: string }
  /** The client broke off its handshake: usually because it does not trust the certificate authority. */
  | { readonly type: "handshakeFailed"; readonly host: string; readonly reason: string }
  /** What came is answered with `status` (none: cut off) without asking `handle`. `head`: as far as it was a request at all. */
  | {
      readonly type: "malformedRequest";
      readonly host?: string | undefined;
      readonly reason: string;
      readonly status?: number | undefined;
      readonly head?: RequestHead | undefined;
    }
  | { readonly type: "error"; readonly error: Error };

/**
 * The forward proxy's transport: takes CONNECT on a plain listener, ends TLS for AWS hosts with our certificates, hands
 * each request inside to `handle`, and passes other hosts' bytes blindly.
 */
export class Interceptor {
  readonly #options: InterceptorOptions;
  readonly #limits: Limits;
  /** How upstream is reached, for requests and tunnels alike. */
  readonly #way: UpstreamOptions;
  readonly #agent: UpstreamAgent;
  readonly #pool: UpstreamPool;
  readonly #upstream: OpenUpstream;
  readonly #http2: Http2Upstream;
  /** HTTP/2 connections inside tunnels. */
  readonly #http2Connections = new Set<Http2Connection>();
  /** Speaks HTTP/1.1 inside tunnels. It never listens; sockets are handed to it. */
  readonly #inner: Server;
  readonly #listeners: Server[] = [];
  /** What is known of each intercepted TLS connection. */
  readonly #connections = new WeakMap<object, Connection>();
  readonly #sockets = new Set<Socket>();
  /** Those of clients that need not say who they are. */
  readonly #known = new WeakSet<object>();
  readonly #active = new Set<Promise<void>>();
  /** Exchanges that left HTTP: they are over when their connections are, and not waited for. */
  readonly #switched = new Set<Promise<void>>();
  #closing = false;
  /** Told once, and again when there was room meanwhile. */
  #full = false;

  constructor(options: InterceptorOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    const { connectAddress, upstreamProxy, ca } = options;
    this.#way = { connectAddress, upstreamProxy, secureContext: upstreamContext(ca), limits: this.#limits };
    this.#agent = upstreamAgent(this.#way);
    this.#pool = new UpstreamPool({
      connect: (host) => this.#agent.connect(host, ["http/1.1"]),
      limits: this.#limits,
    });
    this.#upstream = http1Upstream(this.#pool, this.#limits);
    this.#http2 = new Http2Upstream({
      connect: (host) => this.#agent.connect(host, ["h2", "http/1.1"]),
      http1: this.#upstream,
      limits: this.#limits,
    });
    this.#inner = this.#innerServer();
  }

  /** Listens on every host at one port (0: any free one, the same for all) and resolves with the port. Rejects with Node's `EADDRINUSE` and the like. */
  async listen(options: ListenOptions): Promise<number> {
    const { port, servers } = await listenOn(() => this.#outerServer(), options);
    this.#listeners.push(...servers);
    return port;
  }

  /** Instead of `listen`: gives what serves connections that another process has accepted, as if they had come here. */
  acceptor(): (socket: Socket) => void {
    const server = this.#outerServer();
    // Node arms its header timers when a server starts to listen; this one never does.
    server.emit("listening");
    this.#listeners.push(server);
    return (socket) => void server.emit("connection", socket);
  }

  /** Serves a connection that was accepted elsewhere, from a client known to be allowed. Only while it listens. */
  accept(socket: Socket): void {
    const [listener] = this.#listeners;
    // Of one that is over already nothing would tell that it is.
    if (listener === undefined || this.#closing || socket.destroyed) return void socket.destroy();
    this.#known.add(socket);
    listener.emit("connection", socket);
  }

  /** Serves plain HTTP/1.1 requests on a connection that was accepted elsewhere; their Host must be `host`. */
  acceptRequests(socket: Socket, host: string): void {
    this.#onConnection(socket, this.#limits.maxConnections);
    if (socket.destroyed) return;
    this.#connections.set(socket, { host, used: true, last: Promise.resolve(), pending: 0 });
    this.#inner.emit("connection", socket);
  }

  /** Kept-alive connections upstream by the same way, for clients of the proxy's own. Closed with the interceptor. */
  get agent(): Agent {
    return this.#agent;
  }

  /** Sends a signed request of the proxy's own the way agents' requests go, and collects the answer. Throws `UpstreamError`. */
  fetch(head: SignedHead, options: FetchOptions = {}): Promise<FetchResult> {
    return fetchUpstream(this.#upstream, head, options);
  }

  /**
   * Stops accepting, lets running exchanges finish for `graceMs` (10 s by default) or until `hurry`, then cuts everything,
   * tunnels too.
   */
  async close({
    graceMs = 10_000,
    hurry,
  }: {
    readonly graceMs?: number | undefined;
    readonly hurry?: Promise<void> | undefined;
  } = {}): Promise<void> {
    this.#closing = true;
    const stopped = stopListening(this.#listeners);
    this.#inner.closeIdleConnections();
    const http2 = [...this.#http2Connections];
    for (const connection of http2) connection.close();
    await this.#finished(this.#active, graceMs, hurry);
    // To cut one while its client still sends would lose it the word of which requests were never begun.
    await this.#finished(
      http2.map(({ closed }) => closed),
      200,
      hurry,
    );
    for (const socket of this.#sockets) socket.destroy();
    // The exchanges just cut still have their ends to record.
    await this.#finished([...this.#active, ...this.#switched], 1_000);
    for (const server of [...this.#listeners, this.#inner]) server.close();
    this.#http2.destroy();
    this.#pool.destroy();
    this.#agent.destroy();
    await stopped;
  }

  /** Resolves when all of them are over, the time is, or there is a hurry. */
  async #finished(those: Iterable<Promise<void>>, ms: number, hurry?: Promise<void>): Promise<void> {
    const running = [...those];
    if (running.length === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([Promise.allSettled(running), over, ...(hurry === undefined ? [] : [hurry])]);
    clearTimeout(timer);
  }

  #outerServer(): Server {
    const { maxHeaderBytes, headersTimeoutMs, maxConnections } = this.#limits;
    const server = createServer({
      ...strictParser,
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: headersTimeoutMs,
      requestTimeout: 0,
      keepAliveTimeout: headersTimeoutMs,
      connectionsCheckingInterval: checkingInterval(headersTimeoutMs),
      noDelay: true,
    });
    server.maxHeadersCount = 0;
    server.on("connection", (socket: Socket) => this.#onConnection(socket, maxConnections));
    server.on("connect", (request, socket, head) => this.#onConnect(request, socket as Socket, head));
    server.on("request", (request, response) => this.#onPlainRequest(request, response));
    server.on("checkContinue", (request, response) => this.#onPlainRequest(request, response));
    server.on("upgrade", (_request, socket) =>
      writeRefusal(socket as Socket, refusal(400, "this is a forward proxy for AWS: use CONNECT")),
    );
    server.on("clientError", (error, socket) => this.#onClientError(error, socket as Socket));
    return server;
  }

  #onConnection(socket: Socket, maxConnections: number): void {
    if (this.#closing) return void socket.destroy();
    if (this.#sockets.size >= maxConnections) {
      socket.destroy();
      if (!this.#full) {
        this.#full = true;
        const reason = `${maxConnections} connections are open, the most there may be: further ones are closed at once`;
        this.#event({ type: "refused", host: "-", reason });
      }
      return;
    }
    this.#sockets.add(socket);
    // As Node's server has those that it accepts itself.
    socket.allowHalfOpen = true;
    socket.setNoDelay(true);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      if (this.#sockets.size < maxConnections * 0.9) this.#full = false;
    });
    socket.on("error", () => socket.destroy());
  }

  #onConnect(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (!this.#isAuthorized(request)) return this.#refuse(socket, request.url ?? "", 407, unauthorized);
    if (this.#closing) return this.#refuse(socket, request.url ?? "", 503, stopping);
    const target = parseAuthority(request.url ?? "");
    if (target === undefined) {
      return this.#refuse(socket, request.url ?? "", 400, "CONNECT needs host:port");
    }
    const route = routeTarget(target, this.#options);
    if (route.action === "refuse") return this.#refuse(socket, target.host, 403, route.reason);
    if (route.action === "intercept") void this.#intercept(socket, head, target);
    else this.#tunnel(socket, head, target);
  }

  #isAuthorized(request: IncomingMessage): boolean {
    const { authorizeConnect } = this.#options;
    if (authorizeConnect === undefined || this.#known.has(request.socket)) return true;
    return authorizeConnect(request.headers["proxy-authorization"]);
  }

  #tunnel(socket: Socket, head: Buffer, target: Authority): void {
    tunnel(socket, head, target, {
      ...this.#way,
      onConnected: () => {
        this.#event({ type: "tunnel", host: target.host, port: target.port });
        socket.write(established);
      },
      onRefused: (error, connected) => {
        if (!connected) this.#refuse(socket, target.host, 502, `${target.host}: ${explanation(error)}`);
        else this.#event({ type: "refused", host: target.host, reason: error.message });
      },
    });
  }

  async #intercept(socket: Socket, head: Buffer, target: Authority): Promise<void> {
    const host = formatAuthority(target);
    let context: SecureContext;
    try {
      context = await this.#options.secureContext(target.host);
    } catch (error) {
      this.#event({ type: "error", error: error as Error });
      return this.#refuse(socket, target.host, 500, "no certificate could be made for this host; see the proxy's log");
    }
    if (socket.destroyed) return;
    socket.write(established);
    const connection: Connection = { host, used: false, last: Promise.resolve(), pending: 0 };
    terminateTls(socket, head, {
      host: target.host,
      context,
      handshakeTimeoutMs: this.#limits.handshakeTimeoutMs,
      offerHttp2: this.#options.offerHttp2?.(target.host) ?? false,
      onSecured: (secure) => {
        if (secure.alpnProtocol === "h2") return this.#onHttp2(secure, connection);
        this.#connections.set(secure, connection);
        this.#inner.emit("connection", secure);
      },
      onEnded: (reason) => {
        // Once is enough, and it is no failure that the proxy stops.
        if (!connection.used && !this.#closing) this.#event({ type: "handshakeFailed", host, reason });
        connection.used = true;
      },
    });
  }

  #innerServer(): Server {
    const { maxHeaderBytes, headersTimeoutMs, keepAliveTimeoutMs } = this.#limits;
    const server = createServer({
      ...strictParser,
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: headersTimeoutMs,
      // No bound on a whole request: uploads take as long as they take, and bodies that stand still are cut.
      requestTimeout: 0,
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: checkingInterval(headersTimeoutMs),
      requireHostHeader: false,
      noDelay: true,
    });
    // No bound but that on bytes: Node would drop the lines past it, and hide from us what the parser went by.
    server.maxHeadersCount = 0;
    server.on("request", (request, response) => this.#onRequest(request, response, false));
    server.on("checkContinue", (request, response) => this.#onRequest(request, response, true));
    server.on("checkExpectation", (request, response) => this.#onRequest(request, response, false));
    server.on("upgrade", (request, socket, head) => this.#onUpgrade(request, socket as Socket, head));
    server.on("connect", (_request, socket) =>
      this.#onClientError(new Error("CONNECT is not spoken inside a tunnel"), socket as Socket),
    );
    server.on("clientError", (error, socket) => this.#onClientError(error, socket as Socket));
    // Node arms its header and keep-alive timers when a server starts to listen; this one never does.
    server.emit("listening");
    return server;
  }

  /** Requests of one connection are served one after another, though a client may send several ahead. */
  #onRequest(request: IncomingMessage, response: ServerResponse, waitsForContinue: boolean): void {
    const connection = this.#connections.get(request.socket) as Connection;
    response.on("error", () => response.destroy());
    request.on("error", () => {});
    if (connection.pending === maxPipelined) {
      this.#event({ type: "malformedRequest", host: connection.host, reason: "too many requests were sent ahead" });
      request.socket.destroy();
      return;
    }
    const exchange = new Http1Exchange(request, response, {
      host: connection.host,
      waitsForContinue,
      upstream: this.#upstream,
      limits: this.#limits,
      closing: () => this.#closing,
    });
    this.#run(exchange, connection, request);
  }

  /** A request that asks to leave HTTP; Node has let go of its connection. */
  #onUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const connection = this.#connections.get(socket) as Connection;
    socket.on("error", () => socket.destroy());
    request.on("error", () => {});
    if (connection.pending > 0) {
      this.#event({
        type: "malformedRequest",
        host: connection.host,
        reason: "an upgrade was sent ahead of an answer",
      });
      socket.destroy();
      return;
    }
    const upgrading = new UpgradingClient(request, socket, head);
    upgrading.response.on("error", () => socket.destroy());
    const exchange = new Http1Exchange(request, upgrading.response, {
      host: connection.host,
      waitsForContinue: false,
      upgrading,
      // It is a tunnel from now on.
      onSwitched: () => {
        this.#active.delete(running);
        this.#switched.add(running);
        void running.then(() => this.#switched.delete(running));
      },
      upstream: this.#upstream,
      limits: this.#limits,
      closing: () => true,
    });
    const running = this.#run(exchange, connection, request);
  }

  #onHttp2(secure: TLSSocket, connection: Connection): void {
    if (this.#closing) {
      secure.destroy();
      return;
    }
    const { host } = connection;
    const http2 = new Http2Connection(secure, {
      host,
      upstream: this.#http2,
      limits: this.#limits,
      serve: (exchange) => {
        connection.used = true;
        const running = this.#serve(exchange, exchange.fault)
          .catch((error: Error) => this.#event({ type: "error", error }))
          .then(() => {
            this.#active.delete(running);
          });
        this.#active.add(running);
        return running;
      },
      onFault: (reason) => {
        connection.used = true;
        this.#event({ type: "malformedRequest", host, reason });
      },
      onClosed: () => this.#http2Connections.delete(http2),
    });
    this.#http2Connections.add(http2);
  }

  #run(exchange: Http1Exchange, connection: Connection, request: IncomingMessage): Promise<void> {
    const { response } = exchange;
    connection.used = true;
    const running = connection.last
      .then(() => {
        // Without a socket, the answer before this one has ended the connection.
        if (response.socket === null) return;
        const upgrade = exchange.upgrade === undefined ? undefined : upgradeFault(exchange.head);
        return this.#serve(exchange, upgrade ?? requestFault(exchange.head, request.httpVersion));
      })
      .catch((error: Error) => this.#event({ type: "error", error }))
      .then(() => {
        // What was not answered to its end must not look as if it were.
        if (!response.writableEnded) response.destroy();
        connection.pending -= 1;
        this.#active.delete(running);
        // A connection kept alive past this exchange would outlive the proxy's stop.
        if (this.#closing && connection.pending === 0) request.socket.end();
      });
    connection.pending += 1;
    connection.last = running;
    this.#active.add(running);
    return running;
  }

  async #serve(exchange: Exchange, fault: RequestFault | undefined): Promise<void> {
    if (exchange.clientGone) return;
    if (this.#closing) return exchange.respond(refusal(503, stopping));
    if (fault === undefined) return this.#options.handle(exchange);
    this.#event({ type: "malformedRequest", host: exchange.head.host, ...fault, head: exchange.head });
    return exchange.respond(refusal(fault.status, fault.reason));
  }

  /** Plain requests: absolute-form ones for other hosts could be passed, but nothing of AWS goes without TLS. */
  #onPlainRequest(request: IncomingMessage, response: ServerResponse): void {
    const absolute = /^http:\/\/([^/?#@]+)(?:[/?]|$)/i.exec(request.url ?? "");
    const target = absolute === null ? undefined : parseAuthority(absolute[1] as string, 80);
    const [status, reason] = !this.#isAuthorized(request)
      ? [407, unauthorized]
      : target === undefined
        ? [400, "this is a forward proxy for AWS: set HTTPS_PROXY to it, it answers CONNECT only"]
        : [403, `${target.host} was asked for over plain HTTP; only https:// passes this proxy`];
    this.#event({ type: "refused", host: target?.host ?? "-", reason: reason as string });
    void this.#respondPlain(request, response, status as number, reason as string);
  }

  async #respondPlain(
    request: IncomingMessage,
    response: ServerResponse,
    status: number,
    reason: string,
  ): Promise<void> {
    const answer = refusal(status, reason);
    response.on("error", () => response.destroy());
    request.on("error", () => {});
    response.sendDate = false;
    response.writeHead(status, rawHeaders(framed(answer)));
    if (request.method === "HEAD") response.flushHeaders();
    else response.write(answer.body);
    if (request.headers.expect === undefined) await drain(request, this.#limits.headersTimeoutMs);
    response.end();
  }

  #onClientError(error: NodeJS.ErrnoException & { code?: string }, socket: Socket): void {
    const connection = this.#connections.get(socket);
    if (connection !== undefined) connection.used = true;
    const running = (connection?.pending ?? 0) > 0;
    // Whoever leaves in the middle of a request has said nothing that is malformed.
    const left = error.code === "ECONNRESET" || (running && !/^HPE_(?!INVALID_EOF_STATE)/.test(error.code ?? ""));
    if (left) return void socket.destroy();
    // A refusal has been written already, and what still comes is read only to be dropped.
    if (socket.writableEnded) return;
    const [status, reason] =
      error.code === "HPE_HEADER_OVERFLOW"
        ? [431, `the request head is longer than ${this.#limits.maxHeaderBytes} bytes`]
        : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
          ? [408, "the request head took too long to arrive"]
          : [400, error.code === undefined ? error.message : `the request is malformed (${error.code})`];
    const told = { type: "malformedRequest", host: connection?.host, reason: reason as string } as const;
    if (running) {
      // Into the answer of a running exchange goes nothing of ours.
      this.#event(told);
      socket.destroy();
    } else {
      this.#event({ ...told, status: status as number });
      writeRefusal(socket, refusal(status as number, reason as string));
    }
  }

  #refuse(socket: Socket, host: string, status: number, reason: string): void {
    this.#event({ type: "refused", host, reason });
    writeRefusal(socket, refusal(status, reason));
  }

  #event(event: InterceptorEvent): void {
    this.#options.onEvent?.(event);
  }
}

/** Also where a flag in the environment (NODE_OPTIONS) tells Node to read what can be read in two ways. */
const strictParser = { insecureHTTPParser: false };

const established = "HTTP/1.1 200 Connection Established\r\n\r\n";

const unauthorized = "this proxy serves the processes of one run only, which know its user and password";
const stopping = "the proxy is stopping";
/** Requests a client may have sent ahead of its answers on one connection. */
const maxPipelined = 64;

interface Connection {
  /** The authority it was opened for. */
  readonly host: string;
  /** Whether a request came on it, good or bad. */
  used: boolean;
  /** Settles when its latest request has been served. */
  last: Promise<void>;
  /** Requests not yet served. */
  pending: number;
}

function checkingInterval(timeoutMs: number): number {
  return Math.max(50, Math.min(5_000, timeoutMs / 4));
}
