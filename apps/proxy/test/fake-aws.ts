import type { ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { type Headers, headersFromRaw } from "@iap/aws-core";
import type { CertificateAuthority } from "@iap/ca-manager";

/** A request as it reached the fake AWS, whole. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Headers;
  readonly body: Buffer;
}

export interface FakeAwsOptions {
  readonly authority: CertificateAuthority;
  /** Told when the head of a request has come. */
  readonly onRequest?: (() => void) | undefined;
}

/** An upstream on loopback with real certificates: it keeps every byte it is sent, and answers as it is told to. */
export class FakeAws {
  /** Requests that came whole. */
  readonly seen: SeenRequest[] = [];
  /** How many requests broke off before their end. */
  brokenOff = 0;
  /** How many TLS connections were opened. */
  connections = 0;
  answer: (response: ServerResponse, request: SeenRequest) => void = (response) => response.end();
  /** Answers from the head on, in place of `answer`. */
  answerHead: ((response: ServerResponse) => void) | undefined;
  readonly #received: Buffer[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor({ authority, onRequest }: FakeAwsOptions) {
    this.#server = createServer({
      SNICallback: (name, callback) => {
        authority.secureContext(name).then(
          (context) => callback(null, context),
          (error: Error) => callback(error),
        );
      },
    });
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("secureConnection", (socket) => {
      this.connections++;
      socket.on("data", (chunk) => this.#received.push(chunk));
    });
    this.#server.on("request", (request, response) => {
      onRequest?.();
      const chunks: Buffer[] = [];
      let whole = false;
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        if (!request.complete) return;
        whole = true;
        const seen: SeenRequest = {
          method: request.method as string,
          target: request.url as string,
          headers: headersFromRaw(request.rawHeaders),
          body: Buffer.concat(chunks),
        };
        this.seen.push(seen);
        if (this.answerHead === undefined) this.answer(response, seen);
      });
      request.on("close", () => {
        if (!whole) this.brokenOff++;
      });
      request.on("error", () => {});
      response.on("error", () => {});
      this.answerHead?.(response);
    });
  }

  static async start(options: FakeAwsOptions): Promise<FakeAws> {
    const aws = new FakeAws(options);
    await new Promise<void>((resolve) => aws.#server.listen(0, "127.0.0.1", resolve));
    return aws;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Every byte that came, decrypted, as latin1 text. */
  get received(): string {
    return Buffer.concat(this.#received).toString("latin1");
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
