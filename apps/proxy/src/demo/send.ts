import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type Credentials, type HeaderLine, rawHeaders } from "@iap/aws-core";
import { sha256Hex, sign } from "@iap/sigv4";
import { type AgentCall, region } from "./agent-calls.ts";

export interface SendOptions {
  readonly credentials: Credentials;
  /** Opens the connection that TLS is then spoken on. */
  readonly connect: (host: string) => Promise<Socket>;
  /** The authority to trust, PEM; those of the process by default. */
  readonly ca?: string | undefined;
  readonly now: Date;
}

/** The answer to a call, as a client makes it out. */
export interface AgentAnswer {
  readonly status: number;
  readonly text: string;
  /** Of an error. */
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}

/** Signs a call as SDKs do, and sends it on a connection of its own. */
export async function send(call: AgentCall, { credentials, connect, ca, now }: SendOptions): Promise<AgentAnswer> {
  const { service, host, method, target, body = "" } = call;
  const headers: readonly HeaderLine[] = [
    ["Host", host],
    ...Object.entries(call.headers ?? {}),
    ["Content-Length", String(Buffer.byteLength(body))],
  ];
  const head = sign(
    { httpVersion: "1.1", method, target, headers, host },
    { credentials, region, service, now, payload: sha256Hex(Buffer.from(body)) },
  );
  const socket = connectTls({ socket: await connect(host), servername: host, ca, ALPNProtocols: ["http/1.1"] });
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      { createConnection: () => socket, method, path: target, headers: rawHeaders(head.headers), setHost: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () => {
          socket.destroy();
          const status = response.statusCode as number;
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status, text, ...(status < 400 ? {} : errorOf(text)) });
        });
      },
    );
    request.once("error", reject);
    request.end(body);
  });
}

/** A tunnel to a host through a proxy, as `HTTPS_PROXY` makes clients open it. */
export function tunnelThrough(proxy: URL): (host: string) => Promise<Socket> {
  return (host) =>
    new Promise((resolve, reject) => {
      const request = httpRequest({
        host: proxy.hostname,
        port: proxy.port,
        method: "CONNECT",
        path: `${host}:443`,
        headers: { Host: `${host}:443` },
      });
      request.once("connect", (response, socket: Socket) => {
        if (response.statusCode === 200) return resolve(socket);
        socket.destroy();
        reject(new Error(`the proxy answered ${response.statusCode} to CONNECT ${host}:443`));
      });
      request.once("error", reject);
      request.end();
    });
}

/** A connection to a port of 127.0.0.1, whatever the host. */
export function straightTo(port: number): () => Promise<Socket> {
  return () =>
    new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => resolve(socket));
      socket.once("error", reject);
    });
}

/** Code and message of an error, in XML or JSON. */
function errorOf(text: string): { readonly code?: string | undefined; readonly message?: string | undefined } {
  if (text.startsWith("{")) {
    const { __type, message, Message } = JSON.parse(text) as Readonly<Record<string, string | undefined>>;
    return { code: __type?.split("#").at(-1), message: message ?? Message };
  }
  const element = (name: string): string | undefined =>
    new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1]?.replace(/&(\w+);/g, (all, it) => entities[it] ?? all);
  return { code: element("Code"), message: element("Message") };
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
