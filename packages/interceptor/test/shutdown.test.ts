import { expect, test } from "vitest";
import {
  connectTo,
  delay,
  dial,
  eventually,
  host,
  intercepted,
  signed,
  startProxy,
  streamed,
  trio,
  Upstream,
} from "./harness.ts";
import type { Wire } from "./wire.ts";

const get = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** An answer that is whole. */
async function whole(client: Wire): Promise<string> {
  const { start, body } = await client.message();
  return `${start} ${body}`;
}

test("on a graceful close running exchanges finish, idle connections are closed, new ones refused", async () => {
  const upstream = await Upstream.start(host);
  const { port, interceptor, results } = await startProxy({ upstreamPort: upstream.port });
  const running = await Promise.all(Array.from({ length: 20 }, () => intercepted(port)));
  for (const client of running) client.write(get);
  const servers: Wire[] = [];
  for (const _ of running) servers.push(await upstream.connection());
  await Promise.all(servers.map((server) => server.message()));
  // Half of the answers have begun.
  for (const server of servers.slice(0, 10)) server.write(ok.slice(0, -1));

  const idle = await intercepted(port);
  idle.write(get);
  const idleServer = await upstream.connection();
  await idleServer.message();
  idleServer.write(ok);
  await whole(idle);
  const unconnected = await dial(port);

  let closed = false;
  const closing = interceptor.close().then(() => {
    closed = true;
  });
  await idle.rest();
  unconnected.write(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`);
  expect((await unconnected.message()).start).toBe("HTTP/1.1 503 Service Unavailable");
  await expect(dial(port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await delay(50);
  expect(closed).toBe(false);

  for (const [i, server] of servers.entries()) server.write(i < 10 ? "k" : ok);
  for (const client of running) {
    expect(await whole(client)).toBe("HTTP/1.1 200 OK ok");
    await client.rest();
  }
  await closing;
  expect(results.map(({ outcome }) => outcome)).toEqual(Array(21).fill("answered"));
});

test("under load a close breaks no answer: each is whole, refused in full, or never begun", async () => {
  const upstream = await Upstream.start(host);
  const { port, interceptor, results, errors } = await startProxy({ upstreamPort: upstream.port });
  let stopped = false;
  const serve = async (server: Wire): Promise<void> => {
    while (!server.closed) {
      await server.message();
      server.write(ok);
    }
  };
  const accept = async (): Promise<void> => {
    while (!stopped) void serve(await upstream.connection()).catch(() => {});
  };
  void accept().catch(() => {});

  const answers: string[] = [];
  const clients = await Promise.all(Array.from({ length: 16 }, () => intercepted(port)));
  const ask = async (client: Wire): Promise<void> => {
    client.socket.once("end", () => client.socket.end());
    for (;;) {
      client.write(get);
      try {
        answers.push(await whole(client));
      } catch {
        // The connection ended: what was left of it is judged below.
        return;
      }
    }
  };
  const asking = clients.map(ask);
  await eventually(() => answers.length > 200, "some load");
  await interceptor.close();
  await Promise.all(asking);
  stopped = true;

  expect(clients.map(({ text }) => text)).toEqual(Array(16).fill(""));
  const kinds = new Set(answers.map((answer) => answer.slice(0, "HTTP/1.1 200".length)));
  expect([...kinds].filter((kind) => kind !== "HTTP/1.1 200" && kind !== "HTTP/1.1 503")).toEqual([]);
  expect(errors).toEqual([]);
  expect(results.every(({ outcome }) => outcome === "answered")).toBe(true);
  expect(results.length).toBe(answers.filter((answer) => answer === "HTTP/1.1 200 OK ok").length);
});

test("a request that comes while the proxy is stopping is refused, after the one before it was served", async () => {
  const { client, upstream, interceptor } = await trio();
  client.write(get);
  const server = await upstream.connection();
  await server.message();
  const closing = interceptor.close();
  client.write(get);
  await delay(50);
  server.write(ok);
  const first = await client.message();
  expect([first.start, first.header("connection")]).toEqual(["HTTP/1.1 200 OK", "close"]);
  await client.rest();
  await closing;
  expect(server.text).toBe("");
});

test("an answer that begins while the proxy is stopping says that the connection ends", async () => {
  const { client, interceptor } = await trio({
    handle: async (exchange) => {
      await delay(100);
      await exchange.respond({ status: 200, headers: [], body: Buffer.from("ours") });
    },
  });
  client.write(get);
  await delay(50);
  await interceptor.close();
  const answer = await client.message();
  expect([answer.header("connection"), answer.body.toString()]).toEqual(["close", "ours"]);
});

test("exchanges that outlast the grace are cut, and their handlers told", async () => {
  const { client, upstream, interceptor, errors } = await trio();
  client.write(get);
  const server = await upstream.connection();
  await server.message();
  await interceptor.close({ graceMs: 50 });
  expect(await client.rest()).toBe("");
  await server.rest();
  expect(errors).toMatchObject([{ name: "ClientGoneError" }]);
});

test("a hurry ends the grace", async () => {
  const { client, upstream, interceptor } = await trio();
  client.write(get);
  await (await upstream.connection()).message();
  await interceptor.close({ graceMs: 1_000_000, hurry: delay(50) });
  await client.rest();
});

test("a handler that never ends does not keep the proxy from stopping", async () => {
  const { client, interceptor } = await trio({ handle: () => new Promise(() => {}) });
  client.write(get);
  await delay(50);
  await interceptor.close({ graceMs: 10 });
  await client.rest();
});

test("tunnels live on while exchanges finish, and are cut then", async () => {
  const upstream = await Upstream.start(host);
  const plain = await Upstream.start();
  const { port, interceptor } = await startProxy({
    connectAddress: (name) => ({ host: "127.0.0.1", port: name === host ? upstream.port : plain.port }),
  });
  const client = await intercepted(port);
  client.write(get);
  const server = await upstream.connection();
  await server.message();
  const tunnelled = await connectTo(port, "example.com:443");
  tunnelled.write("hello");
  const far = await plain.connection();
  await far.until((text) => text === "hello");
  const closing = interceptor.close();
  await delay(50);
  far.write("still there");
  await tunnelled.until((text) => text === "still there");
  server.write(ok);
  await whole(client);
  await closing;
  await tunnelled.rest();
  await far.rest();
});

test("kept-alive upstream connections are closed, and closing twice does no harm", async () => {
  const { client, upstream, interceptor } = await trio({
    handle: async (exchange) => {
      await exchange.forward(signed(exchange), { body: streamed(exchange) });
    },
  });
  client.write(get);
  const server = await upstream.connection();
  await server.message();
  server.write(ok);
  await whole(client);
  await Promise.all([interceptor.close(), interceptor.close()]);
  await server.rest();
  await eventually(() => client.ended || client.closed, "the client's end");
});
