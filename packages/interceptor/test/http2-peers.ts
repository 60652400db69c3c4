import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type OutgoingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { createServer, type Server, type Socket } from "node:net";
import { TLSSocket, connect as tlsConnect } from "node:tls";
import type { CertificateAuthority } from "@iap/ca-manager";
import { onTestFinished } from "vitest";
import {
  authority,
  connectTo,
  eventually,
  host,
  type ProxyOptions,
  type Proxy as Started,
  startProxy,
  type Upstream,
} from "./harness.ts";
import { Wire } from "./wire.ts";

/** A request as an HTTP/2 upstream saw it. */
export class SeenStream {
  readonly stream: ServerHttp2Stream;
  readonly session: ServerHttp2Session;
  /** Field lines as they came, pseudo-headers included. */
  readonly lines: readonly string[];
  body: Buffer = Buffer.alloc(0);
  trailers: readonly string[] = [];
  ended = false;
  closed = false;

  constructor(stream: ServerHttp2Stream, raw: readonly string[], read: boolean) {
    this.stream = stream;
    this.session = stream.session as ServerHttp2Session;
    this.lines = lines(raw);
    stream.on("error", () => {});
    stream.on("trailers", (_headers: unknown, _flags: number, trailers: string[]) => {
      this.trailers = lines(trailers);
    });
    stream.on("close", () => {
      this.closed = true;
    });
    stream.on("end", () => {
      this.ended = true;
    });
    if (read)
      stream.on("data", (chunk: Buffer) => {
        this.body = Buffer.concat([this.body, chunk]);
      });
  }

  header(name: string): string | undefined {
    return this.lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
  }
}

/** `name: value` of each pair of a raw array. */
function lines(raw: readonly string[]): string[] {
  const result: string[] = [];
  for (let i = 0; i < raw.length; i += 2) result.push(`${raw[i]}: ${raw[i + 1]}`);
  return result;
}

export interface Http2UpstreamOptions {
  readonly signer?: CertificateAuthority;
  readonly settings?: { readonly maxConcurrentStreams?: number; readonly initialWindowSize?: number };
  /** Whether request bodies are read as they come. */
  readonly read?: boolean;
}

/** An upstream that speaks HTTP/2; its streams are handed out once each, in the order of arrival. */
export class Http2Server {
  readonly port: number;
  readonly sessions: ServerHttp2Session[] = [];
  readonly streams: SeenStream[] = [];
  readonly sockets: Socket[] = [];
  readonly #server: Server;
  #taken = 0;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as { port: number }).port;
  }

  static async start({
    signer = authority,
    settings = {},
    read = true,
  }: Http2UpstreamOptions = {}): Promise<Http2Server> {
    const secureContext = await signer.secureContext(host);
    const server = createServer({ noDelay: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const upstream = new Http2Server(server);
    server.on("connection", (raw) => {
      upstream.sockets.push(raw);
      raw.on("error", () => {});
      const socket = new TLSSocket(raw, { isServer: true, secureContext, ALPNProtocols: ["h2"] });
      socket.on("error", () => {});
      socket.once("secure", () => {
        // Node says so itself only on sockets that its own servers made.
        Object.assign(socket, { secureConnecting: false });
        const session = performServerHandshake(socket, { settings });
        upstream.sessions.push(session);
        session.on("error", () => {});
        session.on("stream", (stream, _headers, _flags, ...rest: unknown[]) =>
          upstream.streams.push(new SeenStream(stream as ServerHttp2Stream, rest[0] as string[], read)),
        );
      });
    });
    onTestFinished(() => upstream.close());
    return upstream;
  }

  /** The next stream. */
  async stream(): Promise<SeenStream> {
    const mine = this.#taken++;
    await eventually(() => this.streams.length > mine, `stream ${mine + 1} at upstream`);
    return this.streams[mine] as SeenStream;
  }

  close(): void {
    this.#server.close();
    for (const session of this.sessions) session.destroy();
    for (const socket of this.sockets) socket.destroy();
  }
}

/** An answer as a client saw it. */
export class SeenAnswer {
  readonly stream: ClientHttp2Stream;
  status: number | undefined;
  lines: readonly string[] = [];
  readonly informed: string[][] = [];
  body: Buffer = Buffer.alloc(0);
  trailers: readonly string[] = [];
  /** Whether the answer came to its end in good order. */
  ended = false;
  closed = false;
  error: NodeJS.ErrnoException | undefined;

  constructor(stream: ClientHttp2Stream) {
    this.stream = stream;
    stream.on("headers", (_headers: unknown, _flags: number, raw: string[]) => this.informed.push(lines(raw)));
    stream.on("response", (headers: { ":status"?: number }, _flags: number, raw: string[]) => {
      this.status = headers[":status"];
      this.lines = lines(raw).slice(1);
    });
    stream.on("trailers", (_headers: unknown, _flags: number, raw: string[]) => {
      this.trailers = lines(raw);
    });
    stream.on("data", (chunk: Buffer) => {
      this.body = Buffer.concat([this.body, chunk]);
    });
    stream.on("end", () => {
      this.ended = true;
    });
    stream.on("error", (error) => {
      this.error = error;
    });
    stream.on("close", () => {
      this.closed = true;
    });
  }

  get rstCode(): number {
    return this.stream.rstCode ?? -1;
  }

  async head(): Promise<this> {
    await eventually(() => this.status !== undefined || this.closed, "the head of an answer");
    if (this.status === undefined) throw new Error(`closed with ${this.rstCode}: ${this.error?.message}`);
    return this;
  }

  async over(): Promise<this> {
    await eventually(() => this.closed, "the end of a stream");
    return this;
  }
}

/** A client inside a tunnel, on HTTP/2. */
export class Http2Client {
  readonly session: ClientHttp2Session;
  readonly raw: Socket;
  goaway: number | undefined;
  closed = false;

  private constructor(session: ClientHttp2Session, raw: Socket) {
    this.session = session;
    this.raw = raw;
    session.on("error", () => {});
    session.on("goaway", (code: number) => {
      this.goaway = code;
    });
    session.on("close", () => {
      this.closed = true;
    });
  }

  static async open(port: number, settings: Record<string, number> = {}): Promise<Http2Client> {
    const socket = await securedHttp2(port);
    const session = connect(`https://${host}`, { createConnection: () => socket.socket, settings });
    const client = new Http2Client(session, socket.raw);
    onTestFinished(() => session.destroy());
    return client;
  }

  request(headers: OutgoingHttpHeaders = {}, body?: Uint8Array | "stream"): SeenAnswer {
    const stream = this.session.request(
      { ":method": "GET", ":path": "/", ":authority": host, ":scheme": "https", ...headers },
      { endStream: body === undefined, waitForTrailers: body !== undefined },
    );
    const answer = new SeenAnswer(stream);
    if (body instanceof Uint8Array) stream.end(body);
    return answer;
  }
}

/** A TLS connection inside a tunnel on which HTTP/2 was agreed. */
export async function securedHttp2(port: number): Promise<{ readonly socket: TLSSocket; readonly raw: Socket }> {
  const raw = (await connectTo(port, `${host}:443`)).detach();
  // An end of the proxy's is the end, as for any client of HTTP/2.
  raw.allowHalfOpen = false;
  const socket = tlsConnect({
    socket: raw,
    servername: host,
    ca: authority.rootCertificate,
    ALPNProtocols: ["h2", "http/1.1"],
  });
  await once(socket, "secureConnect");
  if (socket.alpnProtocol !== "h2") throw new Error(`agreed on ${socket.alpnProtocol}`);
  return { socket, raw };
}

/** A proxy that offers HTTP/2, between an upstream and a client that speak it. */
export async function http2Trio({
  server,
  ...options
}: ProxyOptions & { readonly server?: Http2UpstreamOptions } = {}): Promise<
  Started & { upstream: Http2Server; client: Http2Client }
> {
  const upstream = await Http2Server.start(server);
  const proxy = await startProxy({ upstreamPort: upstream.port, offerHttp2: () => true, ...options });
  return { ...proxy, upstream, client: await Http2Client.open(proxy.port) };
}

/** One end of an HTTP/2 connection, frame by frame (RFC 9113 section 4.1). */
export class FramePeer {
  readonly wire: Wire;
  /** Bytes before the first frame. */
  readonly #skip: number;

  private constructor(wire: Wire, skip: number) {
    this.wire = wire;
    this.#skip = skip;
  }

  /** A client inside a tunnel; `settings`: the payload of its first SETTINGS frame. */
  static async client(port: number, settings: Uint8Array = new Uint8Array()): Promise<FramePeer> {
    const { socket, raw } = await securedHttp2(port);
    const client = new FramePeer(new Wire(socket, raw), 0);
    client.wire.write(preface);
    client.send(frameTypes.settings, 0, 0, settings);
    onTestFinished(() => void raw.destroy());
    return client;
  }

  /** An upstream on the next connection. */
  static async server(upstream: Upstream): Promise<FramePeer> {
    const server = new FramePeer(await upstream.connection(), preface.length);
    server.send(frameTypes.settings, 0, 0);
    return server;
  }

  send(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array()): void {
    this.wire.write(frame(type, flags, stream, payload));
  }

  headers(
    stream: number,
    fields: readonly (readonly [string, string])[],
    { end = true }: { readonly end?: boolean } = {},
  ): void {
    this.send(frameTypes.headers, 0x4 | (end ? 0x1 : 0), stream, headerBlock(fields));
  }

  reset(stream: number, code: number): void {
    this.send(frameTypes.rstStream, 0, stream, uint32(code));
  }

  /** The frames received so far, without taking them. */
  get frames(): readonly Frame[] {
    const bytes = this.wire.received;
    const frames: Frame[] = [];
    for (let at = this.#skip; at + 9 <= bytes.length; ) {
      const length = bytes.readUIntBE(at, 3);
      if (at + 9 + length > bytes.length) break;
      frames.push({
        type: bytes[at + 3] as number,
        flags: bytes[at + 4] as number,
        stream: bytes.readUInt32BE(at + 5) & 0x7fffffff,
        payload: bytes.subarray(at + 9, at + 9 + length),
      });
      at += 9 + length;
    }
    return frames;
  }

  /** The error code with which the peer reset a stream. */
  resetCode(stream: number): number | undefined {
    const sent = this.frames.find((one) => one.type === frameTypes.rstStream && one.stream === stream);
    return sent?.payload.readUInt32BE(0);
  }

  /** The error code of a GOAWAY that is no graceful one. */
  get goaway(): number | undefined {
    return this.frames
      .filter(({ type }) => type === frameTypes.goaway)
      .map(({ payload }) => payload.readUInt32BE(4))
      .findLast((code) => code !== 0);
  }

  /** Whether a head came on a stream. */
  begun(stream: number): boolean {
    return this.frames.some((one) => one.type === frameTypes.headers && one.stream === stream);
  }

  /** Whether a message came to its end on a stream. */
  ended(stream: number): boolean {
    return this.frames.some(
      (one) => one.stream === stream && one.type <= frameTypes.headers && (one.flags & 0x1) !== 0,
    );
  }

  /** The content that came on a stream. */
  content(stream: number): Buffer {
    const data = this.frames.filter((one) => one.type === frameTypes.data && one.stream === stream);
    return Buffer.concat(data.map(({ payload }) => payload));
  }
}

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

export function uint32(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
};

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Field lines without compression: literals that are not indexed (RFC 7541 section 6.2.2). */
export function headerBlock(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]));
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  const length: number[] = [];
  if (bytes.length < 127) length.push(bytes.length);
  else {
    length.push(127);
    let rest = bytes.length - 127;
    for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}

/** The pseudo-headers of a GET. */
export const getFields: readonly (readonly [string, string])[] = [
  [":method", "GET"],
  [":scheme", "https"],
  [":authority", host],
  [":path", "/"],
];
