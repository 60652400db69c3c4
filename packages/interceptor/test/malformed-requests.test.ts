import { expect, test } from "vitest";
import { host, intercepted, startProxy, trio, Upstream } from "./harness.ts";

test.each([
  [
    "both Transfer-Encoding and Content-Length",
    400,
    `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    "two Content-Length headers",
    400,
    `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc`,
  ],
  ["a Content-Length that is no number", 400, `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: +3\r\n\r\nabc`],
  [
    "a transfer coding besides chunked",
    400,
    `POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    "chunked twice",
    400,
    `POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ["a header folded over two lines", 400, `GET / HTTP/1.1\r\nHost: ${host}\r\nX-A: 1\r\n 2\r\n\r\n`],
  ["a Host header folded over two lines", 400, `GET / HTTP/1.1\r\nHost:\r\n ${host}\r\n\r\n`],
  ["bare line feeds", 400, `GET / HTTP/1.1\nHost: ${host}\n\n`],
  ["a bare line feed after one header", 400, `GET / HTTP/1.1\r\nHost: ${host}\nX-A: 1\r\n\r\n`],
  ["a bare carriage return in a value", 400, `GET / HTTP/1.1\r\nHost: ${host}\r\nX-A: 1\r2\r\n\r\n`],
  ["a NUL in a value", 400, `GET / HTTP/1.1\r\nHost: ${host}\r\nX-A: 1\x002\r\n\r\n`],
  ["a space before a colon", 400, `GET / HTTP/1.1\r\nHost: ${host}\r\nX-A : 1\r\n\r\n`],
  ["a space before the first header", 400, `GET / HTTP/1.1\r\n Host: ${host}\r\n\r\n`],
  ["a header without a name", 400, `GET / HTTP/1.1\r\nHost: ${host}\r\n: 1\r\n\r\n`],
  ["two Host headers", 400, `GET / HTTP/1.1\r\nHost: ${host}\r\nhost: ${host}\r\n\r\n`],
  ["no Host header", 400, "GET / HTTP/1.1\r\nX: 1\r\n\r\n"],
  ["HTTP/1.0", 505, `GET / HTTP/1.0\r\nHost: ${host}\r\n\r\n`],
  ["an absolute-form target", 400, `GET https://${host}/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
  ["an absolute-form target of another host", 400, `GET https://evil.example/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
  ["an asterisk target", 400, `OPTIONS * HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
  ["CONNECT", 400, `CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
  ["a fragment in its target", 400, `GET /a#b HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
  ["a fragment after its query", 400, `GET /?a=b#c HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
  ["a raw byte above ASCII in the path", 400, `GET /caf\xe9 HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
  ["another host", 421, "GET / HTTP/1.1\r\nHost: s3.us-west-2.amazonaws.com\r\n\r\n"],
  ["the host at another port", 421, `GET / HTTP/1.1\r\nHost: ${host}:8443\r\n\r\n`],
  ["the host with a final dot", 421, `GET / HTTP/1.1\r\nHost: ${host}.\r\n\r\n`],
  ["an empty host", 421, "GET / HTTP/1.1\r\nHost:\r\n\r\n"],
  ["a host with user information", 421, `GET / HTTP/1.1\r\nHost: a@${host}\r\n\r\n`],
  [
    "another host, with a body that is still to come",
    421,
    "PUT / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 9\r\n\r\n",
  ],
])("a request with %s is answered %i, closes the connection and goes nowhere", async (_what, status, bytes) => {
  const { client, upstream, events } = await trio();
  client.write(bytes);
  const answer = await client.message();
  expect(answer.start).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(answer.header("connection")).toBe("close");
  expect(answer.body.toString()).toMatch(/^iam-agent-proxy: .+\n$/);
  if (bytes.includes("Length: 9")) client.write("123456789");
  expect(await client.rest()).toBe("");
  expect(events).toMatchObject([{ type: "malformedRequest", host, status }]);
  expect(upstream.connections).toHaveLength(0);
});

test("a request for another host is told with its head, for the record", async () => {
  const { client, events } = await trio();
  client.write("DELETE /bucket HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  await client.message();
  expect(events).toMatchObject([{ status: 421, head: { method: "DELETE", target: "/bucket", host } }]);
});

test.each([host.toUpperCase(), `${host}:443`])("the Host header may say %s", async (name) => {
  const { client, upstream } = await trio();
  client.write(`GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`);
  expect((await (await upstream.connection()).message()).lines[0]).toBe(`Host: ${name}`);
});

test("64 KB of headers pass both ways", async () => {
  const { client, upstream } = await trio();
  const long = `X-Long: ${"y".repeat(32_768)}\r\nX-Longer: ${"z".repeat(32_768)}`;
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n${long}\r\n\r\n`);
  const server = await upstream.connection();
  expect((await server.message()).lines.slice(1, 3).join("\r\n")).toBe(long);
  server.write(`HTTP/1.1 200 OK\r\nContent-Length: 0\r\n${long}\r\n\r\n`);
  expect((await client.message()).lines.slice(1, 3).join("\r\n")).toBe(long);
});

test.each(["header", "target"])(
  "a request %s past the limit is answered 431, and the answer arrives",
  async (where) => {
    const { client } = await trio();
    const long = "y".repeat(200_000);
    client.write(
      where === "header"
        ? `GET / HTTP/1.1\r\nHost: ${host}\r\nX-Long: ${long}\r\n\r\n`
        : `GET /${long} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    );
    expect((await client.message()).start).toBe("HTTP/1.1 431 Request Header Fields Too Large");
    await client.rest();
  },
);

test("a malformed request after a good one does not write into the good one's answer", async () => {
  const { client, upstream, errors } = await trio();
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const server = await upstream.connection();
  await server.message();
  server.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nbegin");
  await client.until((text) => text.includes("begin"));
  client.write("\x00\x01\x02 nonsense\r\n\r\n");
  expect(await client.rest()).toMatch(/\r\n\r\nbegin$/);
  await server.rest();
  expect(errors).toEqual([]);
});

test("a chunk that is malformed ends the upload before upstream sees its end, and is told", async () => {
  const { client, upstream, events } = await trio();
  client.write(`PUT / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`);
  const server = await upstream.connection();
  await server.until((text) => text.includes("abc"));
  client.write("zz\r\nabc\r\n");
  await client.rest();
  expect(await server.rest()).not.toContain("0\r\n\r\n");
  expect(events).toMatchObject([{ type: "malformedRequest", host, reason: expect.stringContaining("HPE_") }]);
});

test("a transfer coding that is not chunked in the end is told, and goes nowhere", async () => {
  const { client, upstream, events } = await trio();
  client.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`);
  expect(await client.rest()).toBe("");
  expect(events).toMatchObject([{ type: "malformedRequest", host, reason: expect.stringContaining("HPE_") }]);
  expect(upstream.connections).toHaveLength(0);
});

test("a client that leaves in the middle of a body has sent nothing malformed", async () => {
  const { client, upstream, events } = await trio();
  client.write(`PUT / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`);
  const server = await upstream.connection();
  await server.until((text) => text.includes("abc"));
  client.socket.end();
  await server.rest();
  expect(events).toEqual([]);
});

test.each([
  ["both Transfer-Encoding and Content-Length", "Transfer-Encoding: chunked\r\nContent-Length: 2"],
  ["two lengths", "Content-Length: 2\r\nContent-Length: 3"],
  ["a transfer coding besides chunked", "Transfer-Encoding: gzip, chunked"],
  ["a bare line feed", "Content-Length: 2\nX: 1"],
])("an answer from upstream with %s is not passed on", async (_what, lines) => {
  const { client, upstream, errors } = await trio();
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const server = await upstream.connection();
  await server.message();
  server.write(`HTTP/1.1 200 OK\r\n${lines}\r\n\r\nok`);
  expect((await client.message()).start).toBe("HTTP/1.1 502 Bad Gateway");
  expect(errors).toMatchObject([{ name: "UpstreamError", stage: "exchange" }]);
});

test("a handler that throws, or returns without an answer, costs the client its connection and nobody else's", async () => {
  const upstream = await Upstream.start(host);
  const { port, events } = await startProxy({
    upstreamPort: upstream.port,
    handle: async ({ head }) => {
      if (head.target === "/throw") throw new Error("our bug");
    },
  });
  for (const path of ["/throw", "/return"]) {
    const client = await intercepted(port);
    client.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect(await client.rest()).toBe("");
  }
  expect(events).toMatchObject([{ type: "error", error: { message: "our bug" } }]);
});
