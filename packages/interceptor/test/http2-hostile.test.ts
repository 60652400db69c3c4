import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { authority, delay, eventually, host, type ProxyOptions, startProxy, Upstream } from "./harness.ts";
import {
  FramePeer,
  frame,
  frameTypes,
  getFields,
  Http2Client,
  headerBlock,
  http2Trio,
  securedHttp2,
  uint32,
} from "./http2-peers.ts";
import { Wire } from "./wire.ts";

const codes = { protocolError: 1, flowControl: 3, refused: 7, cancel: 8, calm: 11 };
type Fields = readonly (readonly [string, string])[];

/** A proxy that answers by itself, and what its handler was asked. */
async function answering(options: ProxyOptions = {}) {
  const asked: string[] = [];
  const proxy = await startProxy({
    offerHttp2: () => true,
    handle: async (exchange) => {
      asked.push(exchange.head.target);
      await exchange.respond({ status: 200, headers: [], body: Buffer.from("ok") });
    },
    ...options,
  });
  return { ...proxy, asked, client: await FramePeer.client(proxy.port) };
}

/** The fields of a GET with one of them changed, or left out. */
function changed(name: string, value?: string): Fields {
  return getFields.flatMap((field) =>
    field[0] === name ? (value === undefined ? [] : [[name, value] as const]) : [field],
  );
}

test.each<[string, Fields]>([
  ["no :path", changed(":path")],
  ["no :method", changed(":method")],
  ["no :scheme", changed(":scheme")],
  ["neither :authority nor host", changed(":authority")],
  ["user information in :authority", changed(":authority", `me@${host}`)],
  ["an empty :path", changed(":path", "")],
  ["a relative :path", changed(":path", "x")],
  ["a :path with a blank", changed(":path", "/a b")],
  ["a :path with a fragment", changed(":path", "/a#b")],
  ["a :path with a byte above ASCII", changed(":path", "/caf\xe9")],
  ["a :path with a control character", changed(":path", "/a\x7f")],
  ["a pseudo-header twice", [...getFields, [":path", "/other"]]],
  ["an unknown pseudo-header", [[":fun", "1"], ...getFields]],
  [":status", [[":status", "200"], ...getFields]],
  [":protocol (extended CONNECT is not offered)", [[":protocol", "websocket"], ...changed(":method", "CONNECT")]],
  ["a pseudo-header after a header", [...getFields.slice(1), ["x-a", "1"], [":method", "GET"]]],
  ["a name in capitals", [...getFields, ["X-Amz-Date", "now"]]],
  ["connection", [...getFields, ["connection", "x-a"]]],
  ["keep-alive", [...getFields, ["keep-alive", "1"]]],
  ["proxy-connection", [...getFields, ["proxy-connection", "1"]]],
  ["transfer-encoding", [...getFields, ["transfer-encoding", "chunked"]]],
  ["upgrade", [...getFields, ["upgrade", "websocket"]]],
  ["te other than trailers", [...getFields, ["te", "gzip"]]],
  ["two lengths", [...getFields, ["content-length", "1"], ["content-length", "2"]]],
  ["a length that is no number", [...getFields, ["content-length", "1x"]]],
  ["a length, and no body", [...getFields, ["content-length", "1"]]],
  ["two hosts", [...getFields, ["host", host], ["host", host]]],
])("a malformed request (%s) is refused before the handler sees it", async (_what, fields) => {
  const { client, asked } = await answering();
  client.headers(1, fields);
  client.headers(3, getFields);
  await eventually(() => client.ended(3), "the answer to a good one");
  expect(asked).toEqual(["/"]);
  // Reset by the protocol, or answered as a bad request.
  if (client.resetCode(1) === undefined) expect(client.begun(1)).toBe(true);
  else expect(client.resetCode(1)).toBe(codes.protocolError);
});

test.each([
  ["an empty name", "", "1"],
  ["a name with a blank", "x y", "1"],
  ["a value with a line feed", "x-a", "1\nx-b: 2"],
  ["a value with a carriage return", "x-a", "1\r"],
  ["a value with a zero", "x-a", "1\0"],
])("a line that is no header (%s) is not seen by the handler, and so not passed on", async (_what, name, value) => {
  const heads: unknown[] = [];
  const { client } = await answering({
    handle: async (exchange) => {
      heads.push(exchange.head.headers);
      await exchange.respond({ status: 200, headers: [], body: new Uint8Array() });
    },
  });
  client.headers(1, [...getFields, [name, value], ["x-good", "1"]]);
  client.headers(3, getFields);
  await eventually(() => client.ended(3), "the answer to a good one");
  expect(
    heads.length === 1 ||
      JSON.stringify(heads[0]) ===
        JSON.stringify([
          [":authority", host],
          ["x-good", "1"],
        ]),
  ).toBe(true);
});

test.each<[string, Fields, number, string]>([
  ["another host in :authority", changed(":authority", "sqs.us-east-1.amazonaws.com"), 421, ":authority names sqs"],
  ["another port in :authority", changed(":authority", `${host}:8443`), 421, ":authority names"],
  ["another host in host", [...getFields, ["host", "evil.com"]], 400, "differ"],
  ["the same host in another spelling", [...getFields, ["host", `${host}:443`]], 400, "differ"],
  [
    "another host, and no :authority",
    [...changed(":authority"), ["host", "evil.com"]],
    421,
    ":authority names evil.com",
  ],
  ["plain HTTP", changed(":scheme", "http"), 400, "the scheme must be https"],
  ["an asterisk", [...changed(":path", "*").slice(1), [":method", "OPTIONS"]], 400, "must be a path"],
  [
    "CONNECT",
    [
      [":method", "CONNECT"],
      [":authority", host],
    ],
    405,
    "CONNECT is not spoken",
  ],
  ["another expectation", [...getFields, ["expect", "tea"]], 417, "not understood"],
  [
    "two content types",
    [...getFields, ["content-type", "a"], ["content-type", "b"]],
    400,
    "content-type is given more",
  ],
  ["two authorizations", [...getFields, ["authorization", "a"], ["authorization", "b"]], 400, "authorization is given"],
])("a request with %s is answered without asking the handler", async (_what, fields, status, reason) => {
  const { port, asked, events } = await answering();
  const client = await Http2Client.open(port);
  const peer = await FramePeer.client(port);
  peer.headers(1, fields);
  await eventually(() => peer.ended(1), "the answer");
  expect(peer.content(1).toString()).toContain(reason);
  expect(events).toMatchObject([{ type: "malformedRequest", host, status, reason: expect.stringContaining(reason) }]);
  expect(asked).toEqual([]);
  expect((await client.request().over()).status).toBe(200);
});

test("a body of another length than announced never reaches upstream whole", async () => {
  const upstream = await Upstream.start(host, authority, ["h2"]);
  const { port } = await startProxy({ upstreamPort: upstream.port, offerHttp2: () => true });
  const client = await FramePeer.client(port);
  const put = [...changed(":method", "PUT"), ["content-length", "8"]] as const;
  client.headers(1, put, { end: false });
  client.send(frameTypes.data, 0, 1, Buffer.from("four"));
  const server = await FramePeer.server(upstream);
  await eventually(() => server.content(1).length === 4, "the beginning");
  // Too short.
  client.send(frameTypes.data, 0x1, 1);
  await eventually(() => client.resetCode(1) !== undefined && server.resetCode(1) !== undefined, "the resets");
  expect([client.resetCode(1), server.ended(1)]).toEqual([codes.protocolError, false]);
  // Too long.
  client.headers(3, put, { end: false });
  client.send(frameTypes.data, 0x1, 3, Buffer.from("more than eight"));
  // Later versions of Node give up the connection over it.
  await eventually(() => client.resetCode(3) !== undefined || client.goaway !== undefined, "the refusal");
  expect(server.ended(3)).toBe(false);
});

test("a head that is too long is refused, and the connection goes on", async () => {
  const { client, asked } = await answering({ limits: { maxHeaderBytes: 16_384 } });
  const value = "x".repeat(4_000);
  client.headers(
    1,
    [...getFields, ["x-a", value], ["x-b", value], ["x-c", value], ["x-d", value], ["x-e", value]].slice(
      0,
      7,
    ) as Fields,
  );
  client.headers(3, [...getFields, ["x-a", value]]);
  await eventually(() => client.ended(3), "the answer to a short one");
  expect(client.ended(1)).toBe(true);
  const whole = headerBlock([...getFields, ...Array.from({ length: 5 }, (_, i) => [`x-${i}`, value] as const)]);
  client.send(frameTypes.headers, 0x1, 5, whole.subarray(0, 10_000));
  client.send(frameTypes.continuation, 0x4, 5, whole.subarray(10_000));
  await eventually(() => client.resetCode(5) !== undefined, "the reset");
  expect([client.resetCode(5), asked.length]).toEqual([codes.calm, 2]);
});

test("a head as long as session tokens and presigned URLs make it is served", async () => {
  const { client } = await answering();
  const whole = headerBlock([
    ...getFields,
    ...Array.from({ length: 10 }, (_, i) => [`x-${i}`, "x".repeat(6_554)] as const),
  ]);
  for (let at = 0; at < whole.length; at += 16_000) {
    const last = at + 16_000 >= whole.length;
    client.send(
      at === 0 ? frameTypes.headers : frameTypes.continuation,
      (at === 0 ? 0x1 : 0) | (last ? 0x4 : 0),
      1,
      whole.subarray(at, at + 16_000),
    );
  }
  await eventually(() => client.ended(1), "the answer");
});

test("too many header lines are refused", async () => {
  const { client, asked } = await answering({ limits: { maxHeaderLines: 20 } });
  client.headers(1, [...getFields, ...Array.from({ length: 20 }, () => ["x", ""] as const)]);
  await eventually(() => client.resetCode(1) !== undefined, "the reset");
  expect(asked).toEqual([]);
});

test("a head that decompresses to much more than it is long is refused", async () => {
  const { client, asked } = await answering();
  // One long field kept in the table (RFC 7541 section 6.2.1), then named 200 times over by one byte each.
  const first = Buffer.concat([
    headerBlock(getFields),
    Buffer.from([0x40]),
    headerBlock([["x-bomb", "x".repeat(3_500)]]).subarray(1),
  ]);
  client.send(frameTypes.headers, 0x5, 1, Buffer.concat([first, Buffer.alloc(200, 0x80 | 62)]));
  await eventually(() => client.resetCode(1) !== undefined || client.goaway !== undefined, "the refusal");
  expect(asked).toEqual([]);
});

test("a flood of CONTINUATION frames ends the connection", async () => {
  const { client, asked } = await answering();
  client.send(frameTypes.headers, 0x1, 1, headerBlock(getFields));
  for (let i = 0; i < 10_000 && !client.wire.closed; i++) client.send(frameTypes.continuation, 0, 1);
  await eventually(() => client.wire.closed || client.wire.ended, "the end of the connection");
  expect(asked).toEqual([]);
});

test("a head that never ends is cut off", async () => {
  const { client } = await answering({ limits: { headersTimeoutMs: 200 } });
  client.send(frameTypes.headers, 0x1, 1, headerBlock(getFields));
  await client.wire.rest();
});

test("a connection on which no request comes is closed, and one that idles between requests", async () => {
  const { client } = await answering({ limits: { headersTimeoutMs: 200 } });
  await client.wire.rest();
  const { client: other } = await answering({ limits: { keepAliveTimeoutMs: 200 } });
  other.headers(1, getFields);
  await eventually(() => other.ended(1), "the answer");
  await other.wire.rest();
});

test("what is not HTTP/2 after HTTP/2 was agreed ends the connection", async () => {
  const { port, events } = await answering();
  const { socket, raw } = await securedHttp2(port);
  const wire = new Wire(socket, raw);
  wire.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await wire.rest();
  await eventually(() => events.length > 0, "the event");
  expect(events).toMatchObject([{ type: "malformedRequest", host, reason: expect.stringContaining("HTTP/2") }]);
});

test("a client that opens streams only to reset them is cut off", async () => {
  let running = 0;
  let most = 0;
  const { client, events, port } = await answering({
    limits: { maxResets: 50 },
    handle: async (exchange) => {
      running += 1;
      most = Math.max(most, running);
      await eventually(() => exchange.clientGone, "the reset");
      running -= 1;
    },
  });
  for (let stream = 1; stream < 2_000 && !client.wire.closed; stream += 2) {
    client.headers(stream, getFields);
    client.reset(stream, codes.cancel);
    if (stream % 40 === 1) await delay(1);
  }
  await eventually(() => client.wire.ended || client.wire.closed, "the end of the connection");
  expect(events).toMatchObject([{ type: "malformedRequest", reason: "too many streams were reset" }]);
  expect(most).toBeLessThan(250);
  await eventually(() => running === 0, "the end of the handlers");
  expect((await Http2Client.open(port)).goaway).toBeUndefined();
});

test("a client that makes us reset its streams is cut off as well", async () => {
  const { client } = await answering({ limits: { maxResets: 50 }, handle: () => delay(300) });
  for (let stream = 1; stream < 600 && !client.wire.closed; stream += 2) {
    client.headers(stream, changed(":method", "PUT"), { end: false });
    // A window that overflows is an error of the stream.
    client.send(frameTypes.windowUpdate, 0, stream, uint32(0x7fffffff));
    if (stream % 40 === 1) await delay(1);
  }
  await eventually(() => client.wire.ended || client.wire.closed, "the end of the connection");
});

test("handlers that outlive their streams are bounded too", async () => {
  let running = 0;
  const { client } = await answering({
    limits: { maxStreams: 5, maxResets: 1_000 },
    handle: () => {
      running += 1;
      return new Promise(() => {});
    },
  });
  const refused = (stream: number): boolean => client.resetCode(stream) === codes.refused;
  let stream = 1;
  for (; running < 10 && stream < 400; stream += 2) {
    const before = running;
    client.headers(stream, getFields);
    await eventually(() => running > before || refused(stream), "a handler or a refusal");
    client.reset(stream, codes.cancel);
  }
  client.headers(stream, getFields);
  await eventually(() => refused(stream), "the refusal");
  expect(running).toBe(10);
});

test("more streams than allowed at once are refused", async () => {
  // A client that never acknowledges the settings is bound by them all the same.
  const { client, asked } = await answering({ limits: { maxStreams: 3 }, handle: () => new Promise(() => {}) });
  for (let stream = 1; stream <= 9; stream += 2) client.headers(stream, getFields);
  await eventually(() => client.resetCode(9) !== undefined, "the refusal");
  expect([client.resetCode(7), client.resetCode(9), asked.length]).toEqual([codes.refused, codes.refused, 0]);
});

test.each([
  ["PING", (client: FramePeer) => client.send(frameTypes.ping, 0, 0, Buffer.alloc(8))],
  ["SETTINGS", (client: FramePeer) => client.send(frameTypes.settings, 0, 0)],
])("a flood of %s frames ends the connection", async (_name, send) => {
  const { client, events } = await answering();
  for (let i = 0; i < 2_000 && !client.wire.closed; i++) send(client);
  await eventually(() => client.wire.ended || client.wire.closed, "the end of the connection");
  expect(events).toMatchObject([{ type: "malformedRequest", reason: "too many PING or SETTINGS frames came" }]);
});

test("a flood of empty DATA frames ends the connection", async () => {
  const { client } = await answering({ handle: () => new Promise(() => {}) });
  client.headers(1, changed(":method", "PUT"), { end: false });
  for (let i = 0; i < 20_000 && !client.wire.closed; i++) client.send(frameTypes.data, 0, 1);
  await eventually(() => client.wire.ended || client.wire.closed, "the end of the connection");
});

test("a client that lets nothing of its answer come is cut off", async () => {
  const { port } = await answering({
    limits: { answerIdleTimeoutMs: 200 },
    handle: (exchange) => exchange.respond({ status: 200, headers: [], body: Buffer.alloc(200_000) }),
  });
  // SETTINGS_INITIAL_WINDOW_SIZE of 0.
  const client = await FramePeer.client(port, Buffer.concat([Buffer.from([0, 4]), uint32(0)]));
  client.headers(1, getFields);
  await eventually(() => client.resetCode(1) !== undefined, "the reset");
  expect([client.resetCode(1), client.ended(1)]).toEqual([codes.cancel, false]);
});

test("a client that takes its answer slowly is not cut off", async () => {
  const { port, upstream } = await http2Trio({ limits: { answerIdleTimeoutMs: 2_000 } });
  const client = await FramePeer.client(port, Buffer.concat([Buffer.from([0, 4]), uint32(0)]));
  client.headers(1, getFields);
  const { stream } = await upstream.stream();
  stream.respond({ ":status": 200 });
  for (let i = 0; i < 10; i++) stream.write(Buffer.alloc(16_000));
  stream.end();
  await eventually(() => client.begun(1), "the head");
  for (let i = 0; i < 21; i++) {
    client.send(frameTypes.windowUpdate, 0, 1, uint32(8_000));
    client.send(frameTypes.windowUpdate, 0, 0, uint32(8_000));
    await delay(100);
  }
  await eventually(() => client.ended(1), "the end of the answer");
  expect(client.content(1).length).toBe(160_000);
});

test("a request body that stands still is cut off; a conversation in which the answer moves is not", async () => {
  const { client, upstream } = await http2Trio({ limits: { bodyIdleTimeoutMs: 1_500 } });
  const still = client.request({ ":method": "PUT" }, "stream");
  const seen = await upstream.stream();
  await still.over();
  expect(still.rstCode).toBe(codes.cancel);
  await eventually(() => seen.closed, "the reset at upstream");

  const talk = client.request({ ":method": "POST" }, "stream");
  const { stream } = await upstream.stream();
  stream.respond({ ":status": 200 });
  for (let i = 0; i < 8; i++) {
    await delay(250);
    stream.write("x");
  }
  talk.stream.end();
  stream.end();
  await talk.over();
  expect([talk.body.toString(), talk.rstCode]).toEqual(["xxxxxxxx", 0]);
});

test("frames that break the protocol end the connection, and nothing else", async () => {
  for (const bytes of [
    frame(frameTypes.data, 0, 0, Buffer.from("x")),
    frame(frameTypes.headers, 0x5, 2, headerBlock(getFields)),
    frame(frameTypes.settings, 0, 1, new Uint8Array()),
    frame(frameTypes.settings, 0, 0, Buffer.alloc(5)),
    frame(frameTypes.ping, 0, 0, Buffer.alloc(7)),
    frame(frameTypes.windowUpdate, 0, 0, uint32(0)),
    frame(frameTypes.windowUpdate, 0, 0, uint32(0x7fffffff)),
    frame(frameTypes.headers, 0x5, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])),
    frame(frameTypes.continuation, 0x4, 1, headerBlock(getFields)),
    Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]), Buffer.alloc(100)]),
  ]) {
    const { client, asked, interceptor } = await answering();
    client.wire.write(bytes);
    await eventually(() => client.goaway !== undefined || client.wire.ended, "the end of the connection");
    // It is not listened to any more.
    client.headers(99, getFields);
    await delay(20);
    expect(asked).toEqual([]);
    await interceptor.close({ graceMs: 0 });
  }
});

test("an upstream that breaks the protocol is an error that the client is told", async () => {
  const upstream = await Upstream.start(host, authority, ["h2"]);
  const { port, errors } = await startProxy({
    upstreamPort: upstream.port,
    offerHttp2: () => true,
    // Node does not tell of every fault that ends a connection.
    limits: { upstreamIdleTimeoutMs: 300 },
  });
  const client = await Http2Client.open(port);
  for (const bytes of [
    frame(frameTypes.data, 0, 1, Buffer.from("no head before it")),
    frame(frameTypes.headers, 0x5, 1, headerBlock([["x-a", "no status"]])),
    frame(
      frameTypes.headers,
      0x5,
      1,
      headerBlock([
        [":status", "200"],
        ["connection", "close"],
      ]),
    ),
    // A push, which was turned off.
    frame(5, 0x4, 1, Buffer.concat([uint32(2), headerBlock(getFields)])),
    Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"),
  ]) {
    const asked = client.request({ ":method": "POST" }, Buffer.from("x"));
    const before = errors.length;
    const server = await FramePeer.server(upstream);
    await eventually(() => server.ended(1), "the request");
    server.wire.write(bytes);
    expect((await asked.over()).status).toBe(502);
    expect(errors.length).toBe(before + 1);
    server.wire.raw.destroy();
    await delay(20);
  }
});

test("descriptors stay level, whatever becomes of the connections", async () => {
  const { port, upstream, interceptor } = await http2Trio();
  const open = (): number => readdirSync("/proc/self/fd").length;
  const round = async (): Promise<void> => {
    const answered = await Http2Client.open(port);
    const asked = answered.request();
    (await upstream.stream()).stream.respond({ ":status": 204 }, { endStream: true });
    await asked.over();
    answered.session.close();
    const broken = await Http2Client.open(port);
    broken.request();
    await upstream.stream();
    broken.raw.resetAndDestroy();
    const { raw } = await securedHttp2(port);
    raw.end();
    const silent = await FramePeer.client(port);
    silent.wire.raw.destroy();
    await eventually(() => answered.closed, "the end of the first");
    await delay(20);
    raw.destroy();
  };
  for (let i = 0; i < 3; i++) await round();
  await delay(300);
  const before = open();
  for (let i = 0; i < 20; i++) await round();
  await eventually(() => open() <= before + 4, "the descriptors");
  await interceptor.close({ graceMs: 0 });
});
