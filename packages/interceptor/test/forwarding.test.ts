import { expect, test } from "vitest";
import { host, intercepted, signed, trio } from "./harness.ts";

const get = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** The lines that are the message's own, without those of the connection. */
function endToEnd(lines: readonly string[]): string[] {
  return lines.filter((line) => !/^(connection|keep-alive):/i.test(line));
}

test("two requests of one client go over one connection on both sides", async () => {
  const { client, upstream, results } = await trio();
  for (let i = 0; i < 2; i++) {
    client.write(get);
    const server = i === 0 ? await upstream.connection() : (upstream.connections[0] ?? client);
    expect((await server.message()).start).toBe("GET / HTTP/1.1");
    server.write(ok);
    expect((await client.message()).body.toString()).toBe("ok");
  }
  expect(upstream.connections).toHaveLength(1);
  expect(client.closed).toBe(false);
  expect(results.map(({ outcome, bytesDown }) => [outcome, bytesDown])).toEqual([
    ["answered", 2],
    ["answered", 2],
  ]);
});

test("request headers keep their case, order and duplicates, and their bytes", async () => {
  const { client, upstream } = await trio();
  const lines = [
    `X-b: 1`,
    `hOsT: ${host}`,
    "x-A: 2",
    "X-B: 3",
    "X-b: 1",
    "x-latin: \xe9\xff",
    "Accept-Encoding: identity",
    "Cookie: a=1",
    "cookie: b=2",
  ];
  client.write(`GET / HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
  const request = await (await upstream.connection()).message();
  expect(endToEnd(request.lines)).toEqual(lines);
});

test("response headers keep their case, order, duplicates and reason phrase", async () => {
  const { client, upstream } = await trio();
  client.write(get);
  const server = await upstream.connection();
  await server.message();
  const lines = ["x-Amz-Id-2: a", "Set-Cookie: a", "ETag: \xe9", "set-cookie: b", "content-LENGTH: 0", "X: 1", "x: 2"];
  server.write(`HTTP/1.1 299 Never  heard of\r\n${lines.join("\r\n")}\r\n\r\n`);
  const answer = await client.message();
  expect(answer.start).toBe("HTTP/1.1 299 Never  heard of");
  expect(endToEnd(answer.lines)).toEqual(lines);
});

test("an empty reason phrase stays empty", async () => {
  const { client, upstream } = await trio();
  client.write(get);
  const server = await upstream.connection();
  await server.message();
  server.write("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n");
  expect((await client.message()).start).toBe("HTTP/1.1 200 ");
});

test.each(["/a%2Fb/../c//d?x=%zz", "//", "/?", "/a?b?c=%2f&&=", "/%", "/caf%C3%A9;x='\"<>|\\^`{}"])(
  "the path %s goes out byte for byte",
  async (path) => {
    const { client, upstream } = await trio();
    client.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect((await (await upstream.connection()).message()).start).toBe(`GET ${path} HTTP/1.1`);
  },
);

test("headers of one connection are not passed on to the other", async () => {
  const { client, upstream } = await trio();
  client.write(
    `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: x-kept\r\nX-Kept: 1\r\nTE: trailers\r\nProxy-Authorization: Basic eA==\r\nUpgrade: websocket\r\n\r\n`,
  );
  const server = await upstream.connection();
  expect(endToEnd((await server.message()).lines)).toEqual([`Host: ${host}`, "X-Kept: 1"]);
  server.write("HTTP/1.1 200 OK\r\nConnection: x-gone\r\nX-Gone: 1\r\nX-Kept: 2\r\nContent-Length: 0\r\n\r\n");
  expect(endToEnd((await client.message()).lines)).toEqual(["X-Kept: 2", "Content-Length: 0"]);
});

test("chunked bodies pass both ways with their trailers", async () => {
  const { client, upstream } = await trio();
  client.write(
    `PUT /k HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\nX-T: up\r\n\r\n`,
  );
  const server = await upstream.connection();
  const request = await server.message();
  expect(request.body.toString()).toBe("abcdefg");
  expect(request.trailers).toEqual(["X-T: up"]);
  expect(endToEnd(request.lines)).toEqual([`Host: ${host}`, "Trailer: X-T", "Transfer-Encoding: chunked"]);
  server.write(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-d\r\n\r\n2\r\nhi\r\n0\r\nx-d: down\r\nx-d: 2\r\n\r\n",
  );
  const answer = await client.message();
  expect(answer.body.toString()).toBe("hi");
  expect(answer.trailers).toEqual(["x-d: down", "x-d: 2"]);
});

test("a trailer that would mean something in a head does not go upstream: it was not signed or decided upon", async () => {
  const { client, upstream } = await trio();
  client.write(
    `PUT /k HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-T: up\r\nx-amz-acl: public-read\r\nAuthorization: x\r\n\r\n`,
  );
  expect((await (await upstream.connection()).message()).trailers).toEqual(["X-T: up"]);
});

test("a Trailer header where no trailers can follow does no harm", async () => {
  const { client, upstream } = await trio();
  client.write(`PUT /k HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 2\r\nTrailer: X-T\r\n\r\nab`);
  const server = await upstream.connection();
  expect((await server.message()).body.toString()).toBe("ab");
  server.write("HTTP/1.1 200 OK\r\nTrailer: x\r\nContent-Length: 2\r\n\r\nok");
  expect((await client.message()).body.toString()).toBe("ok");
  client.write(`HEAD /k HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await server.message();
  server.write("HTTP/1.1 200 OK\r\nTrailer: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  expect((await client.message({ bodiless: true })).start).toBe("HTTP/1.1 200 OK");
});

test.each([
  ["HEAD", "200 OK"],
  ["GET", "304 Not Modified"],
  ["GET", "204 No Content"],
])("the answer to %s with %s keeps its Content-Length and has no body", async (method, status) => {
  const { client, upstream } = await trio();
  client.write(`${method} / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const server = await upstream.connection();
  await server.message();
  server.write(`HTTP/1.1 ${status}\r\nContent-Length: 1000\r\nETag: x\r\n\r\n`);
  const answer = await client.message({ bodiless: true });
  expect(answer.start).toBe(`HTTP/1.1 ${status}`);
  expect(endToEnd(answer.lines)).toEqual(["Content-Length: 1000", "ETag: x"]);
  client.write(get);
  await server.message();
  server.write(ok);
  expect((await client.message()).body.toString()).toBe("ok");
  expect(upstream.connections).toHaveLength(1);
});

test("an answer that ends with its connection is passed on in chunks", async () => {
  const { client, upstream } = await trio();
  client.write(get);
  const server = await upstream.connection();
  await server.message();
  server.write("HTTP/1.1 200 OK\r\n\r\nsome");
  server.socket.end(" text");
  expect((await client.message()).body.toString()).toBe("some text");
  expect(client.closed).toBe(false);
});

test.each([
  ["POST", "content-length: 0"],
  ["PUT", "content-length: 0"],
  ["GET", undefined],
  ["DELETE", undefined],
])("a %s without a body is not sent in chunks", async (method, length) => {
  const { client, upstream } = await trio();
  client.write(`${method} /?uploads HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const { lines } = await (await upstream.connection()).message();
  expect(lines.map((line) => line.toLowerCase()).filter((line) => /^(content-length|transfer-enc)/.test(line))).toEqual(
    length === undefined ? [] : [length],
  );
});

test("a body that was read goes out whole, with its length when it came in chunks", async () => {
  const { client, upstream } = await trio({
    handle: async (exchange) => {
      const body = await exchange.readBody({ limit: 100 });
      await exchange.forward(signed(exchange), { body });
    },
  });
  client.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n`);
  const server = await upstream.connection();
  const request = await server.message();
  expect(endToEnd(request.lines)).toEqual([`Host: ${host}`, "Content-Length: 4"]);
  expect(request.body.toString()).toBe("abcd");
  server.write(ok);
  await client.message();
  client.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 3\r\n\r\nxyz`);
  expect((await server.message()).body.toString()).toBe("xyz");
});

test("pipelined requests are served one after another, in order", async () => {
  const { client, upstream, results } = await trio();
  client.write([1, 2, 3].map((n) => `PUT /${n} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1\r\n\r\n${n}`).join(""));
  const server = await upstream.connection();
  for (let n = 1; n <= 3; n++) {
    const request = await server.message();
    expect([request.start, request.body.toString(), server.text]).toEqual([`PUT /${n} HTTP/1.1`, String(n), ""]);
    server.write(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${n}`);
  }
  for (let n = 1; n <= 3; n++) expect((await client.message()).body.toString()).toBe(String(n));
  expect(results.map(({ outcome }) => outcome)).toEqual(["answered", "answered", "answered"]);
  expect(upstream.connections).toHaveLength(1);
});

test("a client that leaves takes its pipelined requests with it", async () => {
  const { client, upstream, interceptor, errors } = await trio();
  client.write(get + get);
  const server = await upstream.connection();
  await server.message();
  client.raw.destroy();
  await server.rest();
  await interceptor.close();
  expect(server.text).toBe("");
  expect(errors.map(({ name }) => name)).toEqual(["ClientGoneError"]);
});

test("a client that sends requests without end ahead of its answers is cut off", async () => {
  const { client, events } = await trio();
  client.write(get.repeat(1_000));
  await client.rest();
  expect(events.at(-1)).toMatchObject({ type: "malformedRequest", reason: expect.stringContaining("ahead") });
});

test("interim answers other than 100 are passed on, and the final one after them", async () => {
  const { client, upstream } = await trio();
  client.write(get);
  const server = await upstream.connection();
  await server.message();
  server.write("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nlink: </y>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n");
  server.write(ok);
  const hints = await client.head();
  expect([hints.start, ...hints.lines]).toEqual(["HTTP/1.1 103 Early Hints", "Link: </x>", "link: </y>"]);
  expect((await client.head()).start).toBe("HTTP/1.1 102 Processing");
  expect((await client.message()).body.toString()).toBe("ok");
});

test("an interim answer loses the headers of its connection, and what says how long it is", async () => {
  const { client, upstream } = await trio();
  client.write(get);
  const server = await upstream.connection();
  await server.message();
  const begin = "HTTP/1.1 103 Early Hints\r\nKeep-Alive: timeout=5\r\nLink: </a>\r\n";
  for (const framing of ["Transfer-Encoding: chunked", "Content-Length: 3"]) {
    server.write(`${begin}${framing}\r\n\r\n`);
    expect((await client.head()).lines).toEqual(["Link: </a>"]);
  }
  server.write(ok);
  expect((await client.message()).start).toBe("HTTP/1.1 200 OK");
});

test("interim answers without end are no answer", async () => {
  const { client, upstream, errors } = await trio();
  client.write(get);
  const server = await upstream.connection();
  await server.message();
  server.write("HTTP/1.1 102 Processing\r\n\r\n".repeat(101));
  await client.until((text) => text.includes("HTTP/1.1 502 Bad Gateway"));
  expect(errors).toMatchObject([{ name: "UpstreamError", message: `${host}: it gave more than 100 interim answers` }]);
  await server.rest();
});

test("every request goes to the host of its tunnel, each client's on its own", async () => {
  const { port, client, upstream } = await trio();
  const other = await intercepted(port);
  client.write(get);
  other.write(get);
  const [a, b] = [await upstream.connection(), await upstream.connection()];
  await Promise.all([a.message(), b.message()]);
  a.write(ok);
  b.write(ok);
  await Promise.all([client.message(), other.message()]);
});

test("more than a thousand header lines are all seen, so that none can hide a body", async () => {
  const lengths: (number | undefined)[] = [];
  const { client, upstream } = await trio({
    handle: async (exchange) => {
      lengths.push(exchange.contentLength);
      await exchange.forward(signed(exchange), { body: await exchange.readBody({ limit: 10 }) });
    },
  });
  client.write(`POST / HTTP/1.1\r\nHost: ${host}\r\n${"a: b\r\n".repeat(2_000)}Content-Length: 3\r\n\r\nabc`);
  const request = await (await upstream.connection()).message();
  expect(lengths).toEqual([3]);
  expect(request.lines.length).toBeGreaterThan(2_000);
  expect(request.body.toString()).toBe("abc");
});
