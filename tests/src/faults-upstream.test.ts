import { once } from "node:events";
import type { Socket } from "node:net";
import type { SecureContext, TLSSocket } from "node:tls";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";
import { FakeAws } from "./fake-aws.ts";
import { type Behaviour, FaultyAws, untilHead } from "./faulty-aws.ts";
import { type ActivityLine, ProxyProcess } from "./proxy-process.ts";
import { connectThroughProxy, type RawAnswer } from "./raw-client.ts";
import { expectNoSecrets, expectOnlySigned, wholeRecords } from "./records.ts";
import { errorCode, s3, s3Head, s3Host } from "./signed-request.ts";
import { targetKind } from "./target.ts";
import { TestCa } from "./test-ca.ts";
import { sessionCredentials } from "./test-credentials.ts";

const unresolvable = "s3.eu-west-1.amazonaws.com";

/**
 * What goes wrong on the side of AWS. Every time the agent is told in S3's words, or sees that its answer is not whole; the
 * terminal has one clear line; both records are there; and the next request passes, through the same proxy.
 */
describe.skipIf(targetKind === "direct")("an upstream", () => {
  const credentials = sessionCredentials();
  let fake: FakeAws;
  let faulty: FaultyAws;
  let proxy: ProxyProcess;
  let agent: RealCredentials;
  let stderrBefore = 0;
  let recordsBefore = 0;

  beforeAll(async () => {
    fake = await FakeAws.start({ credentials });
    faulty = await FaultyAws.start(fake);
    proxy = await ProxyProcess.start(faulty, {
      credentials,
      mapped: false,
      args: [
        ...["--upstream-map", `${unresolvable}=no-such-host.invalid:443`],
        ...["--upstream-map", `*.amazonaws.com=127.0.0.1:${faulty.port}`],
      ],
    });
    agent = await proxy.agentCredentials();
    expect((await s3(proxy, { agent, method: "PUT", path: "/faults" })).status).toBe(200);
    expect((await s3(proxy, { agent, method: "PUT", path: "/faults/object", body: "whole" })).status).toBe(200);
    await wholeRecords(proxy);
  });
  beforeEach(() => {
    fake.forget();
    stderrBefore = proxy.stderr.length;
    recordsBefore = proxy.activity.length;
  });
  afterAll(() => proxy?.stop());

  const get = (): Promise<RawAnswer> => s3(proxy, { agent, path: "/faults/object" });
  const post = (body = "x"): Promise<RawAnswer> => s3(proxy, { agent, method: "PUT", path: "/faults/written", body });
  /** What the terminal said in this test. */
  const said = (): string => proxy.stderr.slice(stderrBefore);
  /** The finished records of this test, when all are there. */
  const finished = async (): Promise<readonly ActivityLine[]> =>
    (await wholeRecords(proxy)).slice(recordsBefore).filter(({ type }) => type === "finished");
  /** The same proxy serves on: nothing has to be started anew. */
  const recovered = async (): Promise<void> => {
    await faulty.behave(faulty.passes);
    const answer = await get();
    expect(answer.status, answer.bytes.toString()).toBe(200);
    expect(answer.bytes.toString()).toMatch(/whole$/);
    await wholeRecords(proxy);
    expectOnlySigned(fake, proxy);
    expectNoSecrets(proxy, credentials);
  };

  /** The agent learns that AWS was not reached, in a form that SDKs retry where that may help; the terminal says why. */
  const unreachable = async (answer: RawAnswer, why: RegExp, { lasting = false } = {}): Promise<void> => {
    const told = lasting ? { status: 501, code: "NotImplemented" } : { status: 503, code: "ServiceUnavailable" };
    expect({ status: answer.status, code: errorCode(answer) }, answer.bytes.toString()).toEqual(told);
    expect(answer.bytes.toString()).toMatch(why);
    await proxy.waitForStderr(why, stderrBefore);
    expect(await finished()).toMatchObject([{ outcome: "failed", status: told.status, errorCode: told.code }]);
  };

  test("that refuses connections is told as 503, and is used again when it is back", async () => {
    await faulty.stopListening();
    try {
      await unreachable(await get(), /connection was refused/);
    } finally {
      await faulty.listenAgain();
    }
    await recovered();
  });

  test("whose name does not resolve is told as such", async () => {
    const answer = await s3(proxy, { agent, host: unresolvable, region: "eu-west-1", path: "/faults/object" });
    await unreachable(answer, /name does not resolve/);
    await recovered();
  });

  test("that never answers the TLS handshake is given up", async () => {
    await faulty.behave(() => {});
    await unreachable(await get(), /timed out|no TLS|handshake/i);
    await recovered();
  });

  const answersGarbage: Behaviour = (raw) => raw.end("SSH-2.0-OpenSSH_9.2\r\n");
  test("that speaks something else than TLS is an error", async () => {
    await faulty.behave(answersGarbage);
    await unreachable(await get(), /could not reach AWS/);
    await recovered();
  });

  test.each<[string, (otherCa: TestCa) => Promise<SecureContext>, RegExp]>([
    ["has expired", () => faulty.ca.expiredContext(s3Host), /CERT_HAS_EXPIRED/],
    [
      "is for another name",
      () => faulty.ca.secureContext("sts.us-east-1.amazonaws.com"),
      /certificate is for another name/,
    ],
    ["nobody vouches for", (otherCa) => otherCa.secureContext(s3Host), /certificate is not trusted/],
  ])("whose certificate %s gets no request", async (_what, context, why) => {
    const secureContext = await context(await TestCa.create());
    let received = 0;
    await faulty.behave(async (_raw, secured) => {
      const socket = await secured(secureContext);
      socket.on("data", (chunk: Buffer) => {
        received += chunk.length;
      });
    });
    await unreachable(await get(), why, { lasting: true });
    expect(received, "bytes of a request reached a server that did not prove itself").toBe(0);
    await recovered();
  });

  test.each<[string, string]>([
    ["bytes that are no HTTP", "\x00\x01\x02\x03 nonsense \r\n\r\n"],
    ["a head that breaks off", "HTTP/1.1 200 OK\r\nContent-Le"],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"],
    ["a length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a header without end", `HTTP/1.1 200 OK\r\nX-Long: ${"y".repeat(500_000)}`],
  ])("that answers with %s is an error, and none of it reaches the agent", async (_what, bytes) => {
    await faulty.behave(async (_raw, secured) => {
      const socket = await secured();
      await untilHead(socket);
      socket.end(Buffer.from(bytes, "latin1"));
    });
    await unreachable(await get(), /could not reach AWS/);
    await recovered();
  });

  const length = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegin";
  const chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n";
  const brokeOff = /amazonaws\.com: it broke off its answer/;
  test.each<[string, string, (socket: TLSSocket, raw: Socket) => unknown, RegExp]>([
    ["resets in the middle of a body with a length", length, (_socket, raw) => raw.resetAndDestroy(), brokeOff],
    ["ends in the middle of a body with a length", length, (socket) => socket.end(), brokeOff],
    ["resets in the middle of chunks", chunks, (_socket, raw) => raw.resetAndDestroy(), brokeOff],
    ["ends in the middle of chunks", chunks, (socket) => socket.end(), brokeOff],
    ["sends a chunk that is none", chunks, (socket) => socket.end("zz\r\n"), /amazonaws\.com: .*chunk/],
  ])("that %s: the answer never looks whole, and the terminal says why", async (_what, begin, goWrong, why) => {
    let wrong: () => unknown = () => {};
    await faulty.behave(async (raw, secured) => {
      const socket = await secured();
      await untilHead(socket);
      wrong = () => goWrong(socket, raw);
      socket.write(begin);
    });
    const client = await connectThroughProxy(proxy.env, s3Host);
    let answer = "";
    client
      .on("error", () => {})
      .on("data", (chunk: Buffer) => {
        answer += chunk.toString("latin1");
        if (answer.includes("begin")) wrong();
      });
    client.write(await s3Head({ agent, path: "/faults/object" }));
    await once(client, "close");
    expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*begin/);
    expect(answer).not.toMatch(/\r\n0\r\n/);
    await proxy.waitForStderr(why, stderrBefore);
    expect(await finished()).toMatchObject([{ outcome: "failed", status: 200 }]);
    await recovered();
  });

  test("that answers before the upload is over: the agent gets the answer, and AWS never a whole request", async () => {
    const early = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>EntityTooLarge</Code></Error>`;
    let uploaded = 0;
    await faulty.behave(async (_raw, secured) => {
      const socket = await secured();
      await untilHead(socket);
      socket.on("data", (chunk: Buffer) => {
        uploaded += chunk.length;
      });
      socket.end(`HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: ${early.length}\r\n\r\n${early}`);
    });
    const body = "x".repeat(8 << 20);
    const answer = await post(body);
    expect({ status: answer.status, code: errorCode(answer) }).toEqual({ status: 400, code: "EntityTooLarge" });
    expect(uploaded).toBeLessThan(body.length);
    expect((await finished()).length).toBe(1);
    await recovered();
  });

  test("that resets in the middle of an upload is told as 503, and gets it no second time", async () => {
    await faulty.behave(async (raw, secured) => {
      const socket = await secured();
      await untilHead(socket);
      await once(socket, "data");
      raw.resetAndDestroy();
    });
    await unreachable(await post("x".repeat(8 << 20)), /closed before an answer came/);
    expect(faulty.connections).toBe(1);
    expect(fake.s3.object("faults", "written")?.length ?? 0).toBeLessThan(8 << 20);
    await recovered();
  });

  /** Serves one request on each connection, and closes it when the next one comes. */
  const closesOnReuse: Behaviour = async (_raw, secured) => {
    const socket = await secured();
    await untilHead(socket);
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst");
    await once(socket, "data");
    socket.destroy();
  };

  test("that closes a kept connection when it is used again: a GET goes over another one", async () => {
    await faulty.behave(closesOnReuse);
    expect((await get()).bytes.toString()).toMatch(/first$/);
    expect((await get()).bytes.toString()).toMatch(/first$/);
    expect(faulty.connections).toBe(2);
    expect(await finished()).toMatchObject([{ outcome: "answered" }, { outcome: "answered" }]);
    await recovered();
  });

  test("that closes a kept connection when it is used again: a PUT is not repeated, and told as 503", async () => {
    await faulty.behave(closesOnReuse);
    expect((await get()).bytes.toString()).toMatch(/first$/);
    await finished();
    recordsBefore = proxy.activity.length;
    await unreachable(await post(), /closed before an answer came/);
    expect(faulty.connections).toBe(1);
    await recovered();
  });

  test.each<[number, string, string]>([
    [503, "SlowDown", "Please reduce your request rate."],
    [429, "TooManyRequestsException", "Rate exceeded"],
  ])(
    "that answers everything with %i passes as it is, is not asked twice, and every request is on record",
    async (status, code, message) => {
      const requests = 200;
      const document = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
      let asked = 0;
      await faulty.behave(async (_raw, secured) => {
        const socket = await secured();
        for (;;) {
          await untilHead(socket);
          asked++;
          socket.write(
            `HTTP/1.1 ${status} X\r\nRetry-After: 1\r\nContent-Length: ${document.length}\r\n\r\n${document}`,
          );
        }
      });
      const answers: RawAnswer[] = [];
      for (let sent = 0; sent < requests; sent += 40) {
        answers.push(...(await Promise.all(Array.from({ length: 40 }, get))));
      }
      expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([status]));
      for (const { bytes } of answers) expect(bytes.toString()).toMatch(/retry-after: 1\r\n[\s\S]*<\/Error>$/i);
      expect(asked).toBe(requests);
      expect(await finished()).toHaveLength(requests);
      expect(said()).toBe("");
      await recovered();
    },
  );

  test("that drops every other connection, under load, loses no record and repeats no write", async () => {
    let turn = 0;
    await faulty.behave((raw, secured) => (turn++ % 2 === 0 ? raw.destroy() : faulty.passes(raw, secured)));
    const all = await Promise.all(Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? get() : post(`${i}`))));
    expect(all.every(({ status }) => status === 200 || status === 503)).toBe(true);
    expect(await finished()).toHaveLength(60);
    const written = fake.arrived
      .filter(({ operation }) => operation === "PutObject")
      .map(({ wire }) => wire.body.toString());
    expect(new Set(written).size, "a write arrived twice").toBe(written.length);
    await recovered();
  });

  test("that falls silent in the middle of an answer, and its agent that leaves, free everything", async () => {
    let closed: Promise<unknown> | undefined;
    await faulty.behave(async (raw, secured) => {
      closed = once(raw, "close");
      const socket = await secured();
      await untilHead(socket);
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegin");
    });
    const client = await connectThroughProxy(proxy.env, s3Host);
    client.write(await s3Head({ agent, path: "/faults/object" }));
    await once(client, "data");
    client.destroy();
    await closed;
    expect(await finished()).toMatchObject([{ outcome: "aborted", status: 200 }]);
    await recovered();
  });
});
