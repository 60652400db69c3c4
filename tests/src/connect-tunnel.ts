import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { SecureContext } from "node:tls";
import { atEnd } from "./clean-up.ts";

export interface ConnectTunnelOptions {
  /** Speaks TLS with its clients, by the identity of the name they ask for. */
  readonly sniCallback?: (host: string, done: (error: Error | null, context?: SecureContext) => void) => void;
  /** What `Proxy-Authorization` must be. */
  readonly authorization?: string;
}

/** A forward proxy that tunnels `*.amazonaws.com:443` to one loopback port, and nothing else anywhere. */
export class ConnectTunnel {
  /** The targets that were asked for, in order. */
  readonly asked: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(upstreamPort: number, { sniCallback, authorization }: ConnectTunnelOptions) {
    this.#server = sniCallback === undefined ? createServer() : createTlsServer({ SNICallback: sniCallback });
    this.#server.on("request", (_request, response) => response.writeHead(400).end());
    this.#server.on("connect", (request, client: Socket, head) => {
      this.#keep(client);
      this.asked.push(request.url ?? "");
      if (authorization !== undefined && request.headers["proxy-authorization"] !== authorization) {
        client.end("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
        return;
      }
      if (!/^[a-z0-9.-]+\.amazonaws\.com:443$/.test(request.url ?? "")) {
        client.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
        return;
      }
      const upstream = connect(upstreamPort, "127.0.0.1", () => {
        client.write("HTTP/1.1 200 OK\r\n\r\n");
        upstream.write(head);
        client.pipe(upstream).pipe(client);
      });
      this.#keep(upstream);
      client.on("close", () => upstream.destroy());
      upstream.on("close", () => client.destroy());
    });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
  }

  static async start(upstreamPort: number, options: ConnectTunnelOptions = {}): Promise<ConnectTunnel> {
    const tunnel = new ConnectTunnel(upstreamPort, options);
    await new Promise<void>((resolve, reject) => {
      tunnel.#server.once("error", reject);
      tunnel.#server.listen(0, "127.0.0.1", resolve);
    });
    atEnd(() => tunnel.close());
    return tunnel;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
