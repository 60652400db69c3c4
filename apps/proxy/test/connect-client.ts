import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { type Headers, headersFromRaw, headerValue, rawHeaders } from "@iap/aws-core";

export interface OpenTunnelOptions {
  /** The proxy's port on 127.0.0.1. */
  readonly port: number;
  readonly host: string;
  /** The proxy's root certificate, PEM. */
  readonly ca: string;
}

/** A TLS connection to a host through the proxy's CONNECT, as a client with HTTPS_PROXY opens it. */
export function openTunnel({ port, host, ca }: OpenTunnelOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () =>
      socket.write(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`),
    );
    socket.once("error", reject);
    socket.once("data", (head: Buffer) => {
      const text = head.toString("latin1");
      if (!text.startsWith("HTTP/1.1 200 ")) return reject(new Error(text));
      const secure = connectTls({ socket, servername: host, ca, ALPNProtocols: ["http/1.1"] }, () => resolve(secure));
      secure.once("error", reject);
    });
  });
}

export interface ClientAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly text: string;
  header(name: string): string | undefined;
}

/** The head a client sends: just these header lines, in this order. */
export interface ClientHead {
  readonly method: string;
  readonly target: string;
  readonly headers: Headers;
}

/** Starts a request on a connection of its own; the caller writes the body and ends it. */
export function startRequest(socket: TLSSocket, { method, target, headers }: ClientHead): ClientRequest {
  return httpRequest({
    createConnection: () => socket,
    method,
    path: target,
    headers: rawHeaders(headers),
    setHost: false,
  });
}

/** The whole answer to a request; rejects when it breaks off. */
export function wholeAnswer(request: ClientRequest): Promise<ClientAnswer> {
  return new Promise((resolve, reject) => {
    request.once("error", reject);
    request.once("response", (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => {
        const headers = headersFromRaw(response.rawHeaders);
        const body = Buffer.concat(chunks);
        resolve({
          status: response.statusCode as number,
          headers,
          body,
          text: body.toString("utf8"),
          header: (name) => headerValue(headers, name),
        });
      });
    });
  });
}
