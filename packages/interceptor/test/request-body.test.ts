import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type Answer, BodyTooLargeError } from "../src/index.ts";
import { delay, eventually, host, intercepted, passThrough, signed, startProxy, trio, Upstream } from "./harness.ts";

const chunkHead = Buffer.from(`${(4_000_000).toString(16)}\r\n`);
const chunkEnd = Buffer.from("\r\n0\r\n\r\n");

const put = (headers: string) => `PUT /k HTTP/1.1\r\nHost: ${host}\r\n${headers}\r\n`;
const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const forbidden: Answer = { status: 403, headers: [["X-Ours", "1"]], body: Buffer.from("no") };
const mb = 1_000_000;

test("a client that expects 100 Continue gets upstream's when its body streams", async () => {
  const { client, upstream } = await trio();
  client.write(put("Content-Length: 3\r\nExpect: 100-continue\r\n"));
  const server = await upstream.connection();
  expect((await server.head()).header("expect")).toBe("100-continue");
  await delay(50);
  expect(client.text).toBe("");
  server.write("HTTP/1.1 100 Continue\r\n\r\n");
  expect((await client.head()).start).toBe("HTTP/1.1 100 Continue");
  client.write("abc");
  await server.until((text) => text === "abc");
  server.write(ok);
  const answer = await client.message();
  expect(answer.body.toString()).toBe("ok");
  expect(client.text).toBe("");
});

test("a client that expects 100 Continue gets upstream's refusal before it sends its body", async () => {
  const { client, upstream, results } = await trio();
  client.write(put("Content-Length: 3\r\nExpect: 100-continue\r\n"));
  const server = await upstream.connection();
  await server.head();
  server.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  const answer = await client.message();
  expect([answer.start, answer.body.toString()]).toEqual(["HTTP/1.1 403 Forbidden", "no"]);
  expect(answer.header("connection")).toBe("close");
  expect(await client.rest()).toBe("");
  await eventually(() => results.length === 1, "the result");
  expect(results[0]?.outcome).toBe("answered");
});

test("a client that expects 100 Continue is told to go on when the body is read here, and once only", async () => {
  const { client, upstream } = await trio({
    handle: async (exchange) => {
      const body = await exchange.readBody({ limit: 10 });
      await exchange.forward(signed(exchange), { body });
    },
  });
  client.write(put("Content-Length: 3\r\nExpect: 100-continue\r\n"));
  expect((await client.head()).start).toBe("HTTP/1.1 100 Continue");
  client.write("abc");
  const server = await upstream.connection();
  expect((await server.message()).body.toString()).toBe("abc");
  server.write(`HTTP/1.1 100 Continue\r\n\r\n${ok}`);
  expect((await client.message()).start).toBe("HTTP/1.1 200 OK");
});

test("a client that expects 100 Continue gets our refusal before it sends its body", async () => {
  const { client, upstream } = await trio({ handle: (exchange) => exchange.respond(forbidden) });
  client.write(put("Content-Length: 3\r\nExpect: 100-continue\r\n"));
  const answer = await client.message();
  expect([answer.start, answer.header("connection"), answer.body.toString()]).toEqual([
    "HTTP/1.1 403 Forbidden",
    "close",
    "no",
  ]);
  await client.rest();
  expect(upstream.connections).toHaveLength(0);
});

test("an expectation that is not understood is refused", async () => {
  const { client } = await trio();
  client.write(put("Content-Length: 0\r\nExpect: miracles\r\n"));
  expect((await client.message()).start).toBe("HTTP/1.1 417 Expectation Failed");
});

test.each([
  ["403 Forbidden", "goes on reading"],
  ["403 Forbidden", "stops reading"],
  ["403 Forbidden", "closes"],
  ["200 OK", "goes on reading"],
  ["200 OK", "stops reading"],
])("an early %s during a 20 MB upload reaches the client when upstream then %s", async (status, then) => {
  const { client, upstream, results } = await trio();
  client.write(put(`Content-Length: ${20 * mb}\r\n`));
  const poured = client.pour(20 * mb, 5_000);
  const server = await upstream.connection();
  await server.head();
  if (then === "stops reading") server.socket.pause();
  server.write(`HTTP/1.1 ${status}\r\nContent-Length: 5\r\n\r\nearly`);
  if (then === "closes") server.socket.end();
  const answer = await client.message();
  expect([answer.start, answer.header("connection"), answer.body.toString()]).toEqual([
    `HTTP/1.1 ${status}`,
    "close",
    "early",
  ]);
  expect(await poured).toBe(20 * mb);
  expect(await client.rest()).toBe("");
  expect(client.error).toBeUndefined();
  await eventually(() => results.length === 1, "the result");
  expect(results[0]).toMatchObject({ outcome: "answered", error: undefined });
});

test("an early answer in chunks ends cleanly once the upload is drained", async () => {
  const { client, upstream } = await trio();
  client.write(put("Content-Length: 300000\r\n"));
  client.write(Buffer.alloc(100_000));
  const server = await upstream.connection();
  await server.head();
  server.write("HTTP/1.1 503 Slow Down\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n");
  await client.until((text) => text.includes("no"));
  client.write(Buffer.alloc(200_000));
  const answer = await client.message();
  expect([answer.start, answer.body.toString()]).toEqual(["HTTP/1.1 503 Slow Down", "no"]);
  expect(await client.rest()).toBe("");
});

test("our answer to an upload reaches the client, which may go on sending for a while", async () => {
  const { client } = await trio({ handle: (exchange) => exchange.respond(forbidden) });
  client.write(put(`Content-Length: ${20 * mb}\r\n`));
  const poured = client.pour(20 * mb, 5_000);
  const answer = await client.message();
  expect([answer.start, answer.header("connection")]).toEqual(["HTTP/1.1 403 Forbidden", "close"]);
  expect(await poured).toBe(20 * mb);
  expect(await client.rest()).toBe("");
  expect(client.error).toBeUndefined();
});

test("a client that sends a refused body without end is cut off", async () => {
  const { client } = await trio({
    handle: (exchange) => exchange.respond(forbidden),
    limits: { drainTimeoutMs: 100 },
  });
  client.write(put("Content-Length: 1000\r\n\r\nabc"));
  expect((await client.message()).start).toBe("HTTP/1.1 403 Forbidden");
  await client.rest();
});

test("a client that closes after an early answer has been answered", async () => {
  const gone: boolean[] = [];
  const { client } = await trio({
    handle: async (exchange) => {
      await exchange.respond(forbidden);
      gone.push(exchange.clientGone);
    },
  });
  client.write(put("Content-Length: 1000\r\n\r\nabc"));
  await client.message();
  client.socket.destroy();
  await eventually(() => gone.length === 1, "the end of the exchange");
  expect(gone).toEqual([false]);
});

test.each(["before", "after"])(
  "a client that ends its side in the middle of an upload, %s it is answered, ends the exchange",
  async (when) => {
    let answered = () => {};
    const ended: string[] = [];
    const { client } = await trio({
      handle: async (exchange) => {
        if (when === "before") {
          await new Promise<void>((resolve) => {
            answered = resolve;
          });
        }
        await exchange.respond(forbidden);
        ended.push(when);
      },
    });
    client.write(`${put("Content-Length: 1000\r\n")}abc`);
    if (when === "after") await client.message();
    client.socket.end();
    await client.rest();
    answered();
    await eventually(() => ended.length === 1, "the end of the exchange");
  },
);

test("an answer after part of the body was read reaches the client", async () => {
  const { client } = await trio({
    handle: async (exchange) => {
      const error = await exchange.readBody({ limit: 1_000 }).catch((thrown: Error) => thrown);
      await exchange.respond({ ...forbidden, body: Buffer.from((error as Error).name) });
    },
  });
  client.write(put("Transfer-Encoding: chunked\r\n"));
  client.write(`400\r\n${"x".repeat(1024)}\r\n`);
  expect((await client.message()).body.toString()).toBe("BodyTooLargeError");
  client.write(`400\r\n${"x".repeat(1024)}\r\n0\r\n\r\n`);
  expect(await client.rest()).toBe("");
  expect(client.error).toBeUndefined();
});

test("an announced body above the limit is refused before a byte of it is read, and what reserve throws too", async () => {
  const errors: Error[] = [];
  const { port } = await startProxy({
    handle: async (exchange) => {
      const reserve = (bytes: number) => {
        if (bytes > 5) throw new RangeError("no room");
      };
      await exchange.readBody({ limit: 10, reserve }).catch((error: Error) => errors.push(error));
      await exchange.respond(forbidden);
    },
  });
  for (const head of ["Content-Length: 11\r\n", "Content-Length: 6\r\n", "Transfer-Encoding: chunked\r\n"]) {
    const client = await intercepted(port);
    client.write(`${put(head)}${head.startsWith("T") ? "6\r\nabcdef\r\n" : ""}`);
    await client.message();
  }
  expect(errors[0]).toBeInstanceOf(BodyTooLargeError);
  expect(errors.slice(1).map(({ message }) => message)).toEqual(["no room", "no room"]);
});

describe("the beginning of a body can be read, and the rest streamed on at another length", () => {
  test.each<[string, string, string]>([
    ["all of it at once", "Content-Length: 9\r\n", "head|rest"],
    ["the rest later", "Content-Length: 9\r\n", "head|"],
    ["in chunks", "Transfer-Encoding: chunked\r\n", "9\r\nhead|rest\r\n0\r\n\r\n"],
    ["waiting to be told to go on", "Content-Length: 9\r\nExpect: 100-continue\r\n", ""],
  ])("%s", async (_, headers, first) => {
    const { client, upstream } = await trio({
      handle: async (exchange) => {
        const begun = Buffer.from(await exchange.readBodyHead({ limit: 100, enough: (b) => b.includes(0x7c) }));
        let before: Uint8Array | undefined = Buffer.concat([Buffer.from("other "), begun]);
        const filter = {
          push: (chunk: Uint8Array) => {
            const all = before === undefined ? chunk : Buffer.concat([before, chunk]);
            before = undefined;
            return all;
          },
          end: () => before,
        };
        const length = exchange.contentLength === undefined ? undefined : exchange.contentLength + 6;
        await exchange.forward(signed(exchange), { body: filter, length });
      },
    });
    client.write(`${put(headers)}${first}`);
    if (first === "") expect((await client.head()).start).toBe("HTTP/1.1 100 Continue");
    if (first === "") client.write("head|");
    const server = await upstream.connection();
    if (!first.includes("rest")) client.write("rest");
    const seen = await server.message();
    expect(seen.body.toString()).toBe("other head|rest");
    expect(seen.header("content-length")).toBe(headers.startsWith("T") ? undefined : "15");
    server.write(ok);
    expect((await client.message()).start).toBe("HTTP/1.1 200 OK");
  });

  test("a body that ends, or goes on too long, before it is enough", async () => {
    const read: string[] = [];
    const { port } = await startProxy({
      handle: async (exchange) => {
        const what = exchange.readBodyHead({ limit: 6, enough: () => false });
        read.push(
          await what.then(
            (bytes) => Buffer.from(bytes).toString(),
            (error: Error) => error.name,
          ),
        );
        await exchange.respond(forbidden);
      },
    });
    for (const body of ["abc", "abcdefgh"]) {
      const client = await intercepted(port);
      client.write(`${put(`Content-Length: ${body.length}\r\n`)}${body}`);
      await client.message();
    }
    expect(read).toEqual(["abc", "BodyTooLargeError"]);
  });
});

test("a beginning that is enough only at the body's end is all there is to forward", async () => {
  const { client, upstream } = await trio({
    handle: async (exchange) => {
      let begun: Uint8Array | undefined = await exchange.readBodyHead({ limit: 100, enough: (b) => b.includes(0x7c) });
      const filter = {
        push: (): undefined => undefined,
        end: () => {
          const all = begun;
          begun = undefined;
          return all;
        },
      };
      await exchange.forward(signed(exchange), { body: filter });
    },
  });
  client.write(`${put("Transfer-Encoding: chunked\r\n")}40\r\n${"x".repeat(64)}\r\n`);
  client.write("1\r\n|\r\n0\r\n\r\n");
  const server = await upstream.connection();
  expect((await server.message()).body.toString()).toBe(`${"x".repeat(64)}|`);
  server.write(ok);
  expect((await client.message()).start).toBe("HTTP/1.1 200 OK");
});

test("a beginning that comes byte by byte is not looked at for each of them, and once more at its end", async () => {
  let asked = 0;
  let last = 0;
  const { client } = await trio({
    handle: async (exchange) => {
      await exchange.readBodyHead({
        limit: 5_000,
        enough: (bytes) => {
          asked++;
          last = bytes.length;
          return false;
        },
      });
      await exchange.respond(forbidden);
    },
  });
  client.write(`${put("Transfer-Encoding: chunked\r\n")}${"1\r\nx\r\n".repeat(4_001)}0\r\n\r\n`);
  await client.message();
  expect(asked).toBeLessThan(200);
  expect(last).toBe(4_001);
});

test("readBody tells that the client left, also when it left before", async () => {
  const errors: Error[] = [];
  let release = () => {};
  const { port } = await startProxy({
    handle: async (exchange) => {
      if (exchange.head.target === "/late") {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        await eventually(() => exchange.clientGone, "the client to leave");
      }
      await exchange.readBody({ limit: 10 }).catch((error: Error) => errors.push(error));
      await exchange.respond(forbidden);
    },
  });
  for (const path of ["/now", "/late"]) {
    const client = await intercepted(port);
    client.write(`PUT ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 9\r\n\r\nabc`);
    await delay(50);
    client.raw.destroy();
    release();
    await eventually(() => errors.length === (path === "/now" ? 1 : 2), `the error of ${path}`);
  }
  expect(errors.map(({ name }) => name)).toEqual(["ClientGoneError", "ClientGoneError"]);
});

const refuse = (): never => {
  throw new Error("the body is not what was signed");
};

test.each([
  ["push", "Content-Length: 6\r\n", "abcdef"],
  ["push", "Transfer-Encoding: chunked\r\n", "6\r\nabcdef\r\n0\r\n\r\n"],
  ["end", "Content-Length: 6\r\n", "abcdef"],
  ["end", "Transfer-Encoding: chunked\r\n", "6\r\nabcdef\r\n0\r\n\r\n"],
])(
  "a filter that throws in %s (case %#) leaves upstream without a complete message, and the client with the handler's answer",
  async (where, framing, body) => {
    const upstream = await Upstream.start(host);
    const filter = where === "push" ? { ...passThrough, push: refuse } : { ...passThrough, end: refuse };
    const proxy = await startProxy({ upstreamPort: upstream.port, forward: { body: filter } });
    const client = await intercepted(proxy.port);
    client.write(put(framing));
    const server = await upstream.connection();
    await server.until((text) => text.includes("\r\n\r\n"), "the head");
    client.write(body);
    const answer = await client.message();
    expect([answer.start, answer.body.toString()]).toEqual([
      "HTTP/1.1 502 Bad Gateway",
      "the body is not what was signed",
    ]);
    await server.rest();
    const seen = server.text;
    if (framing.startsWith("C")) expect(seen.split("\r\n\r\n")[1] ?? "").not.toContain("f");
    else expect(seen).not.toContain("0\r\n\r\n");
    // The client's connection is as good as before.
    if (where === "end") {
      client.write(`${put(framing)}${body}`);
      expect((await client.message()).start).toBe("HTTP/1.1 502 Bad Gateway");
    }
  },
);

test("a filter is not asked again once it has thrown", async () => {
  let calls = 0;
  const push = () => {
    calls += 1;
    throw new Error("no");
  };
  const { client } = await trio({ forward: { body: { push, end: push } } });
  client.write(`${put("Transfer-Encoding: chunked\r\n")}${"1\r\na\r\n".repeat(100)}0\r\n\r\n`);
  expect((await client.message()).body.toString()).toBe("no");
  expect(calls).toBe(1);
});

test("a filter may hold bytes back and give them out later, but not change how many an announced body has", async () => {
  const held: Uint8Array[] = [];
  const { client, upstream, port } = await trio({
    forward: { body: { push: (chunk) => void held.push(chunk), end: () => Buffer.concat(held.splice(0)) } },
  });
  client.write(`${put("Content-Length: 3\r\n")}abc`);
  const server = await upstream.connection();
  expect((await server.message()).body.toString()).toBe("abc");
  server.write(ok);
  await client.message();

  const short = await startProxy({
    upstreamPort: upstream.port,
    forward: { body: { push: (chunk) => chunk.subarray(1), end: () => undefined } },
  });
  const other = await intercepted(short.port);
  other.write(`${put("Content-Length: 3\r\n")}abc`);
  expect((await other.message()).body.toString()).toContain("a body of 2 bytes");
  expect(port).not.toBe(short.port);
});

test.each([
  ["under a Content-Length", `Content-Length: ${4_000_000}\r\n`, (body: Buffer) => body],
  ["in chunks", "Transfer-Encoding: chunked\r\n", (body: Buffer) => Buffer.concat([chunkHead, body, chunkEnd])],
])("a filter is given its pieces back once they have left, and not before (%s)", async (_, framing, framed) => {
  const [given, back] = [new Set<Uint8Array>(), new Set<Uint8Array>()];
  const { client, upstream } = await trio({
    forward: {
      body: {
        push: (chunk) => {
          const piece = Uint8Array.from(chunk);
          given.add(piece);
          return piece;
        },
        end: () => undefined,
        release: (piece) => {
          expect(given.has(piece)).toBe(true);
          back.add(piece);
          // What had not left yet would arrive like this.
          piece.fill(0);
        },
      },
    },
  });
  const body = randomBytes(4_000_000);
  client.write(`${put(framing)}`);
  client.write(framed(body));
  const server = await upstream.connection();
  server.socket.pause();
  await delay(50);
  server.socket.resume();
  expect((await server.message()).body.equals(body)).toBe(true);
  server.write(ok);
  await client.message();
  expect(back.size).toBeGreaterThan(given.size / 2);
});

test("a whole body of another length than announced is not sent", async () => {
  const { client, upstream } = await trio({ forward: { body: new Uint8Array(2) } });
  client.write(`${put("Content-Length: 3\r\n")}abc`);
  expect((await client.message()).body.toString()).toContain("a body of 2 bytes");
  expect(upstream.connections).toHaveLength(0);
});
