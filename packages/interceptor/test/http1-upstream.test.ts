import { once } from "node:events";
import type { Duplex } from "node:stream";
import { type TLSSocket, connect as tlsConnect } from "node:tls";
import type { RequestHead } from "@iap/aws-core";
import { expect, test } from "vitest";
import { http1Upstream } from "../src/http1-upstream.ts";
import { defaultLimits } from "../src/limits.ts";
import { UpstreamPool } from "../src/upstream-pool.ts";
import { authority, eventually, host, intercepted, startProxy, trio, Upstream } from "./harness.ts";
import type { Wire } from "./wire.ts";

const get = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** What the client is told of an answer to its GET. */
async function answered(answer: string): Promise<{ start: string; errors: Error[]; server: Wire }> {
  const { client, upstream, errors } = await trio();
  client.write(get);
  const server = await upstream.connection();
  await server.message();
  server.write(answer);
  return { start: (await client.message()).start, errors, server };
}

test.each([
  ["a folded line", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n", /malformed/],
  ["a bare line feed", "HTTP/1.1 200 OK\r\nX: a\nContent-Length: 0\r\n\r\n", /malformed/],
  [
    "two lengths",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    /more than one Content-Length/,
  ],
  ["a length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", /both/],
  ["another protocol", "220 smtp.example.com ESMTP\r\n", /does not begin with a status line/],
  [
    "a head without an end",
    `HTTP/1.1 200 OK\r\nX: ${"x".repeat(defaultLimits.maxHeaderBytes)}`,
    /longer than \d+ bytes/,
  ],
  ["a switch of protocols unasked", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", /not asked for/],
])("an answer with %s is refused, the client told, and the connection not used again", async (_what, answer, why) => {
  const { start, errors, server } = await answered(answer);
  expect(start).toBe("HTTP/1.1 502 Bad Gateway");
  expect(errors).toMatchObject([{ name: "UpstreamError", stage: "exchange", message: expect.stringMatching(why) }]);
  await server.rest();
});

test("a chunk that is malformed breaks the answer off, and it does not look whole", async () => {
  const { client, upstream, results } = await trio();
  client.write(get);
  const server = await upstream.connection();
  await server.message();
  server.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nnonsense\r\n0\r\n\r\n");
  expect(await client.rest()).not.toMatch(/\r\n0\r\n/);
  expect(results).toMatchObject([{ outcome: "failed" }]);
});

test("what comes after an answer is not taken for the answer to the next request", async () => {
  const { client, upstream } = await trio();
  client.write(get);
  const first = await upstream.connection();
  await first.message();
  first.write(`${ok}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`);
  expect((await client.message()).body.toString()).toBe("ok");
  client.write(get);
  const second = await upstream.connection();
  await second.message();
  second.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood");
  expect((await client.message()).body.toString()).toBe("good");
});

test("what comes on an idle connection closes it", async () => {
  const { client, upstream } = await trio();
  client.write(get);
  const first = await upstream.connection();
  await first.message();
  first.write(ok);
  await client.message();
  first.write("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
  await first.rest();
  client.write(get);
  const second = await upstream.connection();
  await second.message();
  second.write(ok);
  expect((await client.message()).start).toBe("HTTP/1.1 200 OK");
});

test("upstream's end of an idle connection ends ours", async () => {
  const { client, upstream } = await trio();
  client.write(get);
  const first = await upstream.connection();
  await first.message();
  first.write(ok);
  await client.message();
  first.socket.end();
  await first.rest();
  expect(first.ended).toBe(true);
});

test.each([
  ["Connection: close", `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok`],
  ["Keep-Alive: timeout=1", `HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1, max=9\r\nContent-Length: 2\r\n\r\nok`],
  ["HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"],
])("after an answer with %s the connection is closed", async (_what, answer) => {
  const { start, server } = await answered(answer);
  expect(start).toBe("HTTP/1.1 200 OK");
  await server.rest();
});

test("the connection used last is used first", async () => {
  const upstream = await Upstream.start(host);
  const { port } = await startProxy({ upstreamPort: upstream.port });
  const clients = [await intercepted(port), await intercepted(port)];
  for (const client of clients) client.write(get);
  const servers = [await upstream.connection(), await upstream.connection()];
  for (const server of servers) await server.message();
  for (const [i, server] of servers.entries()) {
    server.write(ok);
    await eventually(() => clients.filter(({ text }) => text.endsWith("ok")).length === i + 1, "an answer");
  }
  clients[0]?.write(get);
  await servers[1]?.message();
  expect(servers[0]?.received).toHaveLength(0);
});

test("a connection that was being made for a request that was given up serves the next", async () => {
  const upstream = await Upstream.start(host);
  let resolve = (): void => {};
  const made = new Promise<void>((done) => {
    resolve = done;
  });
  const connect = async (): Promise<TLSSocket> => {
    const socket = tlsConnect({
      host: "127.0.0.1",
      port: upstream.port,
      servername: host,
      ca: authority.rootCertificate,
    });
    await Promise.all([once(socket, "secureConnect"), made]);
    return socket;
  };
  const pool = new UpstreamPool({ connect, limits: defaultLimits });
  const open = http1Upstream(pool, defaultLimits);
  const head: RequestHead = { httpVersion: "1.1", method: "GET", target: "/", headers: [], host };
  const first = open(head, [["Host", "first"]]);
  const closed = new Promise<void>((done) => first.on("close", done));
  first.end();
  first.destroy();
  await closed;
  resolve();
  const server = await upstream.connection();
  await eventually(() => pool.size === 1, "the connection");
  const second = open(head, [["Host", "second"]]);
  second.on("error", () => {});
  second.end();
  expect((await server.message()).header("host")).toBe("second");
  pool.destroy();
});

test("an answer that comes whole before the upload is over does not leave its connection to others", async () => {
  const { client, upstream } = await trio();
  client.write(`PUT / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 10\r\n\r\nbegin`);
  const first = await upstream.connection();
  await first.until((text) => text.endsWith("begin"));
  first.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  await client.until((text) => text.endsWith("no"));
  await first.rest();
  expect(first.text).toMatch(/begin$/);
});

test("a connection is resumed by the TLS session of the one before", async () => {
  const { client, upstream } = await trio();
  const reused: boolean[] = [];
  for (let i = 0; i < 2; i++) {
    client.write(get);
    const server = await upstream.connection();
    await server.message();
    reused.push((server.socket as TLSSocket).isSessionReused());
    server.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    await client.message();
    await server.rest();
  }
  expect(reused).toEqual([false, true]);
});

test("a connection that left HTTP is forgotten", async () => {
  const upstream = await Upstream.start(host);
  const connect = async (): Promise<TLSSocket> => {
    const { port } = upstream;
    const socket = tlsConnect({ host: "127.0.0.1", port, servername: host, ca: authority.rootCertificate });
    await once(socket, "secureConnect");
    return socket;
  };
  const pool = new UpstreamPool({ connect, limits: defaultLimits });
  const request = http1Upstream(pool, defaultLimits)(
    { httpVersion: "1.1", method: "GET", target: "/", headers: [], host },
    [["Connection", "Upgrade"]],
  );
  const switched = new Promise<Duplex>((done) => request.on("upgrade", (_answer, socket) => done(socket)));
  request.end();
  const server = await upstream.connection();
  await server.message();
  server.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
  const socket = await switched;
  expect(pool.size).toBe(0);
  socket.destroy();
});
