import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";
import { atEnd } from "./clean-up.ts";
import type { FakeAws } from "./fake-aws.ts";
import type { TestCa } from "./test-ca.ts";

/** What becomes of a connection that the proxy opens. */
export type Behaviour = (raw: Socket, secured: (context?: SecureContext) => Promise<TLSSocket>) => unknown;

/**
 * A place between the proxy and a fake AWS at which every connection goes wrong in the way it is told to, and goes
 * through when it is told nothing.
 */
export class FaultyAws {
  readonly ca: TestCa;
  readonly port: number;
  /** Connections that came since the behaviour was last changed. */
  connections = 0;
  readonly #fake: FakeAws;
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #behaviour: Behaviour;

  private constructor(fake: FakeAws, server: Server, port: number) {
    this.ca = fake.ca;
    this.port = port;
    this.#fake = fake;
    this.#server = server;
    this.#behaviour = this.passes;
    server.on("connection", (raw) => {
      this.connections++;
      this.#keep(raw);
      const host = "s3.us-east-1.amazonaws.com";
      this.#behaviour(raw, async (context) => {
        const secureContext = context ?? (await fake.ca.secureContext(host));
        const socket = new TLSSocket(raw, { isServer: true, secureContext });
        socket.on("error", () => {});
        await once(socket, "secure");
        return socket;
      });
    });
  }

  static async start(fake: FakeAws): Promise<FaultyAws> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const faulty = new FaultyAws(fake, server, address.port);
    atEnd(() => faulty.close());
    return faulty;
  }

  /** How connections behave from now on. Those that are open are closed, for the proxy keeps them. */
  async behave(behaviour: Behaviour): Promise<void> {
    this.#behaviour = behaviour;
    await this.dropAll();
    this.connections = 0;
  }

  /** The connection is the fake's. */
  readonly passes: Behaviour = (raw) => {
    const onward = connect(this.#fake.port, "127.0.0.1");
    this.#keep(onward);
    raw.pipe(onward).pipe(raw);
    raw.once("close", () => onward.destroy());
    onward.once("close", () => raw.destroy());
  };

  /** Waits until a connection has come since the behaviour was last changed. */
  async connected(): Promise<void> {
    while (this.connections === 0) await once(this.#server, "connection");
  }

  /** Closes what is open, and waits until it is. */
  async dropAll(): Promise<void> {
    const closed = [...this.#open].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    for (const socket of this.#open) socket.destroy();
    await Promise.all(closed);
  }

  /** Whoever connects now is refused by the system. */
  async stopListening(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    await this.dropAll();
    await closed;
  }

  async listenAgain(): Promise<void> {
    this.#server.listen(this.port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.stopListening();
  }

  #keep(socket: Socket): void {
    this.#open.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => this.#open.delete(socket));
  }
}

/** The head of a request, as far as it came with the first bytes. */
export async function untilHead(socket: TLSSocket): Promise<string> {
  let text = "";
  while (!text.includes("\r\n\r\n")) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    text += chunk.toString("latin1");
  }
  return text;
}
