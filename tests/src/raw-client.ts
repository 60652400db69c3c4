import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { Hash } from "@smithy/core/serde";
import { SignatureV4 } from "@smithy/signature-v4";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";

const timeoutMs = 20_000;

/** A TLS connection to a host of AWS through the proxy of an agent's environment, for one version of HTTP. */
export function connectThroughProxy(
  env: NodeJS.ProcessEnv,
  host: string,
  protocol: "http/1.1" | "h2" = "http/1.1",
): Promise<TLSSocket> {
  const proxy = new URL(env.HTTPS_PROXY as string);
  const ca = readFileSync(env.NODE_EXTRA_CA_CERTS as string, "utf8");
  return new Promise((resolve, reject) => {
    const connecting = httpRequest({
      host: proxy.hostname,
      port: proxy.port,
      method: "CONNECT",
      path: `${host}:443`,
      headers: { host: `${host}:443` },
      timeout: timeoutMs,
      agent: false,
    });
    connecting.once("error", reject);
    connecting.once("timeout", () => connecting.destroy(new Error("CONNECT timed out")));
    connecting.once("connect", (response, socket: Socket) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        reject(new Error(`CONNECT ${host}: ${response.statusCode}`));
        return;
      }
      const tls = connect({ socket, servername: host, ca, ALPNProtocols: [protocol] }, () => resolve(tls));
      tls.once("error", reject);
    });
    connecting.end();
  });
}

/** What came back on a connection, to the byte. */
export interface RawAnswer {
  /** 0 when the connection ended without an answer. */
  readonly status: number;
  readonly bytes: Buffer;
}

/** Sends bytes on a connection of its own and reads until the other side closes it: `Connection: close` is the sender's to ask for. */
export async function exchange(
  env: NodeJS.ProcessEnv,
  host: string,
  parts: readonly (string | Buffer)[],
): Promise<RawAnswer> {
  const socket = await connectThroughProxy(env, host);
  const received: Buffer[] = [];
  return new Promise((resolve, reject) => {
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no end of the answer in ${timeoutMs} ms`)));
    socket.on("data", (chunk: Buffer) => received.push(chunk));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      // Whoever refuses a body midway closes the connection: what was answered before that still counts.
      if (error.code !== "ECONNRESET" && error.code !== "EPIPE") reject(error);
    });
    socket.on("close", () => {
      const bytes = Buffer.concat(received);
      const statuses = [...bytes.toString("latin1").matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, code]) => Number(code));
      resolve({ status: statuses.find((code) => code >= 200) ?? 0, bytes });
    });
    for (const part of parts) socket.write(part);
  });
}

export interface SignOptions {
  readonly credentials: RealCredentials;
  readonly service: string;
  readonly region?: string | undefined;
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What the signature says of the body, if no `x-amz-content-sha256` among the headers does. */
  readonly body?: string | Buffer | undefined;
  readonly date?: Date | undefined;
}

/** The head of a request (its blank line included), signed as an SDK signs it, and its signature. */
export async function signedHead(options: SignOptions): Promise<{ readonly head: string; readonly signature: string }> {
  const {
    credentials,
    service,
    region = "us-east-1",
    host,
    method,
    path,
    headers = {},
    body,
    date = new Date(),
  } = options;
  const { sessionToken, ...keyPair } = credentials;
  const signer = new SignatureV4({
    service,
    region,
    credentials: sessionToken === undefined ? keyPair : { ...keyPair, sessionToken },
    sha256: Hash.bind(null, "sha256"),
    uriEscapePath: service !== "s3",
  });
  const { headers: all } = await signer.sign(
    { method, protocol: "https:", hostname: host, path, query: {}, headers: { host, ...headers }, body },
    { signingDate: date },
  );
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return {
    head: `${method} ${path} HTTP/1.1\r\n${lines.join("")}connection: close\r\n\r\n`,
    signature: /Signature=([0-9a-f]+)/.exec(all.authorization as string)?.[1] as string,
  };
}
