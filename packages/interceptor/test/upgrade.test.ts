import { once } from "node:events";
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import {
  delay,
  eventually,
  host,
  intercepted,
  type ProxyOptions,
  signed,
  startProxy,
  trio,
  Upstream,
} from "./harness.ts";
import { Http2Client } from "./http2-peers.ts";
import type { Wire } from "./wire.ts";

const handshake = [
  `GET /mqtt?X-Amz-Signature=1 HTTP/1.1`,
  `Host: ${host}`,
  "Connection: keep-alive, Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "sec-websocket-KEY: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Protocol: mqtt",
];
const asked = `${handshake.join("\r\n")}\r\n\r\n`;
const switching = [
  "HTTP/1.1 101 Switching Protocols",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
  "sec-websocket-protocol: mqtt",
];
const agreed = `${switching.join("\r\n")}\r\n\r\n`;

/** A client and an upstream that have left HTTP. */
async function switched(options: ProxyOptions = {}) {
  const parts = await trio(options);
  parts.client.write(asked);
  const server = await parts.upstream.connection();
  await server.message();
  server.write(agreed);
  await parts.client.head();
  return { ...parts, server };
}

test("a handshake goes upstream with its own headers, and the answer comes back with its own", async () => {
  const upgrades: unknown[] = [];
  const { client, upstream } = await trio({
    handle: async (exchange) => {
      upgrades.push(exchange.upgrade, exchange.contentLength);
      await exchange.forward({ ...signed(exchange), target: "/mqtt?X-Amz-Signature=2" }, { body: new Uint8Array() });
    },
  });
  client.write(asked);
  const server = await upstream.connection();
  const request = await server.message();
  expect([request.start, ...request.lines]).toEqual([
    "GET /mqtt?X-Amz-Signature=2 HTTP/1.1",
    `Host: ${host}`,
    "Sec-WebSocket-Version: 13",
    "sec-websocket-KEY: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol: mqtt",
    "Connection: Upgrade",
    "Upgrade: websocket",
  ]);
  server.write(agreed);
  const answer = await client.head();
  expect([answer.start, ...answer.lines]).toEqual(switching);
  expect(upgrades).toEqual(["websocket", 0]);
});

test("bytes pass both ways, also those sent together with the heads", async () => {
  const { client, upstream, results } = await trio();
  client.write(`${asked}early`);
  const server = await upstream.connection();
  await server.head();
  expect(server.text).toBe("");
  server.write(`${agreed}first`);
  await client.head();
  await client.until((text) => text === "first");
  await server.until((text) => text === "early");
  for (let i = 0; i < 3; i++) {
    client.write(`up${i}`);
    await server.until((text) => text.endsWith(`up${i}`));
    server.write(`down${i}`);
    await client.until((text) => text.endsWith(`down${i}`));
  }
  client.socket.end();
  await server.rest();
  server.socket.end();
  await client.rest();
  await eventually(() => results.length === 1, "the result");
  expect(results).toMatchObject([{ outcome: "answered", head: { status: 101 }, bytesUp: 14, bytesDown: 20 }]);
});

test("an end is passed on as an end, and the other direction goes on", async () => {
  for (const clientFirst of [true, false]) {
    const { client, server, results } = await switched();
    const [first, second] = clientFirst ? [client, server] : [server, client];
    first.write("bye");
    first.socket.end();
    expect(await second.rest()).toBe("bye");
    second.write("and more");
    await first.until((text) => text === "and more");
    second.socket.end();
    await first.rest();
    await eventually(() => results.length === 1, "the result");
    expect(results).toMatchObject([{ outcome: "answered" }]);
    await eventually(() => client.closed && server.closed, "the ends");
  }
});

test.each([
  ["the client", "aborted"],
  ["upstream", "failed"],
])("when %s breaks off, the other side is broken off", async (who, outcome) => {
  const { client, server, results } = await switched();
  client.write("some");
  await server.until((text) => text === "some");
  const [from, to] = who === "upstream" ? [server, client] : [client, server];
  from.reset();
  await eventually(() => to.closed || to.ended, "the end");
  await eventually(() => results.length === 1, "the result");
  expect(results).toMatchObject([{ outcome }]);
});

test("back-pressure passes both ways", async () => {
  const { client, server } = await switched();
  const size = 64 * 1024 * 1024;
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    to.socket.pause();
    const poured = await from.pour(size);
    expect(poured).toBeLessThan(size / 2);
    let received = 0;
    const count = (chunk: Buffer): void => {
      received += chunk.length;
    };
    to.detach().on("data", count);
    to.socket.resume();
    await from.pour(size - poured, 10_000);
    await eventually(() => received === size, "all of it", 20_000);
    to.socket.off("data", count);
  }
});

test("an answer other than 101 is an ordinary one, and ends the connection", async () => {
  const { client, upstream, results } = await trio();
  client.write(asked);
  const server = await upstream.connection();
  await server.message();
  server.write("HTTP/1.1 403 Forbidden\r\nX-Amzn-ErrorType: No\r\nContent-Length: 3\r\n\r\nno!");
  const answer = await client.message();
  expect([answer.start, answer.header("x-amzn-errortype"), answer.body.toString()]).toEqual([
    "HTTP/1.1 403 Forbidden",
    "No",
    "no!",
  ]);
  expect(answer.header("connection")).toBe("close");
  await client.rest();
  await eventually(() => results.length === 1, "the result");
  expect(results).toMatchObject([{ outcome: "answered", head: { status: 403 } }]);
});

test("a long answer other than 101 comes whole", async () => {
  const { client, upstream } = await trio();
  client.write(asked);
  const server = await upstream.connection();
  await server.message();
  server.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (let i = 0; i < 40; i++) server.write(`10000\r\n${"x".repeat(65_536)}\r\n`);
  server.write("0\r\n\r\n");
  expect((await client.message()).body.length).toBe(40 * 65_536);
  await client.rest();
});

test("a handshake can be answered by ourselves, whole", async () => {
  const { client } = await trio({
    handle: (exchange) => exchange.respond({ status: 403, headers: [["X-Why", "no"]], body: Buffer.from("denied") }),
  });
  client.write(asked);
  const answer = await client.message();
  expect([answer.start, answer.header("x-why"), answer.header("connection"), answer.body.toString()]).toEqual([
    "HTTP/1.1 403 Forbidden",
    "no",
    "close",
    "denied",
  ]);
  await client.rest();
});

test("an upstream that cannot be reached, or breaks off, is told as an ordinary answer", async () => {
  const { client, upstream, errors } = await trio();
  client.write(asked);
  const server = await upstream.connection();
  await server.message();
  server.reset();
  expect((await client.message()).start).toBe("HTTP/1.1 502 Bad Gateway");
  expect(errors).toMatchObject([{ name: "UpstreamError", stage: "exchange" }]);
});

test("an upstream that switches to another protocol is not followed", async () => {
  const { client, upstream } = await trio();
  client.write(asked);
  const server = await upstream.connection();
  await server.message();
  server.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n");
  const answer = await client.message();
  expect(answer.start).toBe("HTTP/1.1 502 Bad Gateway");
  expect(answer.body.toString()).toContain("switched to another protocol than websocket");
  await server.rest();
});

test("an upstream that switches unasked is not followed", async () => {
  const { client, upstream, errors } = await trio();
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const server = await upstream.connection();
  await server.message();
  server.write(agreed);
  expect((await client.message()).start).toBe("HTTP/1.1 502 Bad Gateway");
  expect(errors).toMatchObject([{ name: "UpstreamError" }]);
});

test("a client that leaves before the answer reaches upstream and the handler", async () => {
  for (const leave of [(client: Wire) => client.reset(), (client: Wire) => client.socket.end()]) {
    const { client, upstream, errors } = await trio();
    client.write(asked);
    const server = await upstream.connection();
    await server.message();
    leave(client);
    await server.rest();
    await eventually(() => errors.length === 1, "the error");
    expect(errors).toMatchObject([{ name: "ClientGoneError" }]);
  }
});

test.each([
  ["h2c", "GET", ["Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"], "only websocket is"],
  ["TLS/1.2", "GET", ["Upgrade: TLS/1.2"], "only websocket is"],
  ["websocket, h2c", "GET", ["Upgrade: websocket, h2c"], "only websocket is"],
  ["websocket twice", "GET", ["Upgrade: websocket", "Upgrade: websocket"], "only websocket is"],
  ["websocket by POST", "POST", ["Upgrade: websocket"], "opened by GET"],
  ["websocket with a body", "GET", ["Upgrade: websocket", "Content-Length: 5"], "no body"],
  ["websocket with chunks", "GET", ["Upgrade: websocket", "Transfer-Encoding: chunked"], "no body"],
])("an upgrade that is not to be (%s) is refused, and not passed on", async (_what, method, lines, reason) => {
  const { client, upstream, events } = await trio();
  client.write(`${method} / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\n${lines.join("\r\n")}\r\n\r\nhello`);
  const answer = await client.message();
  expect([answer.start, answer.header("connection")]).toEqual(["HTTP/1.1 400 Bad Request", "close"]);
  expect(answer.body.toString()).toContain(reason);
  await client.rest();
  expect(events).toMatchObject([{ type: "malformedRequest", status: 400, head: { method } }]);
  expect(upstream.connections).toHaveLength(0);
});

test("an upgrade that is not named in Connection is none: the request goes out without it", async () => {
  const { client, upstream } = await trio();
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: keep-alive\r\nUpgrade: websocket\r\n\r\n`);
  const server = await upstream.connection();
  const request = await server.message();
  expect([request.header("upgrade"), request.header("connection")]).toEqual([undefined, "keep-alive"]);
  server.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  expect((await client.message()).body.toString()).toBe("ok");
});

test("a handshake is judged as any request: another host is refused", async () => {
  const { client, events } = await trio();
  client.write(asked.replace(`Host: ${host}`, "Host: evil.com"));
  expect((await client.message()).start).toBe("HTTP/1.1 421 Misdirected Request");
  await client.rest();
  expect(events).toMatchObject([{ type: "malformedRequest", status: 421 }]);
});

test("a handshake sent ahead of an answer is cut off", async () => {
  const { client, events } = await trio();
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n${asked}`);
  expect(await client.rest()).toBe("");
  expect(events).toMatchObject([{ type: "malformedRequest", reason: "an upgrade was sent ahead of an answer" }]);
});

test("a handshake on a connection that served before, over a kept connection to upstream that was closed meanwhile, goes over another", async () => {
  const { client, upstream } = await trio();
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const first = await upstream.connection();
  await first.message();
  first.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  await client.message();
  client.write(asked);
  await first.message();
  first.reset();
  const server = await upstream.connection();
  await server.message();
  server.write(agreed);
  expect((await client.head()).start).toBe("HTTP/1.1 101 Switching Protocols");
});

test("a connection on which nothing passes is cut off, and one on which something does is not", async () => {
  const { client, server, results } = await switched({
    limits: { upgradeIdleTimeoutMs: 1_500, upstreamIdleTimeoutMs: 1_000, keepAliveTimeoutMs: 500 },
  });
  for (let i = 0; i < 8; i++) {
    await delay(300);
    (i % 2 === 0 ? client : server).write("x");
  }
  await client.rest();
  await server.rest();
  expect([client.text, server.text]).toEqual(["xxxx", "xxxx"]);
  await eventually(() => results.length === 1, "the result");
  expect(results).toMatchObject([{ outcome: "failed", error: { message: `${host}: nothing passed for 1.5 s` } }]);
});

test("a side that ends and one that never does are parted after a while", async () => {
  const { client, server } = await switched({ limits: { drainTimeoutMs: 200 } });
  client.socket.end();
  await server.rest();
  await client.rest();
});

test("a close does not wait for them, and tells their handlers", async () => {
  const { client, server, interceptor, results } = await switched();
  await interceptor.close();
  await client.rest();
  await server.rest();
  expect(results).toMatchObject([{ outcome: "aborted" }]);
});

test("HTTP/2 has no upgrade: the handler sees none", async () => {
  const upgrades: unknown[] = [];
  const { port } = await startProxy({
    offerHttp2: () => true,
    handle: async (exchange) => {
      upgrades.push(exchange.upgrade);
      await exchange.respond({ status: 200, headers: [], body: new Uint8Array() });
    },
  });
  await (await Http2Client.open(port)).request().over();
  expect(upgrades).toEqual([undefined]);
});

test("descriptors stay level, however they end", async () => {
  const upstream = await Upstream.start(host);
  const { port } = await startProxy({ upstreamPort: upstream.port });
  const open = (): number => readdirSync("/proc/self/fd").length;
  const round = async (way: number): Promise<void> => {
    const client = await intercepted(port);
    client.write(asked);
    const server = await upstream.connection();
    await server.message();
    if (way === 0) client.reset();
    else server.write(agreed);
    if (way > 0) await client.head();
    if (way === 1) client.reset();
    if (way === 2) server.reset();
    if (way === 3) {
      client.socket.end();
      await server.rest();
      server.socket.end();
    }
    await eventually(() => server.closed || server.ended, "the end");
    client.raw.destroy();
    server.raw.destroy();
    if (!client.closed) await once(client.raw, "close");
  };
  for (let i = 0; i < 4; i++) await round(i);
  await delay(200);
  const before = open();
  for (let i = 0; i < 40; i++) await round(i % 4);
  await eventually(() => open() <= before + 4, "the descriptors");
});
