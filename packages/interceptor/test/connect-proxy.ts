import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { connect, createServer as createTcpServer, type Socket, type Server as TcpServer } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";
import { onTestFinished } from "vitest";

/** A CONNECT request as it came. */
export interface SeenConnect {
  readonly target: string;
  readonly rawHeaders: readonly string[];
}

export interface ConnectProxyOptions {
  /** Where every target is connected to. */
  readonly upstreamPort: number;
  /** What Proxy-Authorization must be; others are answered 407. */
  readonly authorization?: string | undefined;
  /** Speaks TLS with its clients. */
  readonly secureContext?: SecureContext | undefined;
}

/** A forward proxy on loopback, as companies have them. */
export class ConnectProxy {
  readonly seen: SeenConnect[] = [];
  readonly port: number;
  /** Connections that are open now. */
  readonly sockets: Set<Socket> = new Set<Socket>();

  private constructor(listener: TcpServer, { upstreamPort, authorization, secureContext }: ConnectProxyOptions) {
    this.port = (listener.address() as { port: number }).port;
    const server: Server = createServer();
    listener.on("connection", (raw: Socket) => {
      this.sockets.add(raw);
      raw.once("close", () => this.sockets.delete(raw)).on("error", () => {});
      const socket = secureContext === undefined ? raw : new TLSSocket(raw, { isServer: true, secureContext });
      socket.on("error", () => {});
      server.emit("connection", socket);
    });
    server.on("connect", (request: IncomingMessage, client: Socket, head: Buffer) => {
      this.seen.push({ target: request.url as string, rawHeaders: request.rawHeaders });
      if (authorization !== undefined && request.headers["proxy-authorization"] !== authorization) {
        client.end(
          "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 4\r\n\r\nwho?",
        );
        return;
      }
      const remote = connect({ port: upstreamPort, host: "127.0.0.1", allowHalfOpen: true, noDelay: true }, () => {
        client.write("HTTP/1.1 200 Connection established\r\nVia: 1.1 corp\r\nContent-Length: 7\r\n\r\n");
        if (head.length > 0) remote.write(head);
        remote.pipe(client).pipe(remote);
      });
      remote.on("error", () => client.destroy());
      remote.on("close", () => client.destroy());
      client.on("close", () => remote.destroy());
    });
  }

  static async start(options: ConnectProxyOptions): Promise<ConnectProxy> {
    const listener = createTcpServer({ allowHalfOpen: true, noDelay: true }).listen(0, "127.0.0.1");
    await once(listener, "listening");
    const proxy = new ConnectProxy(listener, options);
    onTestFinished(() => {
      listener.close();
      for (const socket of proxy.sockets) socket.destroy();
    });
    return proxy;
  }
}
