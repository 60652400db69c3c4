import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import {
  AwsError,
  type AwsRequest,
  type Credentials,
  type Headers,
  headersFromRaw,
  headerValue,
  rawHeaders,
  splitTarget,
  withoutHeaders,
} from "@iap/aws-core";
import { renderError } from "@iap/aws-errors";
import type { CertificateAuthority } from "@iap/ca-manager";
import { checkSignature } from "./check-signature.ts";
import { dynamodb, type FakeTable } from "./dynamodb.ts";
import type { FakePrincipal } from "./fake-principal.ts";
import type { FakeService, FakeServiceAnswer } from "./fake-service.ts";
import { iam } from "./iam.ts";
import { FakeS3 } from "./s3.ts";
import { sqs } from "./sqs.ts";
import { sts } from "./sts.ts";

export interface FakeAwsOptions {
  /** Signs its certificates: one for each host it is asked for. */
  readonly authority: CertificateAuthority;
  /** The only key pair it knows. */
  readonly credentials: Credentials;
  /** Whose key pair that is. */
  readonly principal: FakePrincipal;
  /** By name. */
  readonly tables?: ReadonlyMap<string, FakeTable> | undefined;
  /** By name. */
  readonly queues?: ReadonlyMap<string, string[]> | undefined;
}

/** A request that came whole, and what was answered. */
export interface ArrivedRequest {
  readonly host: string;
  readonly method: string;
  readonly target: string;
  /** Whether the known key pair signed it, as it arrived. */
  readonly signed: boolean;
  readonly status: number;
}

/** The longest body it takes; what it is for sends a few hundred bytes. */
const maxBodyBytes = 16 << 20;

/**
 * A small AWS on one loopback port: TLS under AWS's names, every signature checked, answers in each service's wire form,
 * objects, items and messages kept in memory, and every byte that arrived kept to be searched.
 */
export class FakeAws {
  readonly s3: FakeS3 = new FakeS3();
  readonly arrived: ArrivedRequest[] = [];
  readonly #credentials: Credentials;
  /** By the service's name in credential scopes. */
  readonly #services: ReadonlyMap<string, FakeService>;
  readonly #server: Server;
  /** The decrypted bytes of each connection. */
  readonly #received: Buffer[][] = [];

  private constructor({ authority, credentials, principal, tables, queues }: FakeAwsOptions) {
    this.#credentials = credentials;
    this.#services = new Map([
      ["sts", sts(principal)],
      ["iam", iam(principal)],
      ["s3", this.s3.service],
      ["dynamodb", dynamodb(tables ?? new Map())],
      ["sqs", sqs(queues ?? new Map())],
    ]);
    this.#server = createServer({
      SNICallback: (name, done) => {
        authority.secureContext(name).then(
          (context) => done(null, context),
          (error: Error) => done(error),
        );
      },
    });
    this.#server.on("secureConnection", (socket: TLSSocket) => {
      const bytes: Buffer[] = [];
      this.#received.push(bytes);
      socket.on("data", (chunk: Buffer) => bytes.push(chunk));
    });
    this.#server.on("request", (request, response) => {
      // A client that leaves halfway, or sends too much, is not answered.
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  /** Starts it on a free port of 127.0.0.1. */
  static async start(options: FakeAwsOptions): Promise<FakeAws> {
    const aws = new FakeAws(options);
    await new Promise<void>((resolve, reject) => {
      aws.#server.once("error", reject);
      aws.#server.listen(0, "127.0.0.1", resolve);
    });
    return aws;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Whether a text stands anywhere in what arrived, as it is or percent-encoded: head or body, answered or not. */
  received(text: string): boolean {
    const forms = [text, encodeURIComponent(text)];
    return this.#received.some((chunks) => {
      const bytes = Buffer.concat(chunks);
      return forms.some((form) => bytes.includes(form));
    });
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const headers = headersFromRaw(incoming.rawHeaders);
    const request: AwsRequest = {
      httpVersion: "1.1",
      method: incoming.method as string,
      target: incoming.url as string,
      headers,
      host: (headerValue(headers, "host") ?? "").toLowerCase().replace(/:443$/, ""),
      body: await bodyOf(incoming),
    };
    const { signed, answer } = this.#answer(request);
    const { host, method, target } = request;
    this.arrived.push({ host, method, target, signed, status: answer.status });
    response.writeHead(answer.status, rawHeaders(framed(answer)));
    response.end(answer.body);
  }

  #answer(request: AwsRequest): { readonly signed: boolean; readonly answer: FakeServiceAnswer } {
    const now = new Date();
    let signed = false;
    try {
      const { endpoint, scope } = checkSignature(request, { credentials: this.#credentials, now });
      signed = true;
      const service = this.#services.get(scope.service);
      if (service === undefined) throw new AwsError("NotImplemented", `The fake AWS does not have ${scope.service}.`);
      const { path, query } = splitTarget(request.target);
      const { method, headers } = request;
      const body = Buffer.from(request.body ?? []);
      return { signed, answer: service({ endpoint, method, path, query: new URLSearchParams(query), headers, body }) };
    } catch (error) {
      const shown =
        error instanceof AwsError ? error : new AwsError("InternalFailure", `The fake AWS failed: ${error}`);
      const { headers, status, body } = renderError(shown, { request, requestId: randomUUID(), now });
      const own = withoutHeaders(headers, (name) => name === "x-iap-decision-id" || name === "content-length");
      return { signed, answer: { status, headers: own, body: Buffer.from(body) } };
    }
  }
}

function framed({ status, headers, body }: FakeServiceAnswer): Headers {
  return status === 204 ? headers : [...headers, ["Content-Length", String(Buffer.byteLength(body))]];
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBodyBytes) throw new Error(`the body is longer than ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
