import { once } from "node:events";
import { createServer } from "node:net";
import type { SignedHead } from "@iap/aws-core";
import { expect, onTestFinished, test, vi } from "vitest";
import {
  delay,
  eventually,
  host,
  intercepted,
  openAuthority,
  type ProxyOptions,
  signed,
  startProxy,
  trio,
  Upstream,
} from "./harness.ts";

const get = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const post = `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`;
const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

async function failure(options: ProxyOptions): Promise<{ stage: string; message: string }> {
  const { port, errors } = await startProxy(options);
  const client = await intercepted(port);
  client.write(get);
  expect((await client.message()).start).toBe("HTTP/1.1 502 Bad Gateway");
  expect(client.closed).toBe(false);
  expect(errors).toMatchObject([{ name: "UpstreamError" }]);
  return errors[0] as Error & { stage: string };
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

test("a refused connection is told as such", async () => {
  expect(await failure({ upstreamPort: await closedPort() })).toMatchObject({
    stage: "connect",
    message: `${host}: the connection was refused`,
  });
});

test("a certificate of another authority is refused, and the way out named", async () => {
  const upstream = await Upstream.start(host, await openAuthority("theirs"));
  const { stage, message } = await failure({ upstreamPort: upstream.port });
  expect(stage).toBe("connect");
  expect(message).toMatch(/^s3\.us-east-1\.amazonaws\.com: its certificate is not trusted .* --upstream-ca$/);
  expect(upstream.connections[0]?.total).toBe(0);
});

test("a certificate is judged also where the environment tells Node not to", async () => {
  const upstream = await Upstream.start(host, await openAuthority("anyone's"));
  vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
  onTestFinished(() => void vi.unstubAllEnvs());
  const { stage, message } = await failure({ upstreamPort: upstream.port });
  expect(stage).toBe("connect");
  expect(message).toContain("its certificate is not trusted");
  expect(upstream.connections[0]?.total).toBe(0);
});

test("a certificate for another name is refused, though its authority is trusted", async () => {
  const upstream = await Upstream.start("sqs.us-east-1.amazonaws.com");
  const { stage, message } = await failure({ upstreamPort: upstream.port });
  expect(stage).toBe("connect");
  expect(message).toContain("its certificate is for another name");
  expect(upstream.connections[0]?.total).toBe(0);
});

test("an upstream that never answers the TLS handshake is given up", async () => {
  const upstream = await Upstream.start();
  const { stage, message } = await failure({ upstreamPort: upstream.port, limits: { connectTimeoutMs: 150 } });
  expect(stage).toBe("connect");
  expect(message).toContain(`timed out: no TLS connection to ${host} (127.0.0.1:${upstream.port}) within 0.15 s`);
});

test("an upstream that does not speak TLS is an error", async () => {
  const upstream = await Upstream.start();
  const failed = failure({ upstreamPort: upstream.port });
  (await upstream.connection()).write(ok);
  expect(await failed).toMatchObject({ stage: "connect", message: expect.stringContaining(host) });
});

test("a name that does not resolve is told as such", async () => {
  const { stage, message } = await failure({
    connectAddress: () => ({ host: "no-such-host.invalid", port: 443 }),
    limits: { connectTimeoutMs: 5_000 },
  });
  expect(stage).toBe("connect");
  // A machine whose resolver does not answer either finds out by the clock.
  expect(message).toMatch(/: (its name does not resolve; check the region|timed out: no TLS connection)/);
});

test("an upstream that stays silent is given up after its own limit, not that of idle connections", async () => {
  const { client, upstream, errors } = await trio({
    limits: { upstreamKeepAliveMs: 100, upstreamIdleTimeoutMs: 700 },
  });
  // Twice: on a fresh connection and on a reused one.
  for (let i = 0; i < 2; i++) {
    client.write(get);
    const server = i === 0 ? await upstream.connection() : upstream.connections[0];
    await server?.message();
    await delay(350);
    server?.write(ok);
    expect((await client.message()).start).toBe("HTTP/1.1 200 OK");
  }
  expect(upstream.connections).toHaveLength(1);
  client.write(get);
  expect((await client.message()).start).toBe("HTTP/1.1 502 Bad Gateway");
  expect(errors).toMatchObject([{ stage: "exchange", message: `${host}: timed out: no answer` }]);
});

test("an idle upstream connection is closed after its limit", async () => {
  const { client, upstream } = await trio({ limits: { upstreamKeepAliveMs: 100 } });
  client.write(get);
  const server = await upstream.connection();
  await server.message();
  server.write(ok);
  await client.message();
  await server.rest();
});

/** A client whose upstream connection will be closed just as the next request is sent on it. */
async function stale(options: ProxyOptions = {}) {
  const parts = await trio(options);
  parts.client.write(get);
  const first = await parts.upstream.connection();
  await first.message();
  first.write(ok);
  await parts.client.message();
  return { ...parts, first };
}

test("a GET on a kept-alive connection that upstream closed is sent again, once, on another", async () => {
  const { client, upstream, first, results } = await stale();
  client.write(get);
  await first.message();
  first.reset();
  const second = await upstream.connection();
  await second.message();
  second.write(ok);
  expect((await client.message()).start).toBe("HTTP/1.1 200 OK");
  await eventually(() => results.length === 2, "the results");
  expect(results[1]).toMatchObject({ outcome: "answered" });
});

test("a GET is not sent a third time", async () => {
  const { client, upstream, first, port } = await stale();
  const other = await intercepted(port);
  client.write(get);
  await first.message();
  other.write(get);
  const second = await upstream.connection();
  await second.message();
  second.write(ok);
  await other.message();
  first.reset();
  await second.message();
  second.reset();
  expect((await client.message()).start).toBe("HTTP/1.1 502 Bad Gateway");
  expect(upstream.connections).toHaveLength(2);
});

test.each([
  ["a POST", post],
  ["a GET whose body streams", `GET / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1\r\n\r\nx`],
])("%s on a kept-alive connection that upstream closed is not sent again", async (_what, request) => {
  const { client, upstream, first } = await stale();
  client.write(request);
  await first.message();
  first.reset();
  expect((await client.message()).start).toBe("HTTP/1.1 502 Bad Gateway");
  expect(upstream.connections).toHaveLength(1);
});

test.each([
  ["a part of an answer's head", "HTTP/1.1 200 OK\r\nContent-"],
  ["an interim answer", "HTTP/1.1 103 Early Hints\r\n\r\n"],
])("a GET is not sent again once %s has come", async (_what, begun) => {
  const { client, upstream, first } = await stale();
  client.write(get);
  await first.message();
  first.write(begun);
  first.socket.end();
  await client.until((text) => text.includes("HTTP/1.1 502 Bad Gateway"));
  expect(upstream.connections).toHaveLength(1);
});

test("a GET is not sent again once an answer has begun", async () => {
  const { client, upstream, first } = await stale();
  client.write(get);
  await first.message();
  first.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nsome");
  await client.until((text) => text.includes("some"));
  first.reset();
  expect(await client.rest()).toMatch(/some$/);
  expect(upstream.connections).toHaveLength(1);
});

const head = {
  httpVersion: "1.1",
  method: "POST",
  target: "/",
  headers: [
    ["Host", host],
    ["X-Amz-Date", "now"],
  ],
  host,
} as unknown as SignedHead;

test("a request of the proxy's own is answered whole", async () => {
  const upstream = await Upstream.start(host);
  const { interceptor } = await startProxy({ upstreamPort: upstream.port });
  const fetched = interceptor.fetch(head, { body: Buffer.from("Action=X") });
  const server = await upstream.connection();
  const request = await server.message();
  expect([request.start, request.header("content-length"), request.body.toString()]).toEqual([
    "POST / HTTP/1.1",
    "8",
    "Action=X",
  ]);
  server.write(ok);
  const { head: answer, body } = await fetched;
  expect([answer.status, answer.statusText, Buffer.from(body).toString()]).toEqual([200, "OK", "ok"]);
});

test("a request of the proxy's own fails with an UpstreamError: no answer, too long an answer, no connection", async () => {
  const upstream = await Upstream.start(host);
  const { interceptor } = await startProxy({ upstreamPort: upstream.port });
  await expect(interceptor.fetch(head, { timeoutMs: 100 })).rejects.toMatchObject({
    name: "UpstreamError",
    message: `${host}: no answer within 0.1 s`,
  });
  const long = interceptor.fetch(head, { maxBytes: 1 });
  await upstream.connection();
  const server = await upstream.connection();
  await server.message();
  server.write(ok);
  await expect(long).rejects.toMatchObject({ stage: "exchange", message: expect.stringContaining("longer than 1 ") });
  const unreachable = await startProxy({ upstreamPort: await closedPort() });
  await expect(unreachable.interceptor.fetch(head)).rejects.toMatchObject({
    stage: "connect",
    message: `${host}: the connection was refused`,
  });
});

test("a request with a header no connection can carry is an error of the handler's, not of the process", async () => {
  const { client, errors } = await trio({
    handle: async (exchange) => {
      const bad = { ...signed(exchange), headers: [["X", "a\nb"]] } as unknown as SignedHead;
      await exchange.forward(bad, { body: new Uint8Array() }).catch((error: Error) => errors.push(error));
      await exchange.respond({ status: 500, headers: [], body: new Uint8Array() });
    },
  });
  client.write(get);
  expect((await client.message()).start).toBe("HTTP/1.1 500 Internal Server Error");
  expect(errors).toHaveLength(1);
});
