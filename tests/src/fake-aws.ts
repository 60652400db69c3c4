import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { gunzipSync } from "node:zlib";
import { atEnd } from "./clean-up.ts";
import { xmlElements } from "./fake-aws/answers.ts";
import { cloudwatch } from "./fake-aws/cloudwatch.ts";
import { dynamodb } from "./fake-aws/dynamodb.ts";
import { ec2 } from "./fake-aws/ec2.ts";
import { iam } from "./fake-aws/iam.ts";
import { lambda } from "./fake-aws/lambda.ts";
import { isPostForm, judgePostForm } from "./fake-aws/post-form.ts";
import { FakeS3, s3RegionOf } from "./fake-aws/s3.ts";
import type { Service, ServiceAnswer } from "./fake-aws/service.ts";
import { judge, type RealCredentials, type Verdict } from "./fake-aws/signature-oracle.ts";
import { sqs } from "./fake-aws/sqs.ts";
import { FakeRoles, isUnsignedSts } from "./fake-aws/sts.ts";
import { splitTarget, type WireRequest } from "./fake-aws/wire-request.ts";
import { TestCa } from "./test-ca.ts";

/** What arrived at the fake AWS, and what it made of it. */
export interface Arrived {
  readonly host: string;
  readonly wire: WireRequest;
  /** `s3`, `dynamodb`; undefined for a host of no service it plays. */
  readonly service: string | undefined;
  /** `PutObject`; empty when the request was refused or no operation was recognised. */
  readonly operation: string;
  readonly verdict: Verdict;
  readonly status: number;
}

export interface FakeAwsOptions {
  /** The only key pair it accepts. */
  readonly credentials: RealCredentials;
  readonly account?: string | undefined;
}

/** A request whose target or body holds this is answered as AWS answers a bad signature: with the session token in it. */
export const echoSignatureError = "echo-signature-error";

/**
 * AWS on one loopback port: a certificate per server name, every signature checked by an independent signer, answers in
 * each service's wire form, everything that arrived kept for assertions.
 */
export class FakeAws {
  readonly ca: TestCa;
  readonly credentials: RealCredentials;
  readonly account: string;
  readonly s3: FakeS3 = new FakeS3();
  /** The roles: key pairs of their sessions are accepted, too. */
  readonly roles: FakeRoles = new FakeRoles();
  readonly arrived: Arrived[] = [];
  /** Requests that were given up before their end: nothing came of them. */
  readonly cutShort: string[] = [];
  readonly #server: Server;
  readonly #services: Readonly<Record<string, Service>>;
  /** The decrypted bytes of each connection, as they came. */
  readonly #connections: Buffer[][] = [];
  readonly #broken: string[] = [];

  private constructor(ca: TestCa, { credentials, account = "123456789012" }: FakeAwsOptions) {
    this.ca = ca;
    this.credentials = credentials;
    this.account = account;
    this.#services = {
      s3: this.s3.service,
      s3express: this.s3.service,
      sts: this.roles.service,
      iam,
      ec2,
      lambda,
      sqs: sqs(),
      dynamodb: dynamodb(),
      monitoring: cloudwatch(),
    };
    this.#server = createServer({ SNICallback: ca.sniCallback, keepAlive: true });
    this.#server.requestTimeout = 120_000;
    this.#server.on("request", (request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        this.#broken.push(`${request.method} ${request.url}: ${error instanceof Error ? error.stack : error}`);
        response.destroy();
      });
    });
    this.#server.on("secureConnection", (socket: TLSSocket) => {
      const bytes: Buffer[] = [];
      this.#connections.push(bytes);
      socket.on("data", (chunk: Buffer) => bytes.push(chunk));
    });
  }

  static async start(options: FakeAwsOptions): Promise<FakeAws> {
    const fake = new FakeAws(await TestCa.create(), options);
    await new Promise<void>((resolve, reject) => {
      fake.#server.once("error", reject);
      fake.#server.listen(0, "127.0.0.1", resolve);
    });
    atEnd(() => fake.close());
    return fake;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** `service:Operation` of every request that was accepted, in order. */
  get operations(): string[] {
    return this.arrived
      .filter(({ verdict }) => verdict.valid)
      .map(({ service, operation }) => `${service}:${operation}`);
  }

  /** What must not happen: a request without the real key's signature, an operation nobody knows, a fault of the fake itself. */
  get problems(): string[] {
    const refused = this.arrived.flatMap(({ host, wire, verdict, operation, status }) => {
      const line = `${wire.method} https://${host}${wire.target}`;
      if (!verdict.valid) return [`${line}: ${verdict.why}\n${headText(wire)}`];
      return operation === "" ? [`${line}: no operation recognised (${status})`] : [];
    });
    return [...refused, ...this.#broken];
  }

  /** Where a text stands in the bytes that arrived: as it is, percent-encoded or in base64. */
  occurrences(text: string): string[] {
    const forms = new Set([text, encodeURIComponent(text), Buffer.from(text).toString("base64").replace(/=+$/, "")]);
    return this.#connections.flatMap((chunks, index) => {
      const bytes = Buffer.concat(chunks);
      return [...forms].flatMap((form) => {
        const at = bytes.indexOf(form);
        return at < 0
          ? []
          : [`connection ${index}, byte ${at}: …${bytes.toString("latin1", Math.max(0, at - 80), at)}⟨here⟩`];
      });
    });
  }

  /** Resolves when the head of another request has come. */
  waitForRequest(): Promise<unknown> {
    return once(this.#server, "request");
  }

  /** Forgets what arrived; the stores stay. */
  forget(): void {
    this.arrived.length = 0;
    this.cutShort.length = 0;
    this.#connections.length = 0;
    this.#broken.length = 0;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body: Buffer[] = [];
    try {
      for await (const chunk of request) body.push(chunk as Buffer);
    } catch {
      this.cutShort.push(`${request.method} https://${request.headers.host}${request.url}`);
      return;
    }
    const wire: WireRequest = {
      method: request.method as string,
      target: request.url as string,
      headers: pairs(request.rawHeaders),
      trailers: pairs(request.rawTrailers),
      body: Buffer.concat(body),
    };
    const host = (request.headers.host ?? "").replace(/:443$/, "").toLowerCase();
    const place = placeOf(host);
    if (place?.service === "s3" && isPostForm(wire)) return this.#serveForm(host, wire, place, response);
    const isOpen = place?.service === "sts" && isUnsignedSts(wire.body) && request.headers.authorization === undefined;
    const verdict: Verdict = isOpen
      ? { valid: true, form: "header", payload: wire.body, trailers: [] }
      : place
        ? await judge(wire, { credentials: this.#signer(wire), ...place, now: new Date() })
        : { valid: false, why: `no service at host ${host}` };
    const answer = this.#answer(host, wire, place, verdict);
    this.arrived.push({
      host,
      wire,
      service: place?.service,
      operation: answer.operation,
      verdict,
      status: answer.status,
    });
    response.writeHead(answer.status, {
      ...(request.method === "HEAD" || answer.status === 204 ? {} : { "content-length": answer.body.length }),
      ...answer.headers,
    });
    response.end(request.method === "HEAD" ? undefined : answer.body);
  }

  /** Whose signature it must be: that of the session whose key it names, else the real key's. */
  #signer({ target, headers }: WireRequest): RealCredentials {
    const authorization = headers.find(([name]) => name.toLowerCase() === "authorization")?.[1] ?? "";
    const named = /(?:Credential=|X-Amz-Credential=)([A-Z0-9]+)(?:\/|%2F)/i.exec(`${authorization} ${target}`)?.[1];
    const sessions = [...this.roles.assumed, ...this.s3.sessions];
    const session = sessions.find(({ credentials }) => credentials.accessKeyId === named);
    return session?.credentials ?? this.credentials;
  }

  /** An upload by POST, as the PutObject it amounts to. */
  #serveForm(host: string, wire: WireRequest, { service, region }: Place, response: ServerResponse): void {
    const judged = judgePostForm(wire, this.credentials);
    const verdict: Verdict = judged.valid
      ? { valid: true, form: "header", payload: judged.file, trailers: [] }
      : judged;
    const put = this.#services.s3 as Service;
    const { path } = splitTarget(wire.target);
    const answer = judged.valid
      ? put({
          method: "PUT",
          host,
          path: `${path.replace(/\/$/, "")}/${encodeURIComponent(judged.key)}`,
          query: new URLSearchParams(),
          headers: {},
          body: judged.file,
          region,
          account: this.account,
        })
      : this.#signatureError("s3", wire, judged.why);
    this.arrived.push({ host, wire, service, operation: answer.operation, verdict, status: answer.status });
    response.writeHead(answer.status === 200 ? 204 : answer.status, answer.status === 200 ? {} : answer.headers);
    response.end(answer.status === 200 ? undefined : answer.body);
  }

  #answer(host: string, wire: WireRequest, place: Place | undefined, verdict: Verdict): ServiceAnswer {
    if (!place) return { operation: "", status: 404, headers: {}, body: Buffer.from(`no service at ${host}\n`) };
    if (!verdict.valid) return this.#signatureError(place.service, wire, verdict.why);
    const { payload, trailers } = verdict;
    if (wire.target.includes(echoSignatureError) || payload.includes(echoSignatureError)) {
      const canonical = `${wire.method}\n${wire.target}\n\nx-amz-security-token:${this.credentials.sessionToken}\n`;
      return { ...this.#signatureError(place.service, wire, canonical), operation: "EchoSignatureError" };
    }
    const { path, query } = splitTarget(wire.target);
    const headers: Record<string, string> = {};
    for (const [name, value] of [...wire.headers, ...trailers]) headers[name.toLowerCase()] = value;
    const body = headers["content-encoding"] === "gzip" ? gunzipSync(payload) : payload;
    const service = this.#services[place.service] as Service;
    return service({
      method: wire.method,
      host,
      path,
      query: new URLSearchParams(query),
      headers,
      body,
      region: place.region,
      account: this.account,
    });
  }

  /** A refusal as AWS words it: with the canonical request, and so the session token, in it. */
  #signatureError(service: string, wire: WireRequest, detail: string): ServiceAnswer {
    const message = "The request signature we calculated does not match the signature you provided.";
    if (service === "s3" || service === "s3express") {
      const fields = xmlElements({ Code: "SignatureDoesNotMatch", Message: message, CanonicalRequest: detail });
      const body = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n<Error>${fields}</Error>`);
      return { operation: "", status: 403, headers: { "content-type": "application/xml" }, body };
    }
    const whole = `${message}\n\nThe Canonical String for this request should have been\n'${detail}'`;
    const type = wire.headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
    if (type.includes("json") || service === "lambda") {
      const body = Buffer.from(JSON.stringify({ __type: "InvalidSignatureException", message: whole }));
      const headers = { "content-type": type || "application/json", "x-amzn-errortype": "InvalidSignatureException" };
      return { operation: "", status: service === "lambda" ? 403 : 400, headers, body };
    }
    const fields = xmlElements({ Type: "Sender", Code: "SignatureDoesNotMatch", Message: whole });
    const body = Buffer.from(`<ErrorResponse><Error>${fields}</Error><RequestId>e2e</RequestId></ErrorResponse>`);
    return { operation: "", status: 403, headers: { "content-type": "text/xml" }, body };
  }
}

interface Place {
  /** The signing name. */
  readonly service: string;
  readonly region: string;
}

/** The service and region a host is an endpoint of. */
function placeOf(host: string): Place | undefined {
  const s3Region = s3RegionOf(host);
  if (s3Region !== undefined) return { service: host.includes(".s3express-") ? "s3express" : "s3", region: s3Region };
  if (host === "iam.amazonaws.com" || host === "sts.amazonaws.com") {
    return { service: host.slice(0, 3), region: "us-east-1" };
  }
  if (host === "queue.amazonaws.com") return { service: "sqs", region: "us-east-1" };
  const match =
    /^(?:\d{12}\.)?(sts|ec2|lambda|sqs|dynamodb|ddb|monitoring)\.([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com$/.exec(host);
  if (!match) return undefined;
  return { service: match[1] === "ddb" ? "dynamodb" : (match[1] as string), region: match[2] as string };
}

function pairs(raw: readonly string[]): (readonly [string, string])[] {
  const lines: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) lines.push([raw[i] as string, raw[i + 1] as string]);
  return lines;
}

/** The head for a failure message; what could be a secret is cut. */
function headText({ headers }: WireRequest): string {
  return headers
    .map(
      ([name, value]) =>
        `    ${name}: ${/token/i.test(name) ? `${value.slice(0, 8)}… (${value.length} chars)` : value}`,
    )
    .join("\n");
}
