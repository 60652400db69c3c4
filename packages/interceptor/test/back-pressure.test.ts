import { expect, test } from "vitest";
import { delay, eventually, host, trio } from "./harness.ts";

const mb = 1024 * 1024;
const size = 128 * mb;
/** What kernels may hold for the two connections, and a little for us. */
const bound = 48 * mb;

test("an upstream that stops reading makes the client stop, and the rest follows when it reads on", async () => {
  const { client, upstream } = await trio();
  client.write(`PUT / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${size}\r\n\r\n`);
  const server = await upstream.connection();
  await server.head();
  server.socket.pause();
  const poured = await client.pour(size);
  expect(poured).toBeLessThan(bound);
  let received = 0;
  server.detach().on("data", (chunk: Buffer) => {
    received += chunk.length;
  });
  server.socket.resume();
  await client.pour(size - poured, 10_000);
  await eventually(() => received === size, "all of the upload");
  server.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  expect((await client.message()).start).toBe("HTTP/1.1 200 OK");
});

test("a client that stops reading makes upstream stop, however long it takes, and the rest follows when it reads on", async () => {
  const { client, upstream, results } = await trio({ limits: { upstreamIdleTimeoutMs: 300 } });
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const server = await upstream.connection();
  await server.head();
  client.socket.pause();
  server.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
  const poured = await server.pour(size);
  expect(poured).toBeLessThan(bound);
  // Longer than upstream may be silent of its own accord.
  await delay(1_000);
  let received = 0;
  client.detach().on("data", (chunk: Buffer) => {
    received += chunk.length;
  });
  client.socket.resume();
  await server.pour(size - poured, 10_000);
  await eventually(() => results.length === 1, "the result");
  expect(results).toMatchObject([{ outcome: "answered", bytesDown: size }]);
  await eventually(() => received > size, "all of the download");
});

test("a client that nobody listens to may send no more than buffers hold", async () => {
  let go = () => {};
  const { client } = await trio({
    handle: async (exchange) => {
      await new Promise<void>((resolve) => {
        go = resolve;
      });
      await exchange.respond({ status: 403, headers: [], body: new Uint8Array() });
    },
  });
  client.write(`PUT / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${size}\r\n\r\n`);
  expect(await client.pour(size)).toBeLessThan(bound);
  go();
  expect((await client.message()).start).toBe("HTTP/1.1 403 Forbidden");
});
