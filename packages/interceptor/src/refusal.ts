import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Answer } from "./exchange.ts";
import { framed } from "./framed.ts";

/** An answer in plain words to what never became an AWS request. It closes the connection. */
export function refusal(status: number, reason: string): Answer {
  return {
    status,
    headers: [
      ["Content-Type", "text/plain; charset=utf-8"],
      ["Date", new Date().toUTCString()],
      ["Connection", "close"],
      // RFC 9110 section 11.7.1: a 407 must name a scheme; clients that wait for it send the password then.
      ...(status === 407 ? [["Proxy-Authenticate", 'Basic realm="iam-agent-proxy"'] as const] : []),
    ],
    body: Buffer.from(`iam-agent-proxy: ${reason}\n`),
  };
}

/** Writes a refusal to a socket that no HTTP exchange holds, and ends it. */
export function writeRefusal(socket: Socket, answer: Answer): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const lines = framed(answer).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ""}\r\n${lines.join("")}\r\n`;
  socket.end(Buffer.concat([Buffer.from(head, "latin1"), answer.body]));
  // What the client still sends is read, so that the answer is not lost to a reset; a peer that never closes its side
  // must not keep the descriptor.
  socket.resume();
  setTimeout(() => socket.destroy(), 1_000).unref();
}
