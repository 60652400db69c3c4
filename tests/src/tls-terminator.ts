import { type AddressInfo, connect, type Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { atEnd } from "./clean-up.ts";
import { TestCa } from "./test-ca.ts";

/** TLS in front of a plain HTTP server, with a certificate for whatever name the client asks for. */
export class TlsTerminator {
  readonly ca: TestCa;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #requests: Buffer[] = [];
  readonly #responses: Buffer[] = [];

  private constructor(ca: TestCa, plainPort: number) {
    this.ca = ca;
    this.#server = createServer({ SNICallback: ca.sniCallback }, (client: TLSSocket) => {
      const server = connect(plainPort, "127.0.0.1");
      for (const socket of [client, server]) {
        this.#sockets.add(socket);
        socket.on("error", () => socket.destroy());
        socket.on("close", () => this.#sockets.delete(socket));
      }
      client.on("data", (chunk: Buffer) => this.#requests.push(chunk));
      server.on("data", (chunk: Buffer) => this.#responses.push(chunk));
      client.pipe(server).pipe(client);
      client.on("close", () => server.destroy());
      server.on("close", () => client.destroy());
    });
  }

  static async start(plainPort: number): Promise<TlsTerminator> {
    const terminator = new TlsTerminator(await TestCa.create(), plainPort);
    await new Promise<void>((resolve, reject) => {
      terminator.#server.once("error", reject);
      terminator.#server.listen(0, "127.0.0.1", resolve);
    });
    atEnd(() => terminator.close());
    return terminator;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** All bytes that went to the server since `forget()`. */
  get requests(): Buffer {
    return Buffer.concat(this.#requests);
  }

  /** All bytes that the server answered since `forget()`. */
  get responses(): Buffer {
    return Buffer.concat(this.#responses);
  }

  forget(): void {
    this.#requests.length = 0;
    this.#responses.length = 0;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
