import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { Interceptor, listenOn, stopListening } from "../src/index.ts";
import { authority, dial, host, intercepted, startProxy, Upstream } from "./harness.ts";

test.each([
  ["a path", 400, "GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n\r\n"],
  ["an absolute URL", 403, "GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n"],
  [
    "an absolute URL of AWS",
    403,
    "GET http://s3.us-east-1.amazonaws.com/ HTTP/1.1\r\nHost: s3.us-east-1.amazonaws.com\r\n\r\n",
  ],
  ["an absolute URL of another scheme", 400, "GET ftp://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n"],
  ["an absolute URL with user information", 400, "GET http://a@example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n"],
  ["an asterisk", 400, "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n"],
  [
    "a preflight of a browser",
    400,
    "OPTIONS / HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Method: PUT\r\n\r\n",
  ],
  ["an upgrade", 400, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"],
  ["a body to come", 400, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"],
  ["no Host", 400, "GET / HTTP/1.1\r\n\r\n"],
  ["no HTTP", 400, "\x16\x03\x01\x02\x00\x01\x00"],
])("the listener answers a request for %s with %i, and invites no browser", async (_what, status, bytes) => {
  const { port } = await startProxy();
  const client = await dial(port);
  client.write(bytes);
  const answer = await client.message();
  expect(answer.start).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(answer.lines.join("\n").toLowerCase()).not.toContain("access-control");
  expect(answer.header("connection")).toBe("close");
  expect(await client.rest()).toBe("");
});

test("the answer to HEAD has no body", async () => {
  const { port } = await startProxy();
  const client = await dial(port);
  client.write("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await client.message({ bodiless: true });
  expect(await client.rest()).toBe("");
});

test("a refused upload over plain HTTP gets its answer", async () => {
  const { port } = await startProxy();
  const client = await dial(port);
  client.write("PUT http://example.com/ HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5000000\r\n\r\n");
  const poured = client.pour(5_000_000, 5_000);
  expect((await client.message()).start).toBe("HTTP/1.1 403 Forbidden");
  expect(await poured).toBe(5_000_000);
  expect(await client.rest()).toBe("");
  expect(client.error).toBeUndefined();
});

test("a CONNECT head past the limit is answered 431", async () => {
  const { port } = await startProxy();
  const client = await dial(port);
  client.write(`CONNECT example.com:443 HTTP/1.1\r\nX: ${"y".repeat(100_000)}\r\n\r\n`);
  expect((await client.message()).start).toBe("HTTP/1.1 431 Request Header Fields Too Large");
});

const interceptor = () =>
  new Interceptor({
    tunnel: "deny",
    secureContext: (host) => authority.secureContext(host),
    handle: () => Promise.resolve(),
  });

test("both loopbacks are listened on at one port", async () => {
  const proxy = interceptor();
  const port = await proxy.listen({ hosts: ["127.0.0.1", "::1"], port: 0 });
  await (await dial(port)).socket.destroy();
  await proxy.close();
});

test("a port that is taken rejects, and leaves nothing listening", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await expect(interceptor().listen({ hosts: ["127.0.0.1"], port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  server.close();
});

test("connections that another accepts are served as if they had come here, and bounded alike", async () => {
  const upstream = await Upstream.start(host);
  const { interceptor } = await startProxy({ upstreamPort: upstream.port, limits: { headersTimeoutMs: 300 } });
  const accepting = createServer({ allowHalfOpen: true }, interceptor.acceptor());
  onTestFinished(() => void accepting.close());
  accepting.listen(0, "127.0.0.1");
  await once(accepting, "listening");
  const { port } = accepting.address() as AddressInfo;
  const client = await intercepted(port);
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const server = await upstream.connection();
  await server.message();
  server.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  expect((await client.message()).body.toString()).toBe("ok");
  // One that says nothing whole is cut off in time.
  const slow = await dial(port);
  slow.write("CONNECT ");
  expect(await slow.rest()).toMatch(/^HTTP\/1.1 408 /);
});

test("listening on several addresses is one port, without those that a machine has not, or nothing at all", async () => {
  const make = () => createServer();
  const { port, servers } = await listenOn(make, { hosts: ["127.0.0.1", "192.0.2.1"], port: 0 });
  expect(servers.map((server) => server.address())).toMatchObject([{ address: "127.0.0.1", port }]);
  const made: Server[] = [];
  const failing = listenOn(
    () => {
      const server = createServer();
      made.push(server);
      return server;
    },
    { hosts: ["127.0.0.2", "127.0.0.1"], port },
  );
  await expect(failing).rejects.toMatchObject({ code: "EADDRINUSE" });
  expect(made.map(({ listening }) => listening)).toEqual([false, false]);
  await stopListening(servers);
});
