import { randomBytes } from "node:crypto";
import { constants } from "node:http2";
import type { TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import { connectTo, delay, eventually, host, secured, signed, startProxy, Upstream } from "./harness.ts";
import { Http2Client, Http2Server, http2Trio } from "./http2-peers.ts";

/** Field lines without pseudo-headers. */
function fields(lines: readonly string[]): string[] {
  return lines.filter((line) => !line.startsWith(":"));
}

test("HTTP/2 is offered for hosts that are named, and HTTP/1.1 for the others", async () => {
  const asked: string[] = [];
  const { port } = await startProxy({
    offerHttp2: (name) => {
      asked.push(name);
      return name === host;
    },
  });
  const client = await Http2Client.open(port);
  expect(client.session.alpnProtocol).toBe("h2");
  const { port: other } = await startProxy({ offerHttp2: () => false });
  await expect(Http2Client.open(other)).rejects.toThrow("agreed on http/1.1");
  expect(asked).toEqual([host]);
});

test("a client that chooses HTTP/1.1 where both are offered is served over it", async () => {
  const upstream = await Upstream.start(host);
  const { port } = await startProxy({ upstreamPort: upstream.port, offerHttp2: () => true });
  const client = await secured((await connectTo(port, `${host}:443`)).detach());
  expect((client.socket as TLSSocket).alpnProtocol).toBe("http/1.1");
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const server = await upstream.connection();
  expect((await server.message()).start).toBe("GET / HTTP/1.1");
  server.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  expect((await client.message()).body.toString()).toBe("ok");
});

test("requests of one client go over one connection on both sides, at the same time", async () => {
  const { client, upstream, results } = await http2Trio();
  const answers = [client.request({ ":path": "/a" }), client.request({ ":path": "/b" }), client.request()];
  const streams = [await upstream.stream(), await upstream.stream(), await upstream.stream()];
  for (const { stream, lines } of streams.toReversed()) {
    stream.respond({ ":status": 200 });
    stream.end(lines.find((line) => line.startsWith(":path")));
  }
  for (const answer of answers) await answer.over();
  expect(answers.map(({ status, body }) => [status, body.toString()])).toEqual([
    [200, ":path: /a"],
    [200, ":path: /b"],
    [200, ":path: /"],
  ]);
  expect(upstream.sessions).toHaveLength(1);
  await eventually(() => results.length === 3, "the results");
  expect(results).toMatchObject(Array(3).fill({ outcome: "answered" }));
});

test("a later client uses the connection of an earlier one", async () => {
  const { client, upstream, port } = await http2Trio();
  for (const one of [client, await Http2Client.open(port)]) {
    const answer = one.request();
    const { stream } = await upstream.stream();
    stream.respond({ ":status": 204 }, { endStream: true });
    expect((await answer.over()).status).toBe(204);
  }
  expect(upstream.sessions).toHaveLength(1);
});

test("the handler sees the head as it came: :authority among the headers, order, duplicates, bytes, and one cookie", async () => {
  const heads: unknown[] = [];
  const { client } = await http2Trio({
    handle: async (exchange) => {
      heads.push([exchange.head, exchange.contentLength, exchange.upgrade]);
      await exchange.respond({ status: 200, headers: [], body: new Uint8Array() });
    },
  });
  await client
    .request({
      ":path": "/a%2Fb/../c//d?x=%zz",
      "x-b": ["1", "2"],
      cookie: ["a=1", "b=2"],
      "x-latin": "\xe9\xff",
      "x-a": "",
    })
    .over();
  await client.request({ ":method": "POST" }, Buffer.from("abc")).over();
  const head = { httpVersion: "2", method: "GET", host, target: "/a%2Fb/../c//d?x=%zz" };
  expect(heads).toEqual([
    [
      {
        ...head,
        headers: [
          [":authority", host],
          ["x-b", "1"],
          ["x-b", "2"],
          ["cookie", "a=1; b=2"],
          ["x-latin", "\xe9\xff"],
          ["x-a", ""],
        ],
      },
      0,
      undefined,
    ],
    [{ ...head, method: "POST", target: "/", headers: [[":authority", host]] }, undefined, undefined],
  ]);
});

test("request headers reach upstream in their order, with their duplicates and bytes", async () => {
  const { client, upstream } = await http2Trio();
  client.request({
    "x-b": "1",
    "x-a": ["2", "3"],
    te: "trailers",
    "x-latin": "\xe9\xff",
    cookie: ["a=1", "b=2"],
    "x-c": "",
  });
  const { lines } = await upstream.stream();
  expect(lines.slice(0, 4).toSorted()).toEqual([`:authority: ${host}`, ":method: GET", ":path: /", ":scheme: https"]);
  expect(fields(lines)).toEqual(["x-b: 1", "x-a: 2", "x-a: 3", "x-latin: \xe9\xff", "cookie: a=1; b=2", "x-c: "]);
});

test(":authority goes upstream as it came, also when it stood in host", async () => {
  const { client, upstream } = await http2Trio();
  for (const headers of [
    { ":authority": host.toUpperCase() },
    { ":authority": `${host}:443`, host: `${host}:443` },
    // What a gateway makes of HTTP/1.1.
    { ":authority": undefined, host: `${host}:443` },
  ]) {
    client.request(headers);
    const { lines } = await upstream.stream();
    expect(lines.filter((line) => line.startsWith(":authority"))).toEqual([
      `:authority: ${Object.values(headers).find(Boolean)}`,
    ]);
    expect(fields(lines)).toEqual([]);
  }
});

test("response headers keep their order, duplicates and bytes, and lose those of a connection", async () => {
  const { client, upstream } = await http2Trio();
  const answer = client.request();
  const { stream } = await upstream.stream();
  stream.respond(
    { ":status": 299, "x-b": "1", "set-cookie": ["a", "b"], etag: "\xe9", "x-a": ["2", "3"] },
    { endStream: true },
  );
  await answer.over();
  expect(answer.status).toBe(299);
  expect(answer.lines.filter((line) => !line.startsWith("date"))).toEqual([
    "x-b: 1",
    "set-cookie: a",
    "set-cookie: b",
    "etag: \xe9",
    "x-a: 2",
    "x-a: 3",
  ]);
});

test("bodies pass both ways with their trailers", async () => {
  const { client, upstream, results } = await http2Trio();
  const answer = client.request({ ":method": "PUT", trailer: "x-t" }, "stream");
  answer.stream.on("wantTrailers", () => answer.stream.sendTrailers({ "x-t": ["up", "2"] }));
  answer.stream.end(Buffer.alloc(200_000, "u"));
  const seen = await upstream.stream();
  await eventually(() => seen.ended, "the end of the upload");
  expect(seen.body.equals(Buffer.alloc(200_000, "u"))).toBe(true);
  expect(seen.trailers).toEqual(["x-t: up", "x-t: 2"]);
  seen.stream.respond({ ":status": 200 }, { waitForTrailers: true });
  seen.stream.on("wantTrailers", () => seen.stream.sendTrailers({ "x-d": "down" }));
  seen.stream.end(Buffer.alloc(300_000, "d"));
  await answer.over();
  expect([answer.ended, answer.body.length, answer.trailers]).toEqual([true, 300_000, ["x-d: down"]]);
  await eventually(() => results.length === 1, "the result");
  expect(results).toMatchObject([{ outcome: "answered", bytesUp: 200_000, bytesDown: 300_000 }]);
});

test("a body whose length is announced arrives under that length", async () => {
  const { client, upstream } = await http2Trio();
  client.request({ ":method": "PUT", "content-length": "3" }, Buffer.from("abc"));
  const seen = await upstream.stream();
  await eventually(() => seen.ended, "the end of the upload");
  expect([seen.header("content-length"), seen.body.toString()]).toEqual(["3", "abc"]);
});

test("an answer may begin before the request ends, and both go on", async () => {
  const { client, upstream } = await http2Trio();
  const answer = client.request({ ":method": "POST" }, "stream");
  const seen = await upstream.stream();
  seen.stream.respond({ ":status": 200 }, { waitForTrailers: false });
  await answer.head();
  for (let turn = 0; turn < 5; turn++) {
    answer.stream.write(`up${turn} `);
    await eventually(() => seen.body.toString().endsWith(`up${turn} `), "what was said");
    seen.stream.write(`down${turn} `);
    await eventually(() => answer.body.toString().endsWith(`down${turn} `), "what was answered");
  }
  answer.stream.end();
  await eventually(() => seen.ended, "the end of the request");
  seen.stream.end("bye");
  await answer.over();
  expect([answer.ended, answer.rstCode]).toEqual([true, 0]);
  expect(answer.body.toString()).toBe("down0 down1 down2 down3 down4 bye");
});

test("an upstream that has answered in full does not want the rest: the client gets all of the answer", async () => {
  const { client, upstream, results } = await http2Trio();
  const answer = client.request({ ":method": "PUT" }, "stream");
  answer.stream.write(Buffer.alloc(10_000));
  const { stream } = await upstream.stream();
  stream.respond({ ":status": 403 });
  stream.end(Buffer.alloc(50_000, "n"));
  await answer.over();
  expect([answer.status, answer.body.length, answer.ended, answer.rstCode]).toEqual([403, 50_000, true, 0]);
  await eventually(() => results.length === 1, "the result");
  expect(results).toMatchObject([{ outcome: "answered" }]);
  await eventually(() => stream.destroyed, "the end of the upload at upstream");
});

test("interim answers pass, and 100 Continue only to who waits for it", async () => {
  const { client, upstream } = await http2Trio();
  for (const expects of [true, false]) {
    const answer = client.request({ ":method": "PUT", ...(expects ? { expect: "100-continue" } : {}) }, "stream");
    const { stream, lines } = await upstream.stream();
    expect(lines.includes("expect: 100-continue")).toBe(expects);
    stream.additionalHeaders({ ":status": 103, link: "</a>" });
    stream.additionalHeaders({ ":status": 100 });
    await eventually(() => answer.informed.length === (expects ? 2 : 1), "what it is told meanwhile");
    answer.stream.end("x");
    stream.respond({ ":status": 200 }, { endStream: true });
    await answer.over();
    expect(answer.informed).toEqual([[":status: 103", "link: </a>"], ...(expects ? [[":status: 100"]] : [])]);
  }
});

test.each([
  ["HEAD", 200],
  ["GET", 304],
])("the answer to %s with %s has its length and no body", async (method, status) => {
  const { client, upstream } = await http2Trio();
  const answer = client.request({ ":method": method });
  const { stream } = await upstream.stream();
  stream.respond({ ":status": status, "content-length": "1000" }, { endStream: true });
  await answer.over();
  expect([answer.status, answer.ended, answer.body.length]).toEqual([status, true, 0]);
  expect(answer.lines).toContain("content-length: 1000");
});

test("an answer of ours has its body, and HEAD none", async () => {
  const { client } = await http2Trio({
    handle: (exchange) =>
      exchange.respond({
        status: 403,
        headers: [
          ["X-Why", "no"],
          ["Connection", "close"],
        ],
        body: Buffer.from("denied"),
      }),
  });
  const answer = await client.request().over();
  expect([answer.status, answer.lines, answer.body.toString()]).toEqual([
    403,
    ["x-why: no", "content-length: 6"],
    "denied",
  ]);
  const head = await client.request({ ":method": "HEAD" }).over();
  expect([head.status, head.body.length, head.ended]).toEqual([403, 0, true]);
});

test("an answer of ours comes whole while the body is still coming, and calls the rest of it off", async () => {
  const { client } = await http2Trio({
    handle: (exchange) => exchange.respond({ status: 403, headers: [], body: Buffer.alloc(100_000, "d") }),
  });
  const answer = client.request({ ":method": "PUT" }, "stream");
  answer.stream.write(Buffer.alloc(1_000_000));
  await answer.over();
  expect([answer.status, answer.body.length, answer.ended, answer.rstCode]).toEqual([403, 100_000, true, 0]);
  expect((await client.request().over()).status).toBe(403);
});

test("a body can be read whole, within its limit", async () => {
  const { client } = await http2Trio({
    handle: async (exchange) => {
      const body = await exchange.readBody({ limit: 10 }).catch((error: Error) => Buffer.from(error.name));
      await exchange.respond({ status: 200, headers: [], body });
    },
  });
  expect((await client.request({ ":method": "PUT" }, Buffer.from("abc")).over()).body.toString()).toBe("abc");
  expect((await client.request({ ":method": "PUT" }, Buffer.alloc(11)).over()).body.toString()).toBe(
    "BodyTooLargeError",
  );
  const announced = client.request({ ":method": "PUT", "content-length": "11" }, "stream");
  expect((await announced.over()).body.toString()).toBe("BodyTooLargeError");
  expect((await client.request().over()).body.toString()).toBe("");
});

test("a body that was read goes upstream with its length", async () => {
  const { client, upstream } = await http2Trio({
    handle: async (exchange) => {
      const body = await exchange.readBody({ limit: 10 });
      await exchange.forward(signed(exchange), { body });
    },
  });
  const answer = client.request({ ":method": "POST" }, Buffer.from("abc"));
  const seen = await upstream.stream();
  await eventually(() => seen.ended, "the request");
  expect([seen.header("content-length"), seen.body.toString()]).toEqual(["3", "abc"]);
  seen.stream.respond({ ":status": 200 }, { endStream: true });
  await answer.over();
});

test("the beginning of a body can be read, and the rest streamed on at another length", async () => {
  const { client, upstream } = await http2Trio({
    handle: async (exchange) => {
      let before: Uint8Array | undefined = await exchange.readBodyHead({ limit: 100, enough: (b) => b.includes(0x7c) });
      const filter = {
        push: (chunk: Uint8Array) => {
          const all = before === undefined ? chunk : Buffer.concat([Buffer.from("other "), before, chunk]);
          before = undefined;
          return all;
        },
        end: () => (before === undefined ? undefined : Buffer.concat([Buffer.from("other "), before])),
      };
      await exchange.forward(signed(exchange), { body: filter, length: 15 });
    },
  });
  for (const pieces of [["head|rest"], ["head|", "rest"]]) {
    const answer = client.request({ ":method": "POST", "content-length": "9" }, "stream");
    for (const piece of pieces) answer.stream.write(piece);
    answer.stream.end();
    const seen = await upstream.stream();
    await eventually(() => seen.ended, "the request");
    expect([seen.header("content-length"), seen.body.toString()]).toEqual(["15", "other head|rest"]);
    seen.stream.respond({ ":status": 200 }, { endStream: true });
    await answer.over();
  }
});

test("a filter is given its pieces back once they have left, and not before", async () => {
  let [given, back] = [0, 0];
  const { client, upstream } = await http2Trio({
    forward: {
      body: {
        push: (chunk) => {
          given += 1;
          return Uint8Array.from(chunk);
        },
        end: () => undefined,
        release: (piece) => {
          back += 1;
          // What had not left yet would arrive like this.
          piece.fill(0);
        },
      },
    },
  });
  const body = randomBytes(1_000_000);
  const answer = client.request({ ":method": "PUT", "content-length": String(body.length) }, body);
  const seen = await upstream.stream();
  await eventually(() => seen.ended, "the request");
  expect(seen.body.equals(body)).toBe(true);
  seen.stream.respond({ ":status": 200 }, { endStream: true });
  await answer.over();
  expect(back).toBeGreaterThan(given / 2);
});

test("an answer can be collected and replaced", async () => {
  const { client, upstream } = await http2Trio({
    forward: {
      response: () => ({
        maxBytes: 10,
        rewrite: (body) =>
          body === undefined
            ? { status: 500, headers: [], body: Buffer.from("too long") }
            : body.length === 3
              ? "unchanged"
              : { status: 418, headers: [["X-New", "1"]], body: Buffer.from("replaced") },
      }),
    },
  });
  for (const [body, status, expected] of [
    ["abc", 400, "abc"],
    ["abcd", 418, "replaced"],
    ["x".repeat(11), 500, "too long"],
  ] as const) {
    const answer = client.request();
    const { stream } = await upstream.stream();
    stream.respond({ ":status": 400 });
    stream.end(body);
    await answer.over();
    expect([answer.status, answer.body.toString(), answer.ended]).toEqual([status, expected, true]);
  }
});

test("an upstream that speaks HTTP/1.1 only serves a client of HTTP/2, and is not asked again", async () => {
  const upstream = await Upstream.start(host);
  const { port } = await startProxy({ upstreamPort: upstream.port, offerHttp2: () => true });
  const client = await Http2Client.open(port);
  const answer = client.request(
    { ":method": "PUT", cookie: ["a=1", "b=2"], "x-b": ["1", "2"], ":path": "/k" },
    "stream",
  );
  answer.stream.on("wantTrailers", () => answer.stream.sendTrailers({ "x-t": "up" }));
  // The first connection asked for the version.
  const probe = await upstream.connection();
  await probe.rest();
  const server = await upstream.connection();
  const head = await server.head();
  expect([head.start, ...head.lines]).toEqual([
    "PUT /k HTTP/1.1",
    `Host: ${host}`,
    "cookie: a=1; b=2",
    "x-b: 1",
    "x-b: 2",
    "Transfer-Encoding: chunked",
    "Connection: keep-alive",
  ]);
  server.write(
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 Fine\r\nX-A: 1\r\nConnection: x-gone\r\nX-Gone: 1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
  );
  await eventually(() => answer.body.toString() === "abc", "the beginning of the answer");
  answer.stream.end("up");
  await server.until((text) => text.endsWith("0\r\nx-t: up\r\n\r\n"), "the upload");
  server.write("0\r\nX-D: down\r\n\r\n");
  await answer.over();
  expect([answer.status, answer.lines, answer.trailers, answer.ended]).toEqual([200, ["x-a: 1"], ["x-d: down"], true]);
  expect(answer.informed).toEqual([[":status: 103", "link: </a>"]]);

  const second = client.request();
  await server.until((text) => text.includes("GET / HTTP/1.1"), "the second request");
  server.write("HTTP/1.1 204 No Content\r\n\r\n");
  expect((await second.over()).status).toBe(204);
  expect(upstream.connections).toHaveLength(2);
});

test("a client of HTTP/1.1 is served over HTTP/1.1 also where upstream speaks HTTP/2", async () => {
  const { port, upstream, client: other } = await http2Trio();
  const answer = other.request();
  const { stream } = await upstream.stream();
  stream.respond({ ":status": 204 }, { endStream: true });
  await answer.over();
  const client = await secured((await connectTo(port, `${host}:443`)).detach());
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  // This upstream knows nothing else than HTTP/2, and refuses the handshake.
  expect((await client.message()).start).toBe("HTTP/1.1 502 Bad Gateway");
});

test("an upstream that stops reading makes the client stop, and the rest follows when it reads on", async () => {
  const { client, upstream } = await http2Trio({ server: { read: false } });
  const size = 64 * 1024 * 1024;
  const answer = client.request({ ":method": "PUT", "content-length": String(size) }, "stream");
  const seen = await upstream.stream();
  let written = 0;
  const chunk = Buffer.alloc(65_536);
  const pump = (): void => {
    while (written < size) {
      written += chunk.length;
      if (!answer.stream.write(chunk)) return void answer.stream.once("drain", pump);
    }
    answer.stream.end();
  };
  pump();
  await delay(400);
  const stopped = written;
  expect(stopped).toBeLessThan(8 * 1024 * 1024);
  await delay(200);
  expect(written).toBe(stopped);
  let received = 0;
  seen.stream.on("data", (data: Buffer) => {
    received += data.length;
  });
  await eventually(() => received === size, "all of the upload", 20_000);
  seen.stream.respond({ ":status": 200 }, { endStream: true });
  expect((await answer.over()).status).toBe(200);
});

test("a client that stops reading makes upstream stop, and the rest follows when it reads on", async () => {
  const { client, upstream, results } = await http2Trio({ limits: { upstreamIdleTimeoutMs: 300 } });
  const size = 64 * 1024 * 1024;
  const answer = client.request();
  const { stream } = await upstream.stream();
  stream.respond({ ":status": 200 });
  await answer.head();
  answer.stream.removeAllListeners("data");
  answer.stream.pause();
  let written = 0;
  const chunk = Buffer.alloc(65_536);
  const pump = (): void => {
    while (written < size) {
      written += chunk.length;
      if (!stream.write(chunk)) return void stream.once("drain", pump);
    }
    stream.end();
  };
  pump();
  // Longer than upstream may be silent of its own accord.
  await delay(1_000);
  expect(written).toBeLessThan(8 * 1024 * 1024);
  let received = 0;
  answer.stream.on("data", (data: Buffer) => {
    received += data.length;
  });
  answer.stream.resume();
  await eventually(() => answer.closed, "all of the download", 20_000);
  expect([received, answer.ended]).toEqual([size, true]);
  await eventually(() => results.length === 1, "the result");
  expect(results).toMatchObject([{ outcome: "answered", bytesDown: size }]);
});

test("a stream that nobody reads does not hold up the others of its connection", async () => {
  const { client, upstream } = await http2Trio();
  const slow = client.request();
  const { stream } = await upstream.stream();
  stream.respond({ ":status": 200 });
  await slow.head();
  slow.stream.pause();
  for (let i = 0; i < 100; i++) stream.write(Buffer.alloc(65_536));
  for (let i = 0; i < 3; i++) {
    const quick = client.request();
    const other = await upstream.stream();
    other.stream.respond({ ":status": 200 });
    other.stream.end("ok");
    expect((await quick.over()).body.toString()).toBe("ok");
  }
  slow.stream.close(constants.NGHTTP2_CANCEL);
  await eventually(() => stream.destroyed, "the end of the slow one");
});

test("more streams than upstream allows on a connection go over further ones", async () => {
  const { client, upstream } = await http2Trio({ server: { settings: { maxConcurrentStreams: 2 } } });
  const first = client.request();
  const one = await upstream.stream();
  const answers = Array.from({ length: 4 }, () => client.request());
  const streams = [one];
  for (let i = 0; i < 4; i++) streams.push(await upstream.stream());
  for (const { stream } of streams) stream.respond({ ":status": 204 }, { endStream: true });
  for (const answer of [first, ...answers]) expect((await answer.over()).status).toBe(204);
  expect(upstream.sessions.length).toBeGreaterThanOrEqual(2);
});

test("an idle upstream connection is closed after its limit", async () => {
  const { client, upstream } = await http2Trio({ limits: { upstreamKeepAliveMs: 100 } });
  const answer = client.request();
  const seen = await upstream.stream();
  await delay(300);
  // It is not idle while a stream runs.
  expect(seen.session.closed).toBe(false);
  seen.stream.respond({ ":status": 204 }, { endStream: true });
  await answer.over();
  await eventually(() => seen.session.destroyed, "the end of the connection");
});

test("the server named in the tunnel is the one that must prove itself", async () => {
  const server = await Http2Server.start();
  const { port, errors } = await startProxy({ upstreamPort: server.port, offerHttp2: () => true, ca: [] });
  const client = await Http2Client.open(port);
  const answer = await client.request().over();
  expect(answer.status).toBe(502);
  expect(errors).toMatchObject([
    { name: "UpstreamError", stage: "connect", message: expect.stringContaining("not trusted") },
  ]);
});
