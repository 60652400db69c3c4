import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { connect as connectHttp2, constants } from "node:http2";
import { connect, createServer, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";
import { FakeAws } from "./fake-aws.ts";
import { FaultyAws } from "./faulty-aws.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { connectThroughProxy, exchange } from "./raw-client.ts";
import { expectNoSecrets, expectOnlySigned, wholeRecords } from "./records.ts";
import { s3, s3Head, s3Host, stsHead, stsHost } from "./signed-request.ts";
import { targetKind } from "./target.ts";
import { sessionCredentials } from "./test-credentials.ts";

/** What clients do to the proxy: none of it stops the others, leaves anything open, or makes it sign what it should not. */
describe.skipIf(targetKind === "direct")("a client", () => {
  const credentials = sessionCredentials();
  let fake: FakeAws;
  let aws: FaultyAws;
  let proxy: ProxyProcess;
  let agent: RealCredentials;

  beforeAll(async () => {
    fake = await FakeAws.start({ credentials });
    aws = await FaultyAws.start(fake);
    // In an environment that tells Node not to be strict, nor to judge certificates.
    const env = { NODE_OPTIONS: "--insecure-http-parser", NODE_TLS_REJECT_UNAUTHORIZED: "0" };
    proxy = await ProxyProcess.start(aws, { credentials, args: ["--http2", s3Host], env });
    agent = await proxy.agentCredentials();
    expect((await s3(proxy, { agent, method: "PUT", path: "/faults" })).status).toBe(200);
    expect((await s3(proxy, { agent, method: "PUT", path: "/faults/object", body: "whole" })).status).toBe(200);
    const large = { agent, method: "PUT", path: "/faults/large", body: "x".repeat(4 << 20) };
    expect((await s3(proxy, large)).status).toBe(200);
  });
  beforeEach(() => fake.forget());
  afterAll(() => proxy?.stop());

  /** Whatever was done to it, it serves on, has kept its records, and has signed nothing else. */
  const unharmed = async (): Promise<void> => {
    const answer = await s3(proxy, { agent, path: "/faults/object" });
    expect(answer.status, answer.bytes.toString()).toBe(200);
    await wholeRecords(proxy);
    expectOnlySigned(fake, proxy);
    expectNoSecrets(proxy, credentials);
  };

  /** A connection to the proxy itself. */
  const dial = async (): Promise<Socket> => {
    const socket = connect(proxy.port, "127.0.0.1");
    socket.on("error", () => {});
    await once(socket, "connect");
    return socket;
  };

  const connectHead = `CONNECT ${s3Host}:443 HTTP/1.1\r\nHost: ${s3Host}:443\r\n\r\n`;

  describe("that is slow", () => {
    /** Sends a byte a second, and resolves when the proxy has had enough. */
    const drip = async (socket: Socket, bytes: Buffer | string): Promise<string> => {
      let answer = "";
      let sent = 0;
      socket.on("data", (chunk: Buffer) => {
        answer += chunk.toString("latin1");
      });
      const data = Buffer.from(bytes as string, "latin1");
      const timer = setInterval(() => socket.write(data.subarray(sent, ++sent)), 1000);
      await once(socket, "close");
      clearInterval(timer);
      expect(sent, "it was let send all it had").toBeLessThan(data.length);
      return answer;
    };
    /** The first flight of a TLS client. */
    const clientHello = async (): Promise<Buffer> => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as { port: number };
      const client = connectTls({ port, host: "127.0.0.1", servername: s3Host }).on("error", () => {});
      const [accepted] = (await once(server, "connection")) as [Socket];
      accepted.on("error", () => {});
      const [hello] = (await once(accepted, "data")) as [Buffer];
      client.destroy();
      accepted.destroy();
      server.close();
      return hello;
    };

    test("with CONNECT, with TLS or with a head, two hundred times at once, is cut off; others are served meanwhile", async () => {
      const stages = [
        async () => drip(await dial(), connectHead),
        async () => {
          const socket = await dial();
          socket.write(connectHead);
          await once(socket, "data");
          return drip(socket, await clientHello());
        },
        async () => drip(await connectThroughProxy(proxy.env, s3Host), await s3Head({ agent, path: "/faults/object" })),
      ];
      const slow = Promise.all(Array.from({ length: 201 }, (_, i) => (stages[i % 3] as () => Promise<string>)()));
      for (let i = 0; i < 20; i++) {
        expect((await s3(proxy, { agent, path: "/faults/object" })).status).toBe(200);
      }
      const answers = await slow;
      expect(answers.filter((answer) => answer.startsWith("HTTP/1.1 408 "))).toHaveLength(134);
      await proxy.waitForStderr(/malformed request[^\n]*: the request head took too long to arrive/);
      expect(fake.arrived).toHaveLength(20);
      await unharmed();
    });

    // One that stands still is cut off after two minutes (interceptor: slow-clients.test.ts).
    test("with a body, streamed or read whole, a hundred at once, keeps nobody waiting and reaches nobody whole", async () => {
      const before = { descriptors: descriptors(), resident: residentBytes() };
      const body = "x".repeat(1 << 20);
      const sockets: Socket[] = [];
      for (let i = 0; i < 100; i++) {
        const [host, head] =
          i % 2 === 0
            ? [s3Host, await s3Head({ agent, method: "PUT", path: "/faults/slow", body })]
            : [stsHost, await stsHead({ agent, body })];
        const socket = await connectThroughProxy(proxy.env, host);
        socket.on("error", () => {}).resume();
        socket.write(head);
        sockets.push(socket);
      }
      for (let i = 0; i < 20; i++) {
        for (const socket of sockets) socket.write("x");
        expect((await s3(proxy, { agent, path: "/faults/object" })).status).toBe(200);
      }
      expect(residentBytes() - before.resident).toBeLessThan(96 << 20);
      for (const socket of sockets) socket.destroy();
      await unharmed();
      expect(new Set(fake.operations)).toEqual(new Set(["s3:GetObject"]));
      expect(fake.s3.object("faults", "slow")).toBeUndefined();
      await level(before.descriptors);
    });
  });

  describe("that leaves", () => {
    const stages: readonly [string, () => Promise<Socket>][] = [
      ["before it has said anything", dial],
      [
        "in the middle of CONNECT",
        async () => {
          const socket = await dial();
          socket.write(connectHead.slice(0, 20));
          return socket;
        },
      ],
      [
        "after CONNECT",
        async () => {
          const socket = await dial();
          socket.write(connectHead);
          await once(socket, "data");
          return socket;
        },
      ],
      [
        "in the middle of a ClientHello",
        async () => {
          const socket = await dial();
          socket.write(connectHead);
          await once(socket, "data");
          socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]));
          return socket;
        },
      ],
      ["after the handshake", () => connectThroughProxy(proxy.env, s3Host)],
      [
        "in the middle of a head",
        async () => {
          const socket = await connectThroughProxy(proxy.env, s3Host);
          socket.write((await s3Head({ agent, path: "/faults/object" })).slice(0, 100));
          return socket;
        },
      ],
      [
        "in the middle of an upload",
        async () => {
          const socket = await connectThroughProxy(proxy.env, s3Host);
          const body = "x".repeat(1 << 20);
          socket.write(await s3Head({ agent, method: "PUT", path: "/faults/half", body }));
          socket.write(body.slice(0, 300_000));
          await aws.connected();
          return socket;
        },
      ],
      [
        "in the middle of a body that is read whole",
        async () => {
          const socket = await connectThroughProxy(proxy.env, stsHost);
          const body = "Action=GetCallerIdentity&Version=2011-06-15";
          socket.write((await stsHead({ agent, body })) + body.slice(0, 9));
          return socket;
        },
      ],
      [
        "in the middle of its answer",
        async () => {
          const socket = await connectThroughProxy(proxy.env, s3Host);
          socket.write(await s3Head({ agent, path: "/faults/large" }));
          await once(socket, "data");
          return socket.pause();
        },
      ],
      [
        "while AWS thinks",
        async () => {
          await aws.behave((raw) => raw.resume());
          const socket = await connectThroughProxy(proxy.env, s3Host);
          socket.write(await s3Head({ agent, path: "/faults/object" }));
          await aws.connected();
          return socket;
        },
      ],
    ];
    test.each(
      stages.flatMap(([stage, reach]) => (["close", "reset"] as const).map((how) => [stage, how, reach] as const)),
    )("%s, by a %s, ten times, leaves nothing open and its records whole", async (_stage, how, reach) => {
      const before = descriptors();
      for (let i = 0; i < 10; i++) {
        const socket = await reach();
        if (how === "close") socket.destroy();
        else rawOf(socket).resetAndDestroy();
      }
      await aws.behave(aws.passes);
      await unharmed();
      await level(before);
      expect(fake.s3.object("faults", "half")).toBeUndefined();
    });
  });

  describe("that sends what can be read in two ways, signed by the agent", () => {
    /** A GET of the object, signed, with something added. */
    const edited = async (edit: (head: string) => string): Promise<string> =>
      edit(await s3Head({ agent, path: "/faults/object" }));
    const smuggled = "DELETE /faults/object HTTP/1.1\r\nHost: s3.us-east-1.amazonaws.com\r\n\r\n";
    const insert = (lines: string) => (head: string) => head.replace("\r\n", `\r\n${lines}\r\n`);

    test.each<[string, (head: string) => string]>([
      [
        "a length and chunks (CL.TE)",
        (head) =>
          `${insert(`Content-Length: ${smuggled.length + 5}\r\nTransfer-Encoding: chunked`)(head)}0\r\n\r\n${smuggled}`,
      ],
      [
        "chunks and a length (TE.CL)",
        (head) =>
          `${insert("Transfer-Encoding: chunked\r\nContent-Length: 4")(head)}${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
      ],
      [
        "chunked twice, one obscured (TE.TE)",
        (head) => `${insert("Transfer-Encoding: chunked\r\nTransfer-Encoding: x")(head)}0\r\n\r\n${smuggled}`,
      ],
      ["an obscured chunked", (head) => `${insert("Transfer-Encoding: xchunked")(head)}0\r\n\r\n${smuggled}`],
      ["a space before the colon", (head) => `${insert("Transfer-Encoding : chunked")(head)}0\r\n\r\n${smuggled}`],
      [
        "two lengths",
        (head) => `${insert(`Content-Length: 0\r\nContent-Length: ${smuggled.length}`)(head)}${smuggled}`,
      ],
      ["a length with a sign", (head) => `${insert(`Content-Length: +${smuggled.length}`)(head)}${smuggled}`],
      ["a length in hexadecimal", (head) => `${insert("Content-Length: 0x10")(head)}${smuggled}`],
      ["a folded line", insert("X-Folded: a\r\n b")],
      ["a bare line feed", (head) => head.replace("\r\n", `\nX-Bare: ${smuggled.slice(0, 20)}\n`)],
      ["a bare carriage return", insert("X-Bare: a\rHost: evil.example")],
      ["a NUL", insert("X-Nul: a\0b")],
      ["two hosts", insert("Host: iam.amazonaws.com")],
      ["another host", (head) => head.replace(/^host: .*$/im, "host: iam.amazonaws.com")],
      ["another host in its target", (head) => head.replace("GET /", "GET https://iam.amazonaws.com/")],
      ["a method that overrides", insert("X-HTTP-Method-Override: DELETE")],
      ["a setting of S3 that nobody signed", insert("x-amz-copy-source: /faults/other")],
      ["two signatures", (head) => head.replace(/^(authorization: .*)$/im, "$1\r\n$1")],
      ["a signature in the query, too", (head) => head.replace("object HTTP", "object?X-Amz-Signature=00 HTTP")],
      ["HTTP/1.0", (head) => head.replace("HTTP/1.1", "HTTP/1.0")],
      ["a dot segment", (head) => head.replace("/faults/object", "/faults/../other/object")],
      [
        "a chunk extension before a body nobody announced",
        (head) => `${insert("Transfer-Encoding: chunked")(head)}0;${"x".repeat(70_000)}\r\n\r\n`,
      ],
    ])("%s: at AWS arrives nothing, or the one request that was signed", async (_what, edit) => {
      const before = { stdout: proxy.stdout.length, stderr: proxy.stderr.length };
      const { status } = await exchange(proxy.env, s3Host, [Buffer.from(await edited(edit), "latin1")]);
      expect(status === 0 || status === 200 || (status >= 400 && status < 600)).toBe(true);
      for (const { wire, operation, service } of fake.arrived) {
        expect({ service, operation, target: wire.target }).toEqual({
          service: "s3",
          operation: "GetObject",
          target: "/faults/object",
        });
        expect(wire.headers.map(([name]) => name.toLowerCase())).not.toContain("x-amz-copy-source");
      }
      expect(fake.arrived.length).toBeLessThanOrEqual(1);
      // What is no request is told on stderr, and what is one is decided upon.
      const told = () => proxy.stderr.slice(before.stderr) + proxy.stdout.slice(before.stdout);
      await expect.poll(told).toMatch(/note {2}malformed request for s3\.|DENIED {2}GET|ALLOWED {2}s3:GetObject/);
      expect(fake.s3.object("faults", "object")?.toString()).toBe("whole");
      await unharmed();
    });

    test("a second request behind a whole one is a request of its own, and refused for its own signature", async () => {
      const head = (await s3Head({ agent, path: "/faults/object" })).replace("connection: close\r\n", "");
      const { bytes } = await exchange(proxy.env, s3Host, [
        head + smuggled.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"),
      ]);
      const statuses = [...bytes.toString("latin1").matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, code]) => code);
      expect(statuses).toEqual(["200", "403"]);
      expect(fake.operations).toEqual(["s3:GetObject"]);
      await unharmed();
    });
  });

  describe("of HTTP/2", () => {
    const session = async () => {
      const socket = await connectThroughProxy(proxy.env, s3Host, "h2");
      const client = connectHttp2(`https://${s3Host}`, { createConnection: () => socket });
      client.on("error", () => {});
      return client;
    };
    const get = async () => {
      const head = await s3Head({ agent, path: "/faults/object" });
      const lines = [...head.matchAll(/^([a-z][\w-]*): (.*)\r$/gm)].map(([, name, value]) => [
        name as string,
        value as string,
      ]);
      const { host: _host, connection: _connection, ...headers } = Object.fromEntries(lines);
      return { ":method": "GET", ":path": "/faults/object", ":authority": s3Host, ...headers };
    };

    test("is served", async () => {
      const client = await session();
      const stream = client.request(await get());
      const [headers] = (await once(stream, "response")) as [{ ":status": number }];
      expect(headers[":status"]).toBe(200);
      client.destroy();
      await unharmed();
    });

    /** Frames by hand (RFC 9113, section 4.1). */
    const frame = (type: number, flags: number, stream: number, payload: Buffer): Buffer => {
      const head = Buffer.alloc(9);
      head.writeUIntBE(payload.length, 0, 3);
      head[3] = type;
      head[4] = flags;
      head.writeUInt32BE(stream, 5);
      return Buffer.concat([head, payload]);
    };
    const preface = Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(4, 0, 0, Buffer.alloc(0))]);
    // A literal header without indexing, `x: yyy…` (RFC 7541, section 6.2.2).
    const literal = (length: number): Buffer =>
      Buffer.concat([Buffer.from([0x00, 0x01, 0x78, length]), Buffer.alloc(length, "y")]);

    /** The same of a whole request. */
    const fields = (headers: Readonly<Record<string, string>>): Buffer => {
      const text = (value: string): Buffer => {
        const long = value.length - 127;
        const size = long < 0 ? [value.length] : [127, ...(long < 128 ? [long] : [128 | (long & 127), long >> 7])];
        return Buffer.concat([Buffer.from(size), Buffer.from(value, "latin1")]);
      };
      return Buffer.concat(
        Object.entries(headers).flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]),
      );
    };

    test("that opens streams to reset them is cut off, having made AWS work for few of them", async () => {
      const block = fields({ ":scheme": "https", ...(await get()) });
      const cancel = Buffer.from([0, 0, 0, constants.NGHTTP2_CANCEL]);
      const before = { descriptors: descriptors(), resident: residentBytes() };
      const socket = await connectThroughProxy(proxy.env, s3Host, "h2");
      socket.on("error", () => {}).resume();
      socket.write(preface);
      const closed = ended(socket);
      for (let stream = 1; stream < 40_000 && !socket.destroyed; stream += 2) {
        const open = frame(1, 0x05, stream, block);
        if (!socket.write(Buffer.concat([open, frame(3, 0, stream, cancel)]))) await pause();
      }
      await closed;
      expect(fake.arrived.length).toBeLessThan(1000);
      expect(residentBytes() - before.resident).toBeLessThan(64 << 20);
      await proxy.waitForStderr(/malformed request for s3\.[^\n]*: .*reset/);
      await unharmed();
      await level(before.descriptors);
    });

    test.each<[string, (n: number) => Buffer]>([
      [
        "CONTINUATION frames without end",
        (n) => (n === 0 ? frame(1, 0, 1, literal(100)) : frame(9, 0, 1, literal(100))),
      ],
      ["empty CONTINUATION frames without end", (n) => frame(n === 0 ? 1 : 9, 0, 1, Buffer.alloc(0))],
      [
        "a list of headers without end",
        (n) => frame(n === 0 ? 1 : 9, 0, 1, Buffer.concat(Array(100).fill(literal(120)))),
      ],
      ["PING frames without end", () => frame(6, 0, 0, Buffer.alloc(8))],
      ["SETTINGS frames without end", () => frame(4, 0, 0, Buffer.alloc(0))],
    ])("that sends %s is cut off, in bounded memory", async (_what, make) => {
      const before = residentBytes();
      const socket = await connectThroughProxy(proxy.env, s3Host, "h2");
      socket.on("error", () => {}).resume();
      socket.write(preface);
      const closed = ended(socket);
      for (let n = 0; n < 200_000 && !socket.destroyed; n++) {
        if (!socket.write(make(n))) await pause();
      }
      await closed;
      expect(residentBytes() - before).toBeLessThan(64 << 20);
      expect(fake.arrived).toEqual([]);
      await unharmed();
    });
  });

  describe("that asks for what it must not reach", () => {
    const ask = async (target: string): Promise<string> => {
      const socket = await dial();
      let answer = "";
      socket.on("data", (chunk: Buffer) => {
        answer += chunk.toString("latin1");
        if (answer.includes("\r\n\r\n")) socket.destroy();
      });
      socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
      await once(socket, "close");
      return answer.split("\r\n")[0] as string;
    };

    test.each([
      ...[
        "169.254.169.254:80",
        "169.254.170.2:80",
        "[fd00:ec2::254]:80",
        "[fe80::1]:80",
        "[::ffff:169.254.169.254]:80",
      ],
      ...["10.0.0.1:443", "192.168.0.1:443", "172.16.0.1:443", "[fd00::1]:443", "52.95.110.1:443"],
      ...["0xa9fea9fe:80", "2852039166:80", "0251.0376.0251.0376:80", "169.254.43518:80"],
    ])("the metadata service or a private address, as %s, is refused", async (target) => {
      expect(await ask(target)).toMatch(/^HTTP\/1\.1 (400|403) /);
      await unharmed();
    });

    test("this machine is refused, however it is spelled, and gets no connection", async () => {
      const server = createServer().listen(0);
      await once(server, "listening");
      const { port } = server.address() as { port: number };
      let reached = 0;
      server.on("connection", (socket) => {
        reached++;
        socket.destroy();
      });
      const names = ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "0", "[::1]", "[::]"];
      names.push("[::ffff:127.0.0.1]", "localhost", "LOCALHOST", "localhost.", "ip6-localhost");
      for (const name of names) {
        expect(await ask(`${name}:${port}`), name).toMatch(/^HTTP\/1\.1 (400|403|502) /);
      }
      server.close();
      expect(reached).toBe(0);
      await unharmed();
    });

    test.each([
      ...["s3.us-east-1.amazonaws.com.evil.invalid:443", "amazonaws.com.evil.invalid:443"],
      ...["s3-us-east-1-amazonaws.invalid:443", "s3.us-east-1.amazonaws.com@evil.invalid:443"],
      ...["evil.invalid/s3.us-east-1.amazonaws.com:443", "evil.invalid#s3.us-east-1.amazonaws.com:443"],
      ...[
        "s3.us-east-1.amazonaws.com%00.evil.invalid:443",
        "s3.us-east-1.amazonaws\u3002com:443",
        "s3.us-east-1.amaz\u00f6naws.com:443",
      ],
      ...["xn--s3-us-east-1-amazonaws-com.invalid:443"],
    ])("a host that looks like one of AWS's (%s) is never taken for it", async (target) => {
      expect(await ask(target)).toMatch(/^HTTP\/1\.1 (400|403|502) /);
      expect(fake.arrived).toEqual([]);
      await unharmed();
    });

    test.each([
      ...["s3.us-east-1.amazonaws.com:80", "s3.us-east-1.amazonaws.com:8443", "s3.us-east-1.amazonaws.com:22"],
      ...["s3.us-east-1.amazonaws.com", "s3.us-east-1.amazonaws.com:0", "s3.us-east-1.amazonaws.com:65536"],
      ...["s3.us-east-1.amazonaws.com:443:443", "s3.us-east-1.amazonaws.com:+443", ":443", ""],
    ])("a host of AWS at a port that is not HTTPS, or no authority at all (%j), is refused", async (target) => {
      expect(await ask(target)).toMatch(/^HTTP\/1\.1 (400|403) /);
      await unharmed();
    });
  });

  /** The socket below TLS, or the socket itself: what a reset is sent on. */
  function rawOf(socket: Socket): Socket {
    const { _parent: parent } = socket as Socket & { readonly _parent?: Socket };
    return parent ?? socket;
  }

  /** Resolves when a connection is closed, whatever closed it. */
  function ended(socket: Socket): Promise<void> {
    return new Promise((resolve) => socket.once("close", () => resolve()));
  }

  /** A turn of the event loop, for a socket that takes no more. */
  function pause(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 1));
  }

  function descriptors(): number {
    return readdirSync(`/proc/${proxy.pid}/fd`).length;
  }

  /** Waits until the proxy has no more descriptors open than before, but for kept upstream connections. */
  async function level(before: number): Promise<void> {
    const end = performance.now() + 15_000;
    while (descriptors() > before + 4) {
      if (performance.now() > end) throw new Error(`${before} descriptors were open before, ${descriptors()} are now`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  function residentBytes(): number {
    const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${proxy.pid}/status`, "utf8"));
    return Number(line?.[1]) * 1024;
  }
});
