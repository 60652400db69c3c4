import { expect, test } from "vitest";
import { delay, eventually, host, type ProxyOptions, passThrough, trio } from "./harness.ts";
import { http2Trio } from "./http2-peers.ts";

/** A filter that fails at `bad`, and an answer that is ended with a word about it. */
function telling(last = "|the end: "): { options: ProxyOptions; passed: string[] } {
  const passed: string[] = [];
  const options: ProxyOptions = {
    forward: {
      body: {
        ...passThrough,
        push: (chunk) => {
          if (Buffer.from(chunk).includes("bad")) throw new Error("not signed");
          return chunk;
        },
      },
      ending: () => ({
        push: (chunk) => passed.push(Buffer.from(chunk).toString()),
        last: (error) => (last === "" ? undefined : Buffer.from(last + error.message)),
      }),
    },
  };
  return { options, passed };
}

test("over HTTP/2 an answer that cannot go on is ended in its own words, and upstream's request is not", async () => {
  const { options, passed } = telling();
  const { client, upstream, results } = await http2Trio(options);
  const asked = client.request({ ":method": "POST" }, "stream");
  asked.stream.write("good");
  const { stream } = await upstream.stream();
  stream.respond({ ":status": 200 });
  stream.write("some");
  await eventually(() => asked.body.length === 4, "the beginning of the answer");
  asked.stream.write("bad");
  await asked.over();
  expect([asked.body.toString(), asked.ended, asked.rstCode]).toEqual(["some|the end: not signed", true, 0]);
  expect(passed).toEqual(["some"]);
  await eventually(() => stream.closed, "the reset at upstream");
  expect(stream.rstCode).toBe(8);
  await eventually(() => results.length === 1, "the result");
  expect(results).toMatchObject([{ outcome: "failed", error: { message: "not signed" }, bytesUp: 4 }]);
});

const put = `PUT /k HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n`;

test("over HTTP/1.1 too", async () => {
  const { client, upstream, results } = await trio(telling().options);
  client.write(put);
  const server = await upstream.connection();
  await server.head();
  server.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n");
  await client.until((text) => text.includes("some"));
  client.write("3\r\nbad\r\n0\r\n\r\n");
  expect((await client.message()).body.toString()).toBe("some|the end: not signed");
  await eventually(() => results.length === 1, "the result");
  expect(results).toMatchObject([{ outcome: "failed" }]);
  await server.rest();
  expect(server.text).not.toContain("0\r\n\r\n");
});

test("an answer that announced its length, or has no words for it, is broken off", async () => {
  for (const [last, framing, begun] of [
    ["x", "Content-Length: 100", "some"],
    ["", "Transfer-Encoding: chunked", "4\r\nsome\r\n"],
  ] as const) {
    const { client, upstream, results } = await trio(telling(last).options);
    client.write(put);
    const server = await upstream.connection();
    await server.head();
    server.write(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n${begun}`);
    await client.until((text) => text.includes("some"));
    client.write("3\r\nbad\r\n0\r\n\r\n");
    expect(await client.rest()).toMatch(/some(\r\n)?$/);
    await eventually(() => results.length === 1, "the result");
    expect(results).toMatchObject([{ outcome: "failed" }]);
    await delay(5);
  }
});
