import { existsSync, readdirSync } from "node:fs";
import { connect as tlsConnect } from "node:tls";
import { expect, test } from "vitest";
import { authority, connectTo, delay, dial, eventually, host, intercepted, startProxy, trio } from "./harness.ts";
import type { Wire } from "./wire.ts";

/** Sends bytes one at a time, without end, until the connection closes. */
async function drip(client: Wire, byte: string): Promise<string> {
  const timer = setInterval(() => client.socket.writable && client.write(byte), 20);
  try {
    return await client.rest();
  } finally {
    clearInterval(timer);
  }
}

test("a CONNECT head that drips is cut off", async () => {
  const { port } = await startProxy({ limits: { headersTimeoutMs: 200 } });
  const client = await dial(port);
  client.write(`CONNECT ${host}:443 HTTP/1.1\r\nX: `);
  expect(await drip(client, "y")).toMatch(/^HTTP\/1\.1 408 /);
});

test("a connection on which nothing comes is cut off", async () => {
  const { port } = await startProxy({ limits: { headersTimeoutMs: 200 } });
  await (await dial(port)).rest();
});

test("a handshake that does not come, or drips, is cut off", async () => {
  const { port, events } = await startProxy({ limits: { handshakeTimeoutMs: 200 } });
  const silent = await connectTo(port, `${host}:443`);
  expect(await silent.rest()).toBe("");
  const dripping = await connectTo(port, `${host}:443`);
  dripping.write("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
  expect(await drip(dripping, "\x00")).toBe("");
  expect(events).toEqual([
    { type: "handshakeFailed", host, reason: "it took too long" },
    { type: "handshakeFailed", host, reason: "it took too long" },
  ]);
});

test("a request head inside a tunnel that drips, or does not come, is cut off", async () => {
  const { port } = await startProxy({ limits: { headersTimeoutMs: 200 } });
  const dripping = await intercepted(port);
  dripping.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nX: `);
  expect(await drip(dripping, "y")).toMatch(/^HTTP\/1\.1 408 /);
  await (await intercepted(port)).rest();
});

test("the head of a second request that drips is cut off too", async () => {
  const { client, upstream } = await trio({ limits: { headersTimeoutMs: 200 } });
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const server = await upstream.connection();
  await server.message();
  server.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  await client.message();
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nX: `);
  expect(await drip(client, "y")).toMatch(/^HTTP\/1\.1 408 /);
});

test("an exchange may last longer than a head may", async () => {
  const { client, upstream } = await trio({ limits: { headersTimeoutMs: 500, keepAliveTimeoutMs: 500 } });
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const server = await upstream.connection();
  await server.message();
  await delay(1_500);
  server.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  expect((await client.message()).body.toString()).toBe("ok");
});

test("a connection that idles between requests is closed", async () => {
  const { client, upstream } = await trio({ limits: { keepAliveTimeoutMs: 100 } });
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const server = await upstream.connection();
  await server.message();
  server.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  await client.message();
  await client.rest();
});

test("a body that stands still is cut off, whether it streams or is read", async () => {
  const { client, upstream, errors } = await trio({ limits: { bodyIdleTimeoutMs: 200 } });
  client.write(`PUT / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 9\r\n\r\nabc`);
  const server = await upstream.connection();
  expect(await client.rest()).toBe("");
  await server.rest();
  await eventually(() => errors.length === 1, "the error");
  expect(errors).toMatchObject([{ name: "ClientGoneError" }]);

  const read: Error[] = [];
  const reading = await trio({
    limits: { bodyIdleTimeoutMs: 200 },
    handle: (exchange) =>
      exchange.readBody({ limit: 9 }).then(
        () => undefined,
        (error: Error) => void read.push(error),
      ),
  });
  reading.client.write(`PUT / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 9\r\n\r\nabc`);
  expect(await reading.client.rest()).toBe("");
  expect(read).toMatchObject([{ name: "ClientGoneError", message: expect.stringContaining("stopped sending") }]);
});

test("a body that drips is not cut off", async () => {
  const { client, upstream } = await trio({ limits: { bodyIdleTimeoutMs: 1_500 } });
  client.write(`PUT / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 10\r\n\r\n`);
  for (let i = 0; i < 10; i++) {
    await delay(200);
    client.write("x");
  }
  const request = await (await upstream.connection()).message();
  expect(request.body.toString()).toBe("x".repeat(10));
});

const descriptors = "/proc/self/fd";
const count = (): number => readdirSync(descriptors).length;

test.skipIf(!existsSync(descriptors)).each([
  ["after CONNECT", "afterConnect"],
  ["in the middle of the handshake", "midHandshake"],
  ["right after the handshake", "afterHandshake"],
  ["right after the handshake, with a reset", "afterHandshakeReset"],
  ["in the middle of a request head", "midHead"],
])("clients that leave %s leave no descriptor behind", async (_when, leave) => {
  const { port } = await startProxy({ limits: { handshakeTimeoutMs: 1_000_000, headersTimeoutMs: 1_000_000 } });
  const once = async (): Promise<void> => {
    const client = await connectTo(port, `${host}:443`);
    if (leave === "midHandshake") client.write("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
    if (leave === "afterConnect" || leave === "midHandshake") {
      client.socket.end();
      return;
    }
    const raw = client.detach();
    const socket = tlsConnect({ socket: raw, servername: host, ca: authority.rootCertificate });
    await new Promise((resolve) => socket.once("secureConnect", resolve));
    // What it wrote last may not have left when its connection is gone.
    socket.on("error", () => {});
    if (leave === "midHead") socket.write("GET / HT");
    // Without the goodbye of TLS.
    if (leave === "afterHandshakeReset") raw.resetAndDestroy();
    else raw.destroy();
  };
  await once();
  await delay(100);
  const before = count();
  for (let i = 0; i < 30; i++) await once();
  await eventually(() => count() <= before + 2, `the descriptors to be level with ${before}, not ${count()}`);
});
