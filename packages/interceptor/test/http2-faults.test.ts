import { once } from "node:events";
import { createSecureServer } from "node:http2";
import { expect, onTestFinished, test } from "vitest";
import { afterFrames } from "../src/after-frames.ts";
import { UpstreamProxy } from "../src/index.ts";
import { ConnectProxy } from "./connect-proxy.ts";
import {
  authority,
  delay,
  dial,
  eventually,
  host,
  type ProxyOptions,
  passThrough,
  signed,
  startProxy,
  Upstream,
} from "./harness.ts";
import { FramePeer, frameTypes, Http2Client, Http2Server, http2Trio, type SeenStream, uint32 } from "./http2-peers.ts";

const codes = { noError: 0, protocolError: 1, internalError: 2, refused: 7, cancel: 8, calm: 11, http1: 13 };

/** A client before a proxy whose upstream is frames. */
async function framed(options: ProxyOptions = {}) {
  const upstream = await Upstream.start(host, authority, ["h2"]);
  const proxy = await startProxy({ upstreamPort: upstream.port, offerHttp2: () => true, ...options });
  return { ...proxy, upstream, client: await Http2Client.open(proxy.port) };
}

function answer({ stream }: SeenStream): void {
  stream.respond({ ":status": 200 });
  stream.end("ok");
}

test("a client that resets its stream before the answer resets that of upstream", async () => {
  const { client, upstream, errors } = await framed();
  const asked = client.request({ ":method": "POST" }, "stream");
  asked.stream.write("some");
  const server = await FramePeer.server(upstream);
  await eventually(() => server.content(1).length === 4, "the beginning of the request");
  asked.stream.close(codes.cancel);
  await eventually(() => server.resetCode(1) !== undefined, "the reset");
  expect([server.resetCode(1), server.ended(1)]).toEqual([codes.cancel, false]);
  await eventually(() => errors.length === 1, "the error");
  expect(errors).toMatchObject([{ name: "ClientGoneError" }]);
});

test("a client that resets its stream during the answer resets that of upstream", async () => {
  const { client, upstream, results } = await http2Trio();
  const asked = client.request();
  const { stream } = await upstream.stream();
  stream.respond({ ":status": 200 });
  stream.write("some");
  await asked.head();
  asked.stream.close(codes.cancel);
  await eventually(() => stream.closed, "the reset");
  expect(stream.rstCode).toBe(codes.cancel);
  await eventually(() => results.length === 1, "the result");
  expect(results).toMatchObject([{ outcome: "aborted" }]);
});

test("a client whose connection breaks off resets all its streams at upstream, and not the connection", async () => {
  const { client, upstream, port } = await http2Trio();
  client.request();
  client.request({ ":method": "POST" }, "stream");
  const other = (await Http2Client.open(port)).request();
  const streams = [await upstream.stream(), await upstream.stream(), await upstream.stream()];
  client.raw.resetAndDestroy();
  await eventually(() => streams.filter(({ closed }) => closed).length === 2, "the resets");
  const left = streams.find(({ closed }) => !closed) as SeenStream;
  answer(left);
  expect((await other.over()).body.toString()).toBe("ok");
});

test.each([
  [codes.internalError, codes.internalError],
  [codes.cancel, codes.cancel],
  [codes.calm, codes.calm],
  // Without an error code a reset would look like a good end.
  [codes.noError, codes.internalError],
])(
  "an upstream that resets its answer with %i resets the client's with %i, and it does not look whole",
  async (code, expected) => {
    const { client, upstream, results } = await framed();
    const asked = client.request();
    const server = await FramePeer.server(upstream);
    await eventually(() => server.begun(1), "the request");
    server.headers(1, [[":status", "200"]], { end: false });
    server.send(frameTypes.data, 0, 1, Buffer.from("some"));
    await eventually(() => asked.body.length === 4, "the beginning of the answer");
    server.reset(1, code);
    await asked.over();
    expect([asked.rstCode, asked.body.toString()]).toEqual([expected, "some"]);
    await eventually(() => results.length === 1, "the result");
    expect(results).toMatchObject([{ outcome: "failed", error: { name: "UpstreamError" } }]);
  },
);

test("what upstream said before it reset a stream with NO_ERROR is no whole answer to a client of HTTP/2, however it is framed", async () => {
  const { port, upstream } = await framed();
  const client = await FramePeer.client(port);
  client.headers(1, [
    [":method", "GET"],
    [":scheme", "https"],
    [":authority", host],
    [":path", "/"],
  ]);
  const server = await FramePeer.server(upstream);
  await eventually(() => server.begun(1), "the request");
  server.headers(1, [[":status", "200"]], { end: false });
  server.send(frameTypes.data, 0, 1, Buffer.from("some"));
  server.reset(1, codes.noError);
  await eventually(() => client.resetCode(1) !== undefined, "the reset");
  expect([client.resetCode(1), client.ended(1)]).toEqual([codes.internalError, false]);
});

test("a client that resets its request with NO_ERROR has not sent a whole one", async () => {
  const { port, upstream } = await framed();
  const client = await FramePeer.client(port);
  client.headers(
    1,
    [
      [":method", "POST"],
      [":scheme", "https"],
      [":authority", host],
      [":path", "/"],
    ],
    { end: false },
  );
  client.send(frameTypes.data, 0, 1, Buffer.from("some"));
  const server = await FramePeer.server(upstream);
  await eventually(() => server.content(1).length === 4, "the beginning of the request");
  client.reset(1, codes.noError);
  await eventually(() => server.resetCode(1) !== undefined, "the reset");
  expect([server.resetCode(1), server.ended(1)]).toEqual([codes.cancel, false]);
});

test("an upstream that resets before its answer is an error that the client is told", async () => {
  const { client, upstream, errors } = await http2Trio();
  const asked = client.request();
  const { stream } = await upstream.stream();
  afterFrames(() => stream.close(codes.internalError));
  await asked.over();
  expect([asked.status, asked.body.toString()]).toEqual([502, `${host}: it reset the stream (INTERNAL_ERROR)`]);
  expect(errors).toMatchObject([{ name: "UpstreamError", stage: "exchange" }]);
});

test("an upstream whose connection breaks off in an answer breaks off the answer", async () => {
  const { client, upstream } = await http2Trio();
  const asked = client.request();
  const { stream } = await upstream.stream();
  stream.respond({ ":status": 200 });
  stream.write("some");
  await eventually(() => asked.body.length === 4, "the beginning of the answer");
  upstream.sockets[0]?.resetAndDestroy();
  await asked.over();
  expect([asked.rstCode, asked.body.toString()]).toEqual([codes.internalError, "some"]);
  const next = client.request();
  answer(await upstream.stream());
  expect((await next.over()).body.toString()).toBe("ok");
});

const refuse = (): never => {
  throw new Error("the body is not what was signed");
};

test.each([
  ["push", undefined],
  ["push", "8"],
  ["end", undefined],
  ["end", "8"],
])(
  "a filter that throws in %s (length %s) resets upstream before the end of the request, and the client is told",
  async (where, length) => {
    const filter = where === "push" ? { ...passThrough, push: refuse } : { ...passThrough, end: refuse };
    const { client, upstream } = await framed({ forward: { body: filter } });
    const asked = client.request(
      { ":method": "PUT", ...(length === undefined ? {} : { "content-length": length }) },
      "stream",
    );
    const server = await FramePeer.server(upstream);
    await eventually(() => server.begun(1), "the head");
    asked.stream.write("some");
    asked.stream.end("more");
    await asked.over();
    expect([asked.status, asked.body.toString()]).toEqual([502, "the body is not what was signed"]);
    await eventually(() => server.resetCode(1) !== undefined, "the reset");
    expect([server.resetCode(1), server.ended(1)]).toEqual([codes.cancel, false]);
    if (length !== undefined) expect(server.content(1).length).toBeLessThan(8);
  },
);

test("a filter that throws while the answer runs resets both sides, and neither message looks whole", async () => {
  let good = true;
  const { client, upstream, results } = await framed({
    forward: { body: { ...passThrough, push: (chunk) => (good ? chunk : refuse()) } },
  });
  const asked = client.request({ ":method": "POST" }, "stream");
  asked.stream.write("good");
  const server = await FramePeer.server(upstream);
  await eventually(() => server.content(1).length === 4, "the beginning of the request");
  server.headers(1, [[":status", "200"]], { end: false });
  server.send(frameTypes.data, 0, 1, Buffer.from("some"));
  await eventually(() => asked.body.length === 4, "the beginning of the answer");
  good = false;
  asked.stream.write("bad!");
  asked.stream.end();
  await asked.over();
  expect(asked.rstCode).toBe(codes.internalError);
  await eventually(() => server.resetCode(1) !== undefined, "the reset");
  expect([server.resetCode(1), server.ended(1), server.content(1).toString()]).toEqual([codes.cancel, false, "good"]);
  await eventually(() => results.length === 1, "the result");
  expect(results).toMatchObject([{ outcome: "failed", error: { message: "the body is not what was signed" } }]);
});

test("a request that upstream refused to look at is sent once more, whatever its method", async () => {
  const { client, upstream } = await framed({
    handle: async (exchange) => {
      const body = await exchange.readBody({ limit: 10 });
      await exchange.forward(signed(exchange), { body });
    },
  });
  const asked = client.request({ ":method": "POST" }, Buffer.from("abc"));
  const server = await FramePeer.server(upstream);
  await eventually(() => server.ended(1), "the request");
  server.reset(1, codes.refused);
  await eventually(() => server.ended(3), "the same request");
  expect(server.content(3).toString()).toBe("abc");
  server.headers(3, [[":status", "204"]]);
  expect((await asked.over()).status).toBe(204);
});

test("a request that upstream refuses twice is given up", async () => {
  const { client, upstream, errors } = await framed();
  const asked = client.request();
  const server = await FramePeer.server(upstream);
  await eventually(() => server.ended(1), "the request");
  server.reset(1, codes.refused);
  await eventually(() => server.ended(3), "the same request");
  server.reset(3, codes.refused);
  expect((await asked.over()).status).toBe(502);
  expect(errors).toMatchObject([{ message: `${host}: it reset the stream (REFUSED_STREAM)` }]);
});

test("a streamed body is sent once more only if none of it had come", async () => {
  const { client, upstream } = await framed();
  const late = client.request({ ":method": "PUT" }, "stream");
  const server = await FramePeer.server(upstream);
  await eventually(() => server.begun(1), "the head");
  server.reset(1, codes.refused);
  await eventually(() => server.begun(3), "the same head");
  late.stream.end("body");
  await eventually(() => server.ended(3), "the body");
  expect(server.content(3).toString()).toBe("body");
  server.headers(3, [[":status", "204"]]);
  expect((await late.over()).status).toBe(204);

  const begun = client.request({ ":method": "PUT" }, "stream");
  begun.stream.write("some");
  await eventually(() => server.content(5).length === 4, "the beginning of the body");
  server.reset(5, codes.refused);
  expect((await begun.over()).status).toBe(502);
});

test("streams that a GOAWAY leaves out are sent over another connection; those before it finish", async () => {
  const { client, upstream } = await framed();
  const first = client.request({ ":path": "/first" });
  const server = await FramePeer.server(upstream);
  await eventually(() => server.ended(1), "the first request");
  const second = client.request({ ":method": "POST", ":path": "/second" });
  await eventually(() => server.ended(3), "the second request");
  server.send(frameTypes.goaway, 0, 0, Buffer.concat([uint32(1), uint32(0)]));
  const next = await FramePeer.server(upstream);
  await eventually(() => next.ended(1), "the second request on another connection");
  next.headers(1, [[":status", "202"]]);
  expect((await second.over()).status).toBe(202);
  server.headers(1, [[":status", "201"]]);
  expect((await first.over()).status).toBe(201);
  await server.wire.rest();
});

test("a kept connection that upstream closed is not used again", async () => {
  const { client, upstream } = await http2Trio();
  for (let i = 0; i < 3; i++) {
    const asked = client.request({ ":method": "POST" });
    const seen = await upstream.stream();
    answer(seen);
    expect((await asked.over()).body.toString()).toBe("ok");
    seen.session.destroy();
    await delay(50);
  }
  expect(upstream.sessions).toHaveLength(3);
});

test("a GET whose kept connection breaks off is sent once more, another method not", async () => {
  const { client, upstream, errors } = await http2Trio();
  const first = client.request();
  answer(await upstream.stream());
  await first.over();
  const get = client.request();
  await upstream.stream();
  upstream.sockets[0]?.resetAndDestroy();
  answer(await upstream.stream());
  expect((await get.over()).body.toString()).toBe("ok");
  expect(upstream.sessions).toHaveLength(2);

  const post = client.request({ ":method": "POST" });
  await upstream.stream();
  upstream.sockets[1]?.resetAndDestroy();
  expect((await post.over()).status).toBe(502);
  expect(errors).toMatchObject([{ message: `${host}: the connection was closed before an answer came` }]);
  expect(upstream.sessions).toHaveLength(2);
});

test("a GET whose kept connection breaks off after an interim answer is not sent again", async () => {
  const { client, upstream, errors } = await http2Trio();
  const first = client.request();
  answer(await upstream.stream());
  await first.over();
  const get = client.request();
  const informed = once(get.stream, "headers");
  const { stream } = await upstream.stream();
  stream.additionalHeaders({ ":status": 103, link: "</a>" });
  await informed;
  upstream.sockets[0]?.resetAndDestroy();
  expect((await get.over()).status).toBe(502);
  expect(errors).toMatchObject([{ message: `${host}: the connection was closed before an answer came` }]);
  expect(upstream.sessions).toHaveLength(1);
});

test("an upstream that wants HTTP/1.1 for a request gets it so", async () => {
  const context = await authority.secureContext(host);
  const versions: string[] = [];
  const server = createSecureServer({ allowHTTP1: true, SNICallback: (_name, done) => done(null, context) });
  server.on("request", (request, response) => {
    versions.push(request.httpVersion);
    if (request.httpVersion === "1.1") return response.end("ok");
    afterFrames(() => (request as { stream: { close(code: number): void } }).stream.close(codes.http1));
    return undefined;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const proxy = await startProxy({ upstreamPort: port, offerHttp2: () => true });
  const client = await Http2Client.open(proxy.port);
  expect((await client.request({ ":method": "POST" }).over()).body.toString()).toBe("ok");
  expect((await client.request().over()).body.toString()).toBe("ok");
  expect(versions).toEqual(["2.0", "1.1", "1.1"]);
});

test("an upstream that stays silent is given up; a stream that speaks now and then is not", async () => {
  const { client, upstream, errors } = await http2Trio({
    limits: { upstreamIdleTimeoutMs: 1_500, upstreamKeepAliveMs: 50 },
  });
  const talk = client.request();
  const { stream } = await upstream.stream();
  stream.respond({ ":status": 200 });
  for (let i = 0; i < 8; i++) {
    await delay(250);
    stream.write("x");
  }
  stream.end();
  expect((await talk.over()).body.toString()).toBe("xxxxxxxx");
  const silent = client.request();
  const seen = await upstream.stream();
  expect((await silent.over()).status).toBe(502);
  expect(errors).toMatchObject([{ message: `${host}: timed out: no answer` }]);
  await eventually(() => seen.closed, "the reset");
  expect(seen.stream.rstCode).toBe(codes.cancel);
});

test("an upstream that cannot be reached is told as such", async () => {
  const gone = await Upstream.start();
  gone.close();
  const silent = await Upstream.start();
  for (const [port, message] of [
    [gone.port, `${host}: the connection was refused`],
    [silent.port, `${host}: timed out: no TLS connection to ${host} (127.0.0.1:${silent.port}) within 0.3 s`],
  ] as const) {
    const proxy = await startProxy({ upstreamPort: port, offerHttp2: () => true, limits: { connectTimeoutMs: 300 } });
    const asked = await (await Http2Client.open(proxy.port)).request().over();
    expect([asked.status, asked.body.toString()]).toEqual([502, message]);
    expect(proxy.errors).toMatchObject([{ name: "UpstreamError", stage: "connect" }]);
  }
});

test("HTTP/2 goes through another proxy as HTTP/1.1 does", async () => {
  const upstream = await Http2Server.start();
  const company = await ConnectProxy.start({ upstreamPort: upstream.port });
  const { port } = await startProxy({
    offerHttp2: () => true,
    connectAddress: () => undefined,
    upstreamProxy: () => new UpstreamProxy({ host: "127.0.0.1", port: company.port }),
  });
  const client = await Http2Client.open(port);
  const asked = client.request();
  answer(await upstream.stream());
  expect((await asked.over()).body.toString()).toBe("ok");
  expect(company.seen.map(({ target }) => target)).toEqual([`${host}:443`]);
});

test("a handler that fails resets its stream, and the others go on", async () => {
  const { client, events } = await http2Trio({
    handle: async (exchange) => {
      if (exchange.head.target === "/bad") throw new Error("a bug");
      await exchange.respond({ status: 200, headers: [], body: Buffer.from("ok") });
    },
  });
  const bad = await client.request({ ":path": "/bad" }).over();
  expect([bad.status, bad.rstCode]).toEqual([undefined, codes.internalError]);
  expect((await client.request().over()).body.toString()).toBe("ok");
  expect(events).toMatchObject([{ type: "error", error: { message: "a bug" } }]);
});

test.each([
  "HTTP/1.1 200 OK\r\nContent-Type: a\r\nContent-Type: b\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 103 Early Hints\r\nEtag: a\r\nEtag: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n",
])("an answer that HTTP/2 cannot carry (%#) is an error, not a crash", async (bytes) => {
  const upstream = await Upstream.start(host);
  const { port } = await startProxy({ upstreamPort: upstream.port, offerHttp2: () => true });
  const client = await Http2Client.open(port);
  const asked = client.request();
  await (await upstream.connection()).rest();
  const server = await upstream.connection();
  await server.message();
  server.write(bytes);
  await asked.over();
  expect(asked.status).toBe(502);
  expect(asked.body.toString()).toContain("cannot be passed on over HTTP/2");
});

test("a close lets running streams finish, tells clients to go, and ends their connections", async () => {
  const { client, upstream, interceptor, port } = await http2Trio();
  const idle = await Http2Client.open(port);
  const asked = client.request();
  const talk = client.request({ ":method": "POST" }, "stream");
  const [seen, other] = [await upstream.stream(), await upstream.stream()];
  const closing = interceptor.close();
  await eventually(() => client.goaway === 0 && idle.closed, "the notice");
  expect(client.session.closed).toBe(true);
  await expect(dial(port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await delay(50);
  answer(seen);
  expect((await asked.over()).body.toString()).toBe("ok");
  talk.stream.end("bye");
  await eventually(() => other.ended, "the end of the other request");
  answer(other);
  expect((await talk.over()).body.toString()).toBe("ok");
  await closing;
  await eventually(() => client.closed, "the end of the connection");
  await eventually(() => upstream.sessions.every(({ destroyed }) => destroyed), "the end of those to upstream");
});

test("streams that outlast the grace of a close are cut", async () => {
  const { client, upstream, interceptor, errors } = await http2Trio();
  const asked = client.request();
  const seen = await upstream.stream();
  await interceptor.close({ graceMs: 50 });
  await eventually(() => seen.closed, "the reset at upstream");
  expect(asked.status).toBeUndefined();
  expect(errors).toMatchObject([{ name: "ClientGoneError" }]);
});

test("under load a close breaks no answer: each is whole, or was never begun", async () => {
  const { client, upstream, interceptor, port, errors } = await http2Trio();
  let stopped = false;
  const serve = async (): Promise<void> => {
    while (!stopped) answer(await upstream.stream());
  };
  void serve().catch(() => {});
  const clients = [client, await Http2Client.open(port), await Http2Client.open(port)];
  let whole = 0;
  const broken: unknown[] = [];
  const ask = async (one: Http2Client): Promise<void> => {
    for (;;) {
      if (one.session.closed || one.session.destroyed) return;
      const asked = await one.request().over();
      if (asked.status === 200 && asked.ended && asked.body.toString() === "ok") whole += 1;
      // What GOAWAY left out was refused before it was looked at, or did not leave.
      else if (
        asked.status !== undefined ||
        (![codes.refused, codes.cancel].includes(asked.rstCode) && asked.error?.code !== "ERR_HTTP2_GOAWAY_SESSION")
      )
        broken.push([asked.status, asked.rstCode, asked.error?.code, asked.body.toString()]);
    }
  };
  const asking = clients.flatMap((one) => Array.from({ length: 4 }, () => ask(one)));
  await eventually(() => whole > 200, "some load");
  await interceptor.close();
  await Promise.all(asking);
  stopped = true;
  expect(broken).toEqual([]);
  expect(errors).toEqual([]);
});
