import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

/** A forward proxy that tunnels `*.amazonaws.com:443` to one loopback port, and nothing else anywhere. */
export class ConnectTunnel {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(upstreamPort: number) {
    this.#server = createServer((_request, response) => response.writeHead(400).end());
    this.#server.on("connect", (request, client: Socket, head) => {
      this.#keep(client);
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

  static async start(upstreamPort: number): Promise<ConnectTunnel> {
    const tunnel = new ConnectTunnel(upstreamPort);
    await new Promise<void>((resolve, reject) => {
      tunnel.#server.once("error", reject);
      tunnel.#server.listen(0, "127.0.0.1", resolve);
    });
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
