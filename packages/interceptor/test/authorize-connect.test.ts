import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { connectTo, dial, startProxy } from "./harness.ts";

const password = "Basic cnVuOnNlY3JldA==";
const authorizeConnect = (given: string | undefined): boolean => given === password;

test.each([
  ["no password", ""],
  ["a wrong one", "Proxy-Authorization: Basic d3Jvbmc=\r\n"],
])("where a client must be authorized, CONNECT with %s is answered 407 and reaches nothing", async (_what, line) => {
  const { port, events } = await startProxy({ authorizeConnect });
  const client = await dial(port);
  client.write(`CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n${line}\r\n`);
  const answer = await client.message();
  expect(answer.start).toBe("HTTP/1.1 407 Proxy Authentication Required");
  expect(answer.header("proxy-authenticate")).toBe('Basic realm="iam-agent-proxy"');
  expect(events.map(({ type }) => type)).toEqual(["refused"]);
});

test("so is a target that would be refused anyway: the port tells a stranger nothing", async () => {
  const { port } = await startProxy({ authorizeConnect });
  for (const request of [
    "CONNECT 127.0.0.1:22 HTTP/1.1",
    "CONNECT nonsense HTTP/1.1",
    "GET http://a.example/ HTTP/1.1",
  ]) {
    const client = await dial(port);
    client.write(`${request}\r\nHost: a.example\r\n\r\n`);
    expect((await client.message()).start).toBe("HTTP/1.1 407 Proxy Authentication Required");
  }
});

test("with its password a client is let through", async () => {
  const { port } = await startProxy({ authorizeConnect });
  const client = await dial(port);
  client.write(
    `CONNECT s3.us-east-1.amazonaws.com:443 HTTP/1.1\r\nHost: s3.us-east-1.amazonaws.com\r\nProxy-Authorization: ${password}\r\n\r\n`,
  );
  expect((await client.message({ bodiless: true })).start).toBe("HTTP/1.1 200 Connection Established");
});

test("a connection accepted elsewhere is served without one", async () => {
  const { interceptor } = await startProxy({ authorizeConnect });
  const door = createServer((socket: Socket) => interceptor.accept(socket)).listen(0, "127.0.0.1");
  await once(door, "listening");
  const { port } = door.address() as { port: number };
  await connectTo(port, "s3.us-east-1.amazonaws.com:443");
  door.close();
});

test("and takes nobody's place when it was over before", async () => {
  const { interceptor, port } = await startProxy({ limits: { maxConnections: 2 } });
  for (let i = 0; i < 3; i++) {
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    socket.destroy();
    await once(socket, "close");
    interceptor.accept(socket);
  }
  await connectTo(port, "s3.us-east-1.amazonaws.com:443");
});

test("and is dropped when the proxy does not listen any more", async () => {
  const { interceptor } = await startProxy();
  await interceptor.close({ graceMs: 0 });
  const door = createServer((socket: Socket) => interceptor.accept(socket)).listen(0, "127.0.0.1");
  await once(door, "listening");
  const client = connect((door.address() as { port: number }).port, "127.0.0.1");
  client.on("error", () => {});
  await once(client, "close");
  door.close();
});
