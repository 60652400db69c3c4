import { expect, test } from "vitest";
import { eventually, host, trio } from "./harness.ts";

const get = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

test.each([
  ["a reset", "of announced length", "Content-Length: 100", "some"],
  ["an end", "of announced length", "Content-Length: 100", "some"],
  ["a reset", "in chunks", "Transfer-Encoding: chunked", "4\r\nsome\r\n"],
  ["an end", "in chunks", "Transfer-Encoding: chunked", "4\r\nsome\r\n"],
  ["a reset", "that ends with its connection", "X: 1", "some"],
])("%s from upstream in a body %s never looks like a clean end", async (how, _form, header, body) => {
  const { client, upstream, results } = await trio();
  client.write(get);
  const server = await upstream.connection();
  await server.message();
  server.write(`HTTP/1.1 200 OK\r\n${header}\r\n\r\n${body}`);
  await client.until((text) => text.includes("some"));
  if (how === "a reset") server.reset();
  else server.socket.end();
  const text = await client.rest();
  // Neither the announced length nor a last chunk, and no word of ours in the body.
  expect(text.slice(text.indexOf("\r\n\r\n") + 4)).toMatch(/^(4\r\n)?some(\r\n)?$/);
  const error = { name: "UpstreamError", message: `${host}: it broke off its answer` };
  expect(results).toMatchObject([{ outcome: "failed", bytesDown: 4, error }]);
});

test("upstream's reset before its answer is an error the client can be told", async () => {
  const { client, upstream, errors } = await trio();
  client.write(get);
  const server = await upstream.connection();
  await server.message();
  server.reset();
  expect((await client.message()).start).toBe("HTTP/1.1 502 Bad Gateway");
  expect(errors).toMatchObject([
    { name: "UpstreamError", stage: "exchange", message: `${host}: the connection was closed before an answer came` },
  ]);
});

test.each(["close", "reset"])("a client's %s while it waits reaches upstream", async (how) => {
  const { client, upstream, errors } = await trio();
  client.write(get);
  const server = await upstream.connection();
  await server.message();
  if (how === "close") client.raw.destroy();
  else client.reset();
  await server.rest();
  await eventually(() => errors.length === 1, "the handler to be told");
  expect(errors).toMatchObject([{ name: "ClientGoneError" }]);
});

test.each(["close", "reset"])("a client's %s while it downloads reaches upstream", async (how) => {
  const { client, upstream, results } = await trio();
  client.write(get);
  const server = await upstream.connection();
  await server.message();
  server.write("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\nsome");
  await client.until((text) => text.includes("some"));
  if (how === "close") client.raw.destroy();
  else client.reset();
  await server.rest();
  await eventually(() => results.length === 1, "the result");
  expect(results).toMatchObject([{ outcome: "aborted", bytesDown: 4, head: { status: 200 } }]);
});

test.each([
  ["close", "Content-Length: 100", "some"],
  ["reset", "Content-Length: 100", "some"],
  ["close", "Transfer-Encoding: chunked", "4\r\nsome\r\n"],
  ["end", "Transfer-Encoding: chunked", "4\r\nsome\r\n"],
  ["end", "Content-Length: 100", "some"],
])(
  "a client's %s while it uploads (%s) reaches upstream, which sees no complete request",
  async (how, header, body) => {
    const { client, upstream, errors } = await trio();
    client.write(`PUT / HTTP/1.1\r\nHost: ${host}\r\n${header}\r\n\r\n${body}`);
    const server = await upstream.connection();
    await server.until((text) => text.includes("some"));
    if (how === "close") client.raw.destroy();
    else if (how === "reset") client.reset();
    else client.socket.end();
    expect(await server.rest()).not.toContain("0\r\n\r\n");
    await eventually(() => errors.length === 1, "the handler to be told");
    expect(errors).toMatchObject([{ name: "ClientGoneError" }]);
  },
);
