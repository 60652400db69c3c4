import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";
import {
  constants,
  createSecureServer,
  type Http2SecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { atEnd } from "./clean-up.ts";
import { type EventFrame, eventFrame, takeFrames } from "./fake-aws/event-frames.ts";
import { judge, type RealCredentials, signingSeed } from "./fake-aws/signature-oracle.ts";
import type { WireRequest } from "./fake-aws/wire-request.ts";
import { TestCa } from "./test-ca.ts";

/** A stream or a WebSocket as it arrived. */
export interface ArrivedStream {
  readonly host: string;
  readonly wire: WireRequest;
  readonly httpVersion: "1.1" | "2";
  /** Frames whose signature was right, the closing one included. */
  frames: number;
  /** What was said, without the signed envelopes. */
  readonly said: string[];
  /** How it ended at the fake: `undefined` while it runs. */
  ended: "closed" | "reset" | undefined;
}

/** AWS's streaming services: Transcribe and Bedrock over HTTP/2, the signature of every event checked; IoT over WebSocket. */
export class FakeStreamingAws {
  readonly ca: TestCa;
  readonly credentials: RealCredentials;
  readonly arrived: ArrivedStream[] = [];
  readonly problems: string[] = [];
  readonly #server: Http2SecureServer;
  readonly #sockets = new Set<Socket>();

  private constructor(ca: TestCa, credentials: RealCredentials) {
    this.ca = ca;
    this.credentials = credentials;
    this.#server = createSecureServer({ SNICallback: ca.sniCallback, allowHTTP1: true });
    this.#server.on("connection", (socket: Socket) => this.#sockets.add(socket));
    this.#server.on("session", (session: ServerHttp2Session) => session.on("error", () => {}));
    this.#server.on("stream", (stream, _headers, _flags, ...rest: unknown[]) => {
      stream.on("error", () => {});
      this.#serve(stream as ServerHttp2Stream, rest[0] as string[]).catch((error: Error) => {
        this.problems.push(error.stack ?? error.message);
        setImmediate(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
      });
    });
    // Only streams are served.
    this.#server.on("request", (request, response) => {
      if (request.httpVersionMajor === 1) response.writeHead(404).end();
    });
    this.#server.on("upgrade", (request: IncomingMessage, socket: TLSSocket, head: Buffer) => {
      socket.on("error", () => {});
      this.#upgrade(request, socket, head).catch((error: Error) => {
        this.problems.push(error.stack ?? error.message);
        socket.destroy();
      });
    });
  }

  static async start(credentials: RealCredentials): Promise<FakeStreamingAws> {
    const fake = new FakeStreamingAws(await TestCa.create(), credentials);
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

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(stream: ServerHttp2Stream, raw: readonly string[]): Promise<void> {
    const lines = pairs(raw);
    const pseudo = (name: string): string => lines.find(([key]) => key === name)?.[1] ?? "";
    const wire: WireRequest = {
      method: pseudo(":method"),
      target: pseudo(":path"),
      headers: lines.filter(([name]) => !name.startsWith(":") || name === ":authority"),
      trailers: [],
      body: Buffer.alloc(0),
    };
    const host = pseudo(":authority");
    const arrived: ArrivedStream = { host, wire, httpVersion: "2", frames: 0, said: [], ended: undefined };
    this.arrived.push(arrived);
    stream.once("close", () => {
      arrived.ended ??= stream.rstCode === constants.NGHTTP2_NO_ERROR ? "closed" : "reset";
    });
    const [prefix, region = ""] = host.split(".");
    const service = prefix === "bedrock-runtime" ? "bedrock" : "transcribe";
    const options = { credentials: this.credentials, service, region, now: new Date() };
    const verdict = await judge(wire, options);
    if (!verdict.valid) throw new Error(verdict.why);
    const check = await chain(wire, options);
    stream.respond({
      ":status": 200,
      "content-type": "application/vnd.amazon.eventstream",
      "x-amzn-requestid": "e2e",
    });
    let bytes: Buffer = Buffer.alloc(0);
    stream.on("data", (chunk: Buffer) => {
      try {
        const taken = takeFrames(Buffer.concat([bytes, chunk]));
        bytes = taken.rest;
        for (const frame of taken.frames) this.#answer(stream, service, check(frame), arrived);
      } catch (error) {
        this.problems.push((error as Error).message);
        setImmediate(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
      }
    });
  }

  /** Answers one event; an empty payload closes the conversation. */
  #answer(stream: ServerHttp2Stream, service: string, payload: Buffer, arrived: ArrivedStream): void {
    arrived.frames += 1;
    if (payload.length === 0) {
      arrived.ended = "closed";
      stream.end();
      return;
    }
    const [inner] = takeFrames(payload).frames;
    const said = inner?.payload.toString("latin1") ?? "";
    const json = { ":message-type": "event", ":content-type": "application/json" };
    if (service === "bedrock") {
      const text = (JSON.parse(Buffer.from(JSON.parse(said).bytes, "base64").toString()) as { text: string }).text;
      arrived.said.push(text);
      const bytes = Buffer.from(JSON.stringify({ text: text.toUpperCase() })).toString("base64");
      stream.write(eventFrame({ ...json, ":event-type": "chunk" }, JSON.stringify({ bytes })));
      return;
    }
    arrived.said.push(said);
    if (said === "refuse me") {
      const headers = { ...json, ":message-type": "exception", ":exception-type": "LimitExceededException" };
      arrived.ended = "closed";
      stream.end(eventFrame(headers, JSON.stringify({ Message: "too much" })));
      return;
    }
    const transcript = { Results: [{ Alternatives: [{ Transcript: `${said.slice(0, 5)} ${said.length}` }] }] };
    const body = JSON.stringify({ Transcript: transcript });
    stream.write(eventFrame({ ...json, ":event-type": "TranscriptEvent" }, body));
  }

  /** A WebSocket of IoT's: after the handshake it says everything back in capitals. */
  async #upgrade(request: IncomingMessage, socket: TLSSocket, head: Buffer): Promise<void> {
    const wire: WireRequest = {
      method: request.method as string,
      target: request.url as string,
      headers: pairs(request.rawHeaders),
      trailers: [],
      body: Buffer.alloc(0),
    };
    const host = request.headers.host ?? "";
    const arrived: ArrivedStream = { host, wire, httpVersion: "1.1", frames: 0, said: [], ended: undefined };
    this.arrived.push(arrived);
    // The token is appended once the URL is signed: https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html
    const token = /&X-Amz-Security-Token=([^&]+)$/.exec(wire.target);
    const { sessionToken, ...keyPair } = this.credentials;
    if (token === null || decodeURIComponent(token[1] as string) !== sessionToken)
      throw new Error("the URL does not end with the real session token");
    const signed = { ...wire, target: wire.target.slice(0, token.index) };
    const region = host.split(".").at(-3) ?? "";
    const verdict = await judge(signed, { credentials: keyPair, service: "iotdevicegateway", region, now: new Date() });
    if (!verdict.valid) throw new Error(verdict.why);
    const accept = createHash("sha1")
      .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n`,
    );
    const hear = (chunk: Buffer): void => {
      if (chunk.length === 0) return;
      arrived.said.push(chunk.toString());
      socket.write(chunk.toString().toUpperCase());
    };
    hear(head);
    socket.on("data", hear);
    socket.once("end", () => {
      arrived.ended = "closed";
      socket.end();
    });
  }
}

/** Checks each frame's place in the chain of signatures, and gives its payload. */
async function chain(
  wire: WireRequest,
  options: Parameters<typeof signingSeed>[1],
): Promise<(frame: EventFrame) => Buffer> {
  const { key, scope, seed } = await signingSeed(wire, options);
  let previous = seed;
  return ({ headers, payload }) => {
    const date = headers.find(({ name }) => name === ":date");
    const signature = headers.find(({ name }) => name === ":chunk-signature");
    if (typeof date?.value !== "bigint" || !Buffer.isBuffer(signature?.value) || headers.length !== 2)
      throw new Error("a frame without :date and :chunk-signature");
    const time = new Date(Number(date.value)).toISOString().replace(/[-:]|\.\d{3}/g, "");
    const expected = createHmac("sha256", key)
      .update(
        ["AWS4-HMAC-SHA256-PAYLOAD", time, scope, previous, hexSha256(date.encoded), hexSha256(payload)].join("\n"),
      )
      .digest("hex");
    if (signature.value.toString("hex") !== expected)
      throw new Error("a frame does not carry the real key's signature");
    previous = expected;
    return payload;
  };
}

function hexSha256(data: Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

function pairs(raw: readonly string[]): (readonly [string, string])[] {
  const lines: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) lines.push([raw[i] as string, raw[i + 1] as string]);
  return lines;
}
