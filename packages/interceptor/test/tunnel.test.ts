import { once } from "node:events";
import { createServer, connect as netConnect } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { connectTo, delay, dial, eventually, host, type ProxyOptions, startProxy, Upstream } from "./harness.ts";
import type { Wire } from "./wire.ts";

const target = "example.com:443";

async function tunnelled(options: ProxyOptions = {}) {
  const upstream = await Upstream.start();
  const proxy = await startProxy({ upstreamPort: upstream.port, ...options });
  const client = await connectTo(proxy.port, target);
  return { ...proxy, upstream, client, server: await upstream.connection() };
}

/** What Node's own TLS client says first. */
async function clientHello(servername: string): Promise<Buffer> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = netConnect((server.address() as { port: number }).port, "127.0.0.1");
  const secure = tlsConnect({ socket, servername }).on("error", () => {});
  const [accepted] = await once(server, "connection");
  const [bytes] = await once(accepted, "data");
  secure.destroy();
  accepted.destroy();
  server.close();
  return bytes as Buffer;
}

async function answerTo(port: number, connectTarget: string): Promise<string> {
  const client = await dial(port);
  client.write(`CONNECT ${connectTarget} HTTP/1.1\r\nHost: ${connectTarget}\r\n\r\n`);
  const { start, body } = await client.message();
  await client.rest();
  return `${start.slice("HTTP/1.1 ".length)}: ${body}`;
}

test("bytes pass both ways, and the tunnel is told of", async () => {
  const { client, server, events } = await tunnelled();
  client.write("SSH-2.0-x\r\n");
  await server.until((text) => text === "SSH-2.0-x\r\n");
  server.write("\x00\xff\x16\x03");
  await client.until((text) => text === "\x00\xff\x16\x03");
  expect(events).toEqual([{ type: "tunnel", host: "example.com", port: 443 }]);
});

test("a server may speak first", async () => {
  const { client, server } = await tunnelled();
  server.write("220 hello\r\n");
  await client.until((text) => text === "220 hello\r\n");
});

test("a TLS handshake for a host that is not AWS passes, and so does one without a name", async () => {
  for (const name of ["example.com", ""]) {
    const { client, server } = await tunnelled();
    const hello = await clientHello(name);
    client.write(hello);
    await eventually(() => server.received.length === hello.length, "the ClientHello");
    expect(server.received.equals(hello)).toBe(true);
  }
});

const split = {
  whole: (hello: Buffer) => [hello],
  "byte by byte": (hello: Buffer) => [...hello].map((byte) => Buffer.from([byte])),
  "in records of 7 bytes": (hello: Buffer) => {
    const records: Buffer[] = [];
    for (let at = 5; at < hello.length; at += 7) {
      const piece = hello.subarray(at, at + 7);
      records.push(Buffer.concat([Buffer.from([22, 3, 1, 0, piece.length]), piece]));
    }
    return [Buffer.concat(records)];
  },
};

test.each(Object.keys(split) as (keyof typeof split)[])(
  "a TLS handshake for an AWS host, sent %s, is cut before upstream sees a byte",
  async (how) => {
    const { client, server, events } = await tunnelled();
    for (const piece of split[how](await clientHello(host))) {
      if (client.closed) break;
      client.write(piece);
      if (how === "byte by byte") await delay(0);
    }
    await client.rest();
    await server.rest();
    expect(server.total).toBe(0);
    expect(events.at(-1)).toEqual({
      type: "refused",
      host: "example.com",
      reason: `a tunnel to example.com carried a TLS handshake for ${host}`,
    });
  },
);

test("a tunnel to an EKS cluster passes a TLS handshake for it, and for no other host of AWS", async () => {
  const cluster = "0A1B2C.gr7.us-east-1.eks.amazonaws.com";
  for (const name of [cluster, host]) {
    const upstream = await Upstream.start();
    const { port } = await startProxy({ upstreamPort: upstream.port });
    const client = await connectTo(port, `${cluster}:443`);
    const server = await upstream.connection();
    const hello = await clientHello(name);
    client.write(hello);
    if (name === host) await server.rest();
    else await eventually(() => server.received.length === hello.length, "the ClientHello");
    expect(server.total).toBe(name === host ? 0 : hello.length);
  }
});

test("a TLS handshake for an AWS host sent together with CONNECT is cut as well", async () => {
  const upstream = await Upstream.start();
  const { port } = await startProxy({ upstreamPort: upstream.port });
  const client = await dial(port);
  const connect = Buffer.from(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  client.write(Buffer.concat([connect, await clientHello(host)]));
  await client.rest();
  const server = await upstream.connection();
  await server.rest();
  expect(server.total).toBe(0);
});

test.each([
  ["that is malformed", "\x16\x03\x01\x00\x04\x02\x00\x00\x00"],
  ["behind an alert", "\x15\x03\x01\x00\x02\x01\x00"],
  ["longer than any", `\x16\x03\x01\x40\x00\x01\x00\xff\xff${"x".repeat(16_380)}`],
])("a TLS handshake %s is cut before upstream sees a byte", async (_what, bytes) => {
  const { client, server } = await tunnelled();
  client.write(bytes);
  await client.rest();
  await server.rest();
  expect(server.total).toBe(0);
});

test("the start of a handshake that never goes on reaches upstream only if the client ends", async () => {
  const { client, server } = await tunnelled();
  client.write("\x16\x03\x01");
  await delay(50);
  expect(server.total).toBe(0);
  client.socket.end();
  await server.rest();
  expect(server.text).toBe("\x16\x03\x01");
});

test("the end of either side reaches the other, which may go on sending", async () => {
  for (const order of ["client", "server"] as const) {
    const { client, server } = await tunnelled();
    const [first, second] = order === "client" ? [client, server] : [server, client];
    first.socket.end("bye");
    expect(await second.rest()).toBe("bye");
    second.socket.end("see you");
    expect(await first.rest()).toBe("see you");
  }
});

test("that holds for a client whose connection was accepted elsewhere, too", async () => {
  const upstream = await Upstream.start();
  const { interceptor } = await startProxy({ upstreamPort: upstream.port });
  const door = createServer((socket) => interceptor.accept(socket)).listen(0, "127.0.0.1");
  await once(door, "listening");
  onTestFinished(() => void door.close());
  const client = await connectTo((door.address() as { port: number }).port, "db.example.com:5432");
  client.socket.end("bye");
  const server = await upstream.connection();
  expect(await server.rest()).toBe("bye");
  server.socket.end("see you");
  expect(await client.rest()).toBe("see you");
});

test("what a slow reader has not read yet is not lost when both sides have ended", async () => {
  const { client, server } = await tunnelled();
  client.socket.end("all");
  await server.rest();
  client.socket.pause();
  const size = await server.pour(64 * 1024 * 1024);
  server.socket.end();
  await delay(100);
  // The buffers before the client stay full to the last byte.
  client.socket.on("data", () => {
    client.socket.pause();
    setTimeout(() => client.socket.resume(), 1);
  });
  client.socket.resume();
  await client.rest();
  expect(client.received.length).toBe(size);
});

test("the reset of either side reaches the other", async () => {
  for (const order of ["client", "server"] as const) {
    const { client, server } = await tunnelled();
    client.write("hi");
    await server.until((text) => text === "hi");
    const [first, second]: [Wire, Wire] = order === "client" ? [client, server] : [server, client];
    first.reset();
    await second.rest();
  }
});

test("back-pressure passes both ways", async () => {
  const { client, server } = await tunnelled();
  client.write("hi");
  await server.until((text) => text === "hi");
  const mb = 1024 * 1024;
  server.socket.pause();
  expect(await client.pour(128 * mb)).toBeLessThan(48 * mb);
  client.socket.pause();
  expect(await server.pour(128 * mb)).toBeLessThan(48 * mb);
});

test("tunnels can be turned off", async () => {
  const { port, events } = await startProxy({ tunnel: "deny" });
  expect(await answerTo(port, target)).toMatch(/^403 Forbidden: .*example\.com is not an AWS host.*--tunnel deny/);
  expect(events).toMatchObject([{ type: "refused", host: "example.com" }]);
});

test.each([
  "127.0.0.1:443",
  "169.254.169.254:80",
  "52.95.110.1:443",
  "10.0.0.1:443",
  "192.168.1.1:8443",
  "[::1]:443",
  "[fd00:ec2::254]:80",
  "[::ffff:169.254.169.254]:80",
  "2130706433:443",
  "0x7f000001:443",
  "0x7f.1:443",
  "017700000001:443",
  "127.1:443",
  "127.0.0.1.:443",
  "1.2.3.0x4:443",
])("a CONNECT to the address %s is refused", async (address) => {
  const { port } = await startProxy({ connectAddress: () => ({ host: "127.0.0.1", port: 1 }) });
  expect(await answerTo(port, address)).toMatch(/^403 Forbidden: .* is an IP address/);
});

test.each([
  [`${host}:8443`, "403 Forbidden: iam-agent-proxy: AWS is reached on port 443 only, not 8443\n"],
  [`${host}:80`, "403 Forbidden: iam-agent-proxy: AWS is reached on port 443 only, not 80\n"],
  [`${host}.:443`, `403 Forbidden: iam-agent-proxy: ${host}. ends in a dot; leave it out\n`],
  ["localhost:443", "403 Forbidden: iam-agent-proxy: localhost is this machine\n"],
  ["LOCALHOST.:443", "403 Forbidden: iam-agent-proxy: localhost. is this machine\n"],
  ["a.localhost:443", "403 Forbidden: iam-agent-proxy: a.localhost is this machine\n"],
  ["example.com", "400 Bad Request: iam-agent-proxy: CONNECT needs host:port\n"],
  ["example.com:0", "400 Bad Request: iam-agent-proxy: CONNECT needs host:port\n"],
  ["a@example.com:443", "400 Bad Request: iam-agent-proxy: CONNECT needs host:port\n"],
  ["example..com:443", "400 Bad Request: iam-agent-proxy: CONNECT needs host:port\n"],
])("a CONNECT to %s is answered %s", async (connectTarget, answer) => {
  const { port } = await startProxy();
  expect(await answerTo(port, connectTarget)).toBe(answer);
});

test("a target that cannot be reached is answered 502", async () => {
  const { port, events } = await startProxy({ connectAddress: () => ({ host: "127.0.0.1", port: 1 }) });
  expect(await answerTo(port, target)).toBe(
    "502 Bad Gateway: iam-agent-proxy: example.com: the connection was refused\n",
  );
  expect(events).toMatchObject([{ type: "refused", host: "example.com" }]);
});
