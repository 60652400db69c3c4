import { once } from "node:events";
import { Duplex } from "node:stream";
import { type TLSSocket, connect as tlsConnect } from "node:tls";
import { expect, test } from "vitest";
import {
  authority,
  connectTo,
  delay,
  dial,
  eventually,
  host,
  intercepted,
  openAuthority,
  secured,
  startProxy,
  Upstream,
} from "./harness.ts";
import { Wire } from "./wire.ts";

const get = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

test("the client sees the certificate of the host it connected to, and HTTP/1.1", async () => {
  const asked: string[] = [];
  const { port } = await startProxy({
    secureContext: (name) => {
      asked.push(name);
      return authority.secureContext(name);
    },
  });
  const client = await connectTo(port, `${host.toUpperCase()}:443`);
  const { socket } = await secured(client.detach());
  const tls = socket as TLSSocket;
  expect([tls.authorized, tls.alpnProtocol, tls.getPeerCertificate().subjectaltname]).toEqual([
    true,
    "http/1.1",
    `DNS:${host}`,
  ]);
  expect(asked).toEqual([host]);
});

test("a handshake sent together with CONNECT is not lost", async () => {
  const upstream = await Upstream.start(host);
  const { port } = await startProxy({ upstreamPort: upstream.port });
  const plain = await dial(port);
  const raw = plain.detach();
  const write = raw.write.bind(raw);
  raw.cork();
  write(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`);
  // The answer to CONNECT comes in clear before the TLS one.
  let clear = Buffer.alloc(0);
  const below = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      write(chunk);
      raw.uncork();
      done();
    },
  });
  raw.on("data", (chunk: Buffer) => {
    const wasClear = clear.includes("\r\n\r\n");
    if (wasClear) return void below.push(chunk);
    clear = Buffer.concat([clear, chunk]);
    const end = clear.indexOf("\r\n\r\n");
    if (end >= 0 && clear.length > end + 4) below.push(clear.subarray(end + 4));
  });
  const socket = tlsConnect({ socket: below, servername: host, ca: authority.rootCertificate });
  await once(socket, "secureConnect");
  const client = new Wire(socket, raw);
  client.write(get);
  expect((await (await upstream.connection()).message()).start).toBe("GET / HTTP/1.1");
});

test("a handshake that names another host is refused", async () => {
  const { port, events } = await startProxy();
  const client = await connectTo(port, `${host}:443`);
  await expect(secured(client.detach(), "sqs.us-east-1.amazonaws.com")).rejects.toThrow();
  await eventually(() => events.length === 1, "the event");
  expect(events).toEqual([
    {
      type: "handshakeFailed",
      host,
      reason: `the TLS handshake is for sqs.us-east-1.amazonaws.com, the tunnel for ${host}`,
    },
  ]);
});

test("a handshake that names no host gets the certificate of the tunnel's", async () => {
  const { port } = await startProxy();
  const client = await connectTo(port, `${host}:443`);
  const socket = tlsConnect({
    socket: client.detach(),
    servername: "",
    ca: authority.rootCertificate,
    checkServerIdentity: () => undefined,
  });
  await once(socket, "secureConnect");
  expect(socket.getPeerCertificate().subjectaltname).toBe(`DNS:${host}`);
});

test("a client that looks at the certificate after the handshake, and leaves, is told of", async () => {
  const { port, events } = await startProxy();
  const client = await connectTo(port, `${host}:443`);
  const { rootCertificate } = await openAuthority("others");
  const socket = tlsConnect({ socket: client.detach(), servername: host, ca: rootCertificate });
  await once(socket, "error");
  await eventually(() => events.length === 1, "the event");
  expect(events).toMatchObject([
    {
      type: "handshakeFailed",
      host,
      reason: expect.stringContaining("may not trust the proxy's certificate authority"),
    },
  ]);
});

test("a client that says in the handshake that it does not trust the authority is told of as such", async () => {
  const { port, events } = await startProxy();
  const client = await connectTo(port, `${host}:443`);
  const raw = client.detach();
  const below = new Duplex({ read() {}, write: (chunk, _encoding, done) => void raw.write(chunk, done) });
  const socket = tlsConnect({ socket: below, servername: host, maxVersion: "TLSv1.2" }).on("error", () => {});
  await once(raw, "data");
  // A fatal alert, unknown_ca (RFC 8446 section 6).
  raw.write(Buffer.from("15030300020230", "hex"));
  await eventually(() => events.length === 1, "the event");
  expect(events).toEqual([
    { type: "handshakeFailed", host, reason: "the client does not trust the proxy's certificate authority" },
  ]);
  socket.destroy();
});

test("bytes that are no TLS are refused", async () => {
  const { port, events } = await startProxy();
  const client = await connectTo(port, `${host}:443`);
  client.write(get);
  await client.rest();
  expect(events).toMatchObject([{ type: "handshakeFailed", host }]);
});

test("bytes that are no TLS after the handshake end the connection, and the exchange on it", async () => {
  const upstream = await Upstream.start(host);
  const { port } = await startProxy({ upstreamPort: upstream.port });
  const plain = await connectTo(port, `${host}:443`);
  const raw = plain.detach();
  const below = new Duplex({ read() {}, write: (chunk, _encoding, done) => void raw.write(chunk, done) });
  raw.on("data", (chunk) => below.push(chunk));
  const socket = tlsConnect({ socket: below, servername: host, ca: authority.rootCertificate });
  socket.on("error", () => {});
  await once(socket, "secureConnect");
  socket.write(get);
  const server = await upstream.connection();
  await server.message();
  raw.write("no TLS record, no TLS record");
  await server.rest();
});

test("a certificate that cannot be made is told in the answer to CONNECT", async () => {
  const { port, events } = await startProxy({ secureContext: () => Promise.reject(new Error("no key")) });
  await expect(connectTo(port, `${host}:443`)).rejects.toThrow("HTTP/1.1 500 Internal Server Error");
  expect(events).toMatchObject([
    { type: "error", error: { message: "no key" } },
    { type: "refused", host },
  ]);
});

test("more connections than allowed are closed at once, and make room when they end", async () => {
  const { port, events } = await startProxy({ limits: { maxConnections: 2 } });
  const first = await intercepted(port);
  const second = await dial(port);
  const third = await dial(port);
  expect(await third.rest()).toBe("");
  expect(await (await dial(port)).rest()).toBe("");
  expect(events).toMatchObject([{ type: "refused", reason: expect.stringMatching(/^2 connections are open/) }]);
  expect([first.closed, second.closed]).toEqual([false, false]);
  first.raw.destroy();
  await delay(50);
  await intercepted(port);
});
