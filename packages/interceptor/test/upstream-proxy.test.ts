import { once } from "node:events";
import { connect, createServer } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { inspect } from "node:util";
import type { SignedHead } from "@iap/aws-core";
import { CertificateAuthority } from "@iap/ca-manager";
import { expect, onTestFinished, test, vi } from "vitest";
import { UpstreamProxy, type UpstreamProxyInit } from "../src/index.ts";
import { ConnectProxy, type ConnectProxyOptions } from "./connect-proxy.ts";
import {
  authority,
  authorityDir,
  connectTo,
  delay,
  dial,
  eventually,
  host,
  intercepted,
  type Proxy as OurProxy,
  openAuthority,
  type ProxyOptions,
  secured,
  startProxy,
  Upstream,
} from "./harness.ts";
import type { Wire } from "./wire.ts";

const get = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const credentials = { user: "me", password: "pass:w\u00f6rd" };
const authorization = `Basic ${Buffer.from("me:pass:w\u00f6rd").toString("base64")}`;

/** Everything goes through the proxy at this port of 127.0.0.1. */
function through(port: number, more: Partial<UpstreamProxyInit> = {}): ProxyOptions {
  return {
    connectAddress: undefined,
    upstreamProxy: () => new UpstreamProxy({ host: "127.0.0.1", port, ...more }),
  };
}

async function behind(
  { certified = host, ...options }: Partial<ConnectProxyOptions> & { certified?: string | undefined } = {},
  more: Partial<UpstreamProxyInit> = {},
  limits: ProxyOptions["limits"] = {},
): Promise<OurProxy & { upstream: Upstream; corporate: ConnectProxy; client: Wire }> {
  const upstream = await Upstream.start(certified);
  const corporate = await ConnectProxy.start({ upstreamPort: upstream.port, ...options });
  const proxy = await startProxy({ ...through(corporate.port, more), limits });
  return { ...proxy, upstream, corporate, client: await intercepted(proxy.port) };
}

async function answered({ client, upstream }: { client: Wire; upstream: Upstream }, request = get): Promise<Wire> {
  client.write(request);
  const server = await upstream.connection();
  await server.message();
  server.write(ok);
  expect((await client.message()).start).toBe("HTTP/1.1 200 OK");
  return server;
}

test("a request goes through the proxy's CONNECT, and TLS inside is with the host itself", async () => {
  const parts = await behind();
  await answered(parts);
  expect(parts.corporate.seen).toEqual([{ target: `${host}:443`, rawHeaders: ["Host", `${host}:443`] }]);
});

test("user and password go to the proxy as Basic credentials in UTF-8", async () => {
  const parts = await behind({ authorization }, credentials);
  await answered(parts);
  expect(parts.corporate.seen).toHaveLength(1);
});

test("a proxy shows where it is, and never its password", () => {
  const proxy = new UpstreamProxy({ host: "::1", port: 3128, secure: true, ...credentials });
  expect(proxy.where).toBe("[::1]:3128");
  for (const shown of [inspect(proxy, { depth: 9, showHidden: true, getters: true }), JSON.stringify(proxy)]) {
    expect(shown).not.toContain(credentials.password);
    expect(shown).not.toContain(authorization.slice("Basic ".length));
  }
});

test("the agent's own Proxy-Authorization is not passed on, neither from CONNECT nor from a request", async () => {
  const upstream = await Upstream.start(host);
  const corporate = await ConnectProxy.start({ upstreamPort: upstream.port });
  const { port } = await startProxy(through(corporate.port));
  const plain = await dial(port);
  plain.write(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\nProxy-Authorization: Basic YWdlbnQ6eA==\r\n\r\n`);
  expect((await plain.message({ bodiless: true })).start).toMatch(/ 200 /);
  const client = await secured(plain.detach());
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nProxy-Authorization: Basic YWdlbnQ6eA==\r\n\r\n`);
  const server = await upstream.connection();
  expect((await server.message()).lines).toEqual([`Host: ${host}`, "Connection: keep-alive"]);
  expect(corporate.seen).toEqual([{ target: `${host}:443`, rawHeaders: ["Host", `${host}:443`] }]);
});

test("a tunnelled connection is kept for the next request, and closed after its limit", async () => {
  const parts = await behind({}, {}, { upstreamKeepAliveMs: 150 });
  const server = await answered(parts);
  parts.client.write(get);
  await server.message();
  server.write(ok);
  expect((await parts.client.message()).start).toBe("HTTP/1.1 200 OK");
  expect(parts.corporate.seen).toHaveLength(1);
  await server.rest();
  server.socket.end();
  await eventually(() => parts.corporate.sockets.size === 0, "the end of the connection to the proxy");
});

test("an upstream silent past its limit is given up inside a proxy's tunnel as well", async () => {
  const parts = await behind({}, {}, { upstreamIdleTimeoutMs: 200 });
  parts.client.write(get);
  expect((await parts.client.message()).start).toBe("HTTP/1.1 502 Bad Gateway");
  expect(parts.errors).toMatchObject([{ stage: "exchange", message: `${host}: timed out: no answer` }]);
  const server = await parts.upstream.connection();
  await eventually(() => server.ended, "the end of the connection");
});

test("a GET on a kept tunnelled connection that was closed is sent again through another", async () => {
  const parts = await behind();
  const first = await answered(parts);
  parts.client.write(get);
  await first.message();
  first.reset();
  const second = await parts.upstream.connection();
  await second.message();
  second.write(ok);
  expect((await parts.client.message()).start).toBe("HTTP/1.1 200 OK");
  expect(parts.corporate.seen).toHaveLength(2);
});

test("a large body passes both ways through a proxy unchanged", async () => {
  const parts = await behind();
  const size = 8 * 1024 * 1024;
  const body = Buffer.alloc(size, "0123456789");
  parts.client.write(`PUT / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${size}\r\n\r\n`);
  parts.client.write(body);
  const server = await parts.upstream.connection();
  expect((await server.message()).body.equals(body)).toBe(true);
  server.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\nConnection: close\r\n\r\n`);
  server.socket.end(body);
  expect((await parts.client.message()).body.equals(body)).toBe(true);
});

async function tlsContext(name: string) {
  const own = await CertificateAuthority.open({ dir: `${authorityDir}/${name}`, permittedDnsSuffixes: [name] });
  return { secureContext: await own.secureContext(name), root: own.rootCertificate };
}

test("TLS is spoken with an https:// proxy, and TLS with the host inside it", async () => {
  const { secureContext, root } = await tlsContext("localhost");
  const upstream = await Upstream.start(host);
  const corporate = await ConnectProxy.start({ upstreamPort: upstream.port, secureContext, authorization });
  const { port, errors } = await startProxy({
    ...through(corporate.port, { host: "localhost", secure: true, ...credentials }),
    ca: [authority.rootCertificate, root],
  });
  const client = await intercepted(port);
  const server = await answered({ client, upstream });
  client.write(get);
  await server.message();
  server.write(ok);
  expect((await client.message()).start).toBe("HTTP/1.1 200 OK");
  expect(corporate.seen).toHaveLength(1);
  expect(errors).toEqual([]);
});

test("an https:// proxy that is not trusted, or has another's certificate, gets no credentials", async () => {
  const { secureContext, root } = await tlsContext("localhost");
  const corporate = await ConnectProxy.start({ upstreamPort: 1, secureContext });
  const secure = { secure: true, ...credentials };
  const cases = [
    [{ host: "localhost" }, [authority.rootCertificate], /could not be used: its certificate is not trusted/],
    [{ host: "127.0.0.1" }, [root], /could not be used: its certificate is for another name/],
  ] as const;
  // Not even where the environment tells Node to trust everyone.
  vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
  onTestFinished(() => void vi.unstubAllEnvs());
  for (const [where, ca, says] of cases) {
    expect(await failure({ ...through(corporate.port, { ...secure, ...where }), ca })).toMatch(says);
  }
  expect(corporate.seen).toEqual([]);
});

test("a proxy without TLS that is called https:// is told as such", async () => {
  const corporate = await ConnectProxy.start({ upstreamPort: 1 });
  expect(await failure(through(corporate.port, { secure: true }))).toMatch(
    /TLS with it failed \(.+\); if it speaks none, name it with http:\/\//,
  );
});

test.each([
  [302, true],
  [403, true],
  [407, true],
  [408, false],
  [429, false],
  [502, false],
  [503, false],
])("a proxy that answers CONNECT with %i says so until somebody changes something: %s", async (status, lasting) => {
  const corporate = await Upstream.start();
  const { port, errors } = await startProxy(through(corporate.port));
  const client = await intercepted(port);
  client.write(get);
  const wire = await corporate.connection();
  await wire.head();
  wire.write(`HTTP/1.1 ${status} So\r\n\r\n`);
  await client.message();
  expect(errors).toMatchObject([{ name: "UpstreamError", stage: "connect", lasting }]);
});

async function failure(options: ProxyOptions): Promise<string> {
  const { port, errors } = await startProxy(options);
  const client = await intercepted(port);
  client.write(get);
  expect((await client.message()).start).toBe("HTTP/1.1 502 Bad Gateway");
  expect(errors).toMatchObject([{ name: "UpstreamError", stage: "connect" }]);
  const { message, stack, cause } = errors[0] as Error;
  for (const secret of [credentials.password, authorization.slice(6)]) {
    expect(inspect([message, stack, cause], { depth: 9 })).not.toContain(secret);
  }
  return message;
}

const answers = [
  ["407", "HTTP/1.1 407 Who\r\nContent-Length: 1000000\r\n\r\nx", /answered CONNECT with 407 Who: .*USER:PASSWORD@/],
  ["403", "HTTP/1.1 403 Forbidden\r\n\r\n", /403 Forbidden: it does not let connections to .*:443 pass; .*NO_PROXY/],
  ["502", "HTTP/1.0 502 Bad Gateway\r\n\r\n", /502 Bad Gateway: it could not reach s3/],
  ["503 with odd bytes", "HTTP/1.1 503 \x1b[31m\xe9\r\n\r\n", /503 \?\[31m\?: it could not reach/],
  ["302", "HTTP/1.1 302 Found\r\nLocation: http://login/\r\n\r\n", /302 Found; check that it allows CONNECT/],
  ["400", "HTTP/1.1 400 Bad Request\r\n\r\n", /400 Bad Request; check/],
  ["SSH", "SSH-2.0-OpenSSH\r\n", /does not answer in HTTP\/1; check its address and scheme in HTTPS_PROXY/],
  ["TLS", "\x15\x03\x01\x00\x02\x02\x28", /does not answer in HTTP\/1/],
  ["an endless head", `HTTP/1.1 200 OK\r\nX: ${"x".repeat(70_000)}`, /answered CONNECT with a head that is too long/],
] as const;

test.each(answers)("a proxy that answers CONNECT with %s is told as such", async (_what, answer, says) => {
  const corporate = await Upstream.start();
  const failed = failure(through(corporate.port, credentials));
  const wire = await corporate.connection();
  await wire.head();
  wire.write(answer);
  const message = await failed;
  expect(message).toMatch(new RegExp(`^${host}: the proxy 127\\.0\\.0\\.1:${corporate.port} `));
  expect(message).toMatch(says);
  await eventually(() => wire.closed || wire.ended, "the end of the connection");
});

test.each([
  ["is closed", (wire: Wire) => wire.socket.end(), /closed the connection without an answer to CONNECT/],
  ["is reset", (wire: Wire) => wire.reset(), /could not be used: the connection was closed before an answer/],
  ["breaks off in the head", (wire: Wire) => wire.socket.end("HTTP/1.1 200"), /without an answer to CONNECT/],
] as const)("a connection to the proxy that %s is told as such", async (_what, act, says) => {
  const corporate = await Upstream.start();
  const failed = failure(through(corporate.port));
  const wire = await corporate.connection();
  await wire.head();
  act(wire);
  expect(await failed).toMatch(says);
});

test("a proxy that is not there is told as such", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  expect(await failure(through(port))).toBe(
    `${host}: the proxy 127.0.0.1:${port} could not be used: the connection was refused`,
  );
});

test.each([
  ["says nothing", ""],
  ["does not come to the end of its head", "HTTP/1.1 200 OK\r\nVia:"],
  ["leaves TLS unanswered", "HTTP/1.1 200 OK\r\n\r\n"],
])("a proxy that %s is given up", async (_what, answer) => {
  const corporate = await Upstream.start();
  const failed = failure({ ...through(corporate.port), limits: { connectTimeoutMs: 200 } });
  const wire = await corporate.connection();
  await wire.head();
  wire.write(answer);
  expect(await failed).toMatch(/timed out: no TLS connection to s3.* through the proxy 127.* within 0\.2 s/);
  await eventually(() => wire.closed || wire.ended, "the end of the connection");
});

test("a head that comes byte by byte behind an interim answer is read", async () => {
  const upstream = await Upstream.start(host);
  const corporate = await Upstream.start();
  const { port } = await startProxy(through(corporate.port));
  const client = await intercepted(port);
  client.write(get);
  const wire = await corporate.connection();
  await wire.head();
  for (const byte of "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n") {
    wire.write(byte);
    await delay(0);
  }
  const onward = connect(upstream.port, "127.0.0.1");
  const raw = wire.detach();
  if (wire.received.length > 0) onward.write(wire.received);
  raw.pipe(onward).pipe(raw);
  const server = await upstream.connection();
  await server.message();
  server.write(ok);
  expect((await client.message()).start).toBe("HTTP/1.1 200 OK");
});

test("a certificate for another name, or of another authority, is refused inside the proxy's tunnel", async () => {
  for (const [certified, signer, says] of [
    ["sqs.us-east-1.amazonaws.com", authority, /its certificate is for another name/],
    [host, await openAuthority("inspecting"), /its certificate is not trusted .* --upstream-ca$/],
  ] as const) {
    const upstream = await Upstream.start(certified, signer);
    const corporate = await ConnectProxy.start({ upstreamPort: upstream.port });
    expect(await failure(through(corporate.port))).toMatch(says);
    expect(upstream.connections[0]?.total).toBe(0);
  }
});

test("a host with an address of its own, or that needs no proxy, is connected to directly", async () => {
  const upstream = await Upstream.start(host);
  const asked: string[] = [];
  const { port } = await startProxy({
    upstreamPort: upstream.port,
    upstreamProxy: (name) => {
      asked.push(name);
      return new UpstreamProxy({ host: "127.0.0.1", port: 1 });
    },
  });
  await answered({ client: await intercepted(port), upstream });
  expect(asked).toEqual([]);
  // Without a way of its own the name is resolved here, and guarded.
  const direct = await startProxy({
    connectAddress: undefined,
    upstreamProxy: (name, at) => {
      asked.push(`${name}:${at}`);
      return undefined;
    },
  });
  const client = await dial(direct.port);
  client.write("CONNECT no-such-host.invalid:443 HTTP/1.1\r\nHost: no-such-host.invalid:443\r\n\r\n");
  expect((await client.message()).start).toBe("HTTP/1.1 502 Bad Gateway");
  expect(asked).toEqual(["no-such-host.invalid:443"]);
});

test("addresses instead of names are refused whether or not there is a proxy", async () => {
  const corporate = await ConnectProxy.start({ upstreamPort: 1 });
  const { port } = await startProxy(through(corporate.port));
  for (const target of ["169.254.169.254:80", "127.0.0.1:443", "[::1]:443", "localhost:443"]) {
    const client = await dial(port);
    client.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
    expect((await client.message()).start).toBe("HTTP/1.1 403 Forbidden");
  }
  expect(corporate.seen).toEqual([]);
});

const head = {
  httpVersion: "1.1",
  method: "GET",
  target: "/",
  headers: [["Host", host]],
  host,
} as unknown as SignedHead;

test("a request of the proxy's own goes the same way, within its own time", async () => {
  const upstream = await Upstream.start(host);
  const corporate = await ConnectProxy.start({ upstreamPort: upstream.port });
  const { interceptor } = await startProxy(through(corporate.port));
  const fetched = interceptor.fetch(head);
  const server = await upstream.connection();
  await server.message();
  server.write(ok);
  expect((await fetched).head.status).toBe(200);
  expect(corporate.seen).toHaveLength(1);
  const silent = await Upstream.start();
  const other = await startProxy(through(silent.port));
  await expect(other.interceptor.fetch(head, { timeoutMs: 100 })).rejects.toMatchObject({
    stage: "connect",
    message: `${host}: no answer within 0.1 s`,
  });
});

test("closing does not wait for a proxy that has not answered", async () => {
  const corporate = await Upstream.start();
  const { interceptor, port } = await startProxy({ ...through(corporate.port), limits: { connectTimeoutMs: 60_000 } });
  const client = await intercepted(port);
  client.write(get);
  const wire = await corporate.connection();
  await wire.head();
  await interceptor.close({ graceMs: 0 });
  await eventually(() => wire.closed || wire.ended, "the end of the connection");
});

test("errors after CONNECT, with and without a request, do not end the process", async () => {
  const parts = await behind();
  const server = await answered(parts);
  for (const socket of parts.corporate.sockets) socket.resetAndDestroy();
  await server.rest();
  parts.client.write(get);
  const second = await parts.upstream.connection();
  await second.message();
  for (const socket of parts.corporate.sockets) socket.resetAndDestroy();
  // The GET is not sent again: its connection was a new one, or this was its second.
  expect((await parts.client.message()).start).toBe("HTTP/1.1 502 Bad Gateway");
});

const target = "example.com:443";

async function tunnelled(options: Partial<ConnectProxyOptions> = {}, more: Partial<UpstreamProxyInit> = {}) {
  const upstream = await Upstream.start();
  const corporate = await ConnectProxy.start({ upstreamPort: upstream.port, ...options });
  const proxy = await startProxy(through(corporate.port, more));
  const client = await connectTo(proxy.port, target);
  return { ...proxy, upstream, corporate, client, server: await upstream.connection() };
}

test("a tunnel passes through the proxy, both ways and to both ends", async () => {
  const { client, server, corporate, events } = await tunnelled({ authorization }, credentials);
  client.write("hello");
  await server.until((text) => text === "hello");
  server.write("\x00\xff");
  await client.until((text) => text === "\x00\xff");
  client.socket.end("bye");
  expect(await server.rest()).toBe("hellobye");
  server.socket.end("see you");
  expect(await client.rest()).toBe("\x00\xffsee you");
  expect(corporate.seen.map(({ target: seen }) => seen)).toEqual([target]);
  expect(events).toEqual([{ type: "tunnel", host: "example.com", port: 443 }]);
});

test("what a server says first reaches the client, though it comes together with the proxy's answer", async () => {
  const corporate = await Upstream.start();
  const { port } = await startProxy(through(corporate.port));
  const connecting = connectTo(port, target);
  const wire = await corporate.connection();
  expect((await wire.head()).start).toBe(`CONNECT ${target} HTTP/1.1`);
  wire.write("HTTP/1.1 200 OK\r\n\r\n220 hello\r\n");
  const client = await connecting;
  await client.until((text) => text === "220 hello\r\n");
});

test("a tunnel through an https:// proxy passes bytes too", async () => {
  const { secureContext, root } = await tlsContext("localhost");
  const upstream = await Upstream.start();
  const corporate = await ConnectProxy.start({ upstreamPort: upstream.port, secureContext });
  const { port } = await startProxy({
    ...through(corporate.port, { host: "localhost", secure: true }),
    ca: [root],
  });
  const client = await connectTo(port, target);
  const server = await upstream.connection();
  client.write("hello");
  await server.until((text) => text === "hello");
  server.write("there");
  await client.until((text) => text === "there");
  client.reset();
  await server.rest();
});

test("a tunnel that hides an AWS host is cut before the proxy sees a byte of it", async () => {
  const { client, server, events } = await tunnelled();
  const secure = tlsConnect({ socket: client.detach(), servername: host, rejectUnauthorized: false });
  secure.on("error", () => {});
  await server.rest();
  expect(server.total).toBe(0);
  expect(events.at(-1)).toMatchObject({ type: "refused", reason: expect.stringContaining(host) });
});

test.each([
  ["HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", /answered CONNECT with 407 .*HTTPS_PROXY/],
  ["garbage", /does not answer in HTTP\/1/],
])("a tunnel that the proxy refuses with %j is answered 502, and told", async (answer, says) => {
  const corporate = await Upstream.start();
  const { port, events } = await startProxy(through(corporate.port, credentials));
  const client = await dial(port);
  client.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  const wire = await corporate.connection();
  expect((await wire.head()).header("proxy-authorization")).toBe(authorization);
  wire.write(answer);
  const { start, body } = await client.message();
  expect(start).toBe("HTTP/1.1 502 Bad Gateway");
  expect(body.toString()).toMatch(says);
  expect(events).toMatchObject([{ type: "refused", host: "example.com", reason: expect.stringMatching(says) }]);
  expect(JSON.stringify(events)).not.toContain(authorization.slice(6));
});

test("a tunnel's client that leaves, or a limit that is reached, ends the wait for the proxy", async () => {
  const corporate = await Upstream.start();
  const proxy = await startProxy({ ...through(corporate.port), limits: { connectTimeoutMs: 60_000 } });
  const client = await dial(proxy.port);
  client.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  const wire = await corporate.connection();
  await wire.head();
  client.reset();
  await eventually(() => wire.closed || wire.ended, "the end of the connection");
  expect(proxy.events).toEqual([]);

  const hasty = await startProxy({ ...through(corporate.port), limits: { connectTimeoutMs: 150 } });
  const other = await dial(hasty.port);
  other.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  const { start, body } = await other.message();
  expect(start).toBe("HTTP/1.1 502 Bad Gateway");
  expect(body.toString()).toContain("no connection to example.com within 0.15 s");
});
