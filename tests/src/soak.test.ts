import { once } from "node:events";
import { createReadStream, readdirSync, readFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { HttpsProxyAgent } from "https-proxy-agent";
import { beforeAll, describe, expect, test } from "vitest";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";
import { FakeAws } from "./fake-aws.ts";
import { FaultyAws, untilHead } from "./faulty-aws.ts";
import { ProcessWatch } from "./process-watch.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { connectThroughProxy } from "./raw-client.ts";
import { s3, s3Head, s3Host } from "./signed-request.ts";
import { targetKind } from "./target.ts";
import { tempDir } from "./temp-dir.ts";
import { sessionCredentials } from "./test-credentials.ts";

/** Two minutes; twenty with `IAP_SLOW=1`, or as many seconds as `IAP_SOAK_SECONDS` says. */
const seconds = Number(process.env.IAP_SOAK_SECONDS ?? (process.env.IAP_SLOW === "1" ? 1200 : 120));
const linux = process.platform === "linux";

interface Sample {
  readonly requests: number;
  readonly heapMb: number;
  readonly descriptors: number;
  readonly cpuMsPerRequest: number;
  readonly medianMs: number;
  /** How many times as long as straight to the fake AWS, in the same while: whatever else the machine has to do. */
  readonly timesDirect: number;
}

/**
 * Clients of many kinds, an AWS that keeps failing, policies that are reloaded, keys that are vended, for a while: nothing
 * grows, and at the end every request has both of its records.
 */
describe.skipIf(targetKind === "direct" || !linux)(`a soak of ${seconds} s (Linux: it looks into /proc)`, () => {
  const credentials = sessionCredentials();
  const home = tempDir("soak");
  const watch = new ProcessWatch(home);
  let fake: FakeAws;
  let aws: FaultyAws;
  let proxy: ProxyProcess;
  let agent: RealCredentials;

  beforeAll(async () => {
    fake = await FakeAws.start({ credentials });
    aws = await FaultyAws.start(fake);
    proxy = await ProxyProcess.start(aws, {
      ...{ credentials, home, mode: "enforce", env: watch.env },
      args: ["--http2", s3Host, "--activity-rotate", "8"],
      policies: [
        {
          Version: "2012-10-17",
          Statement: [
            { Effect: "Allow", Action: ["s3:*"], Resource: "arn:aws:s3:::soak*" },
            { Effect: "Deny", Action: "s3:*", Resource: "arn:aws:s3:::soak/denied" },
          ],
        },
      ],
    });
    watch.watch(proxy.pid);
    agent = await proxy.agentCredentials();
    expect((await s3(proxy, { agent, method: "PUT", path: "/soak" })).status).toBe(200);
    expect((await s3(proxy, { agent, method: "PUT", path: "/soak/object", body: "whole" })).status).toBe(200);
  });

  test("memory, descriptors and work for a request do not grow, and no record is lost", {
    timeout: (seconds + 180) * 1000,
  }, async () => {
    let over = false;
    let requests = 0;
    let chance = 20_261_124;
    const random = (below: number): number => {
      chance = (Math.imul(chance, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (chance >> 8) % below;
    };
    const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    const latencies: number[] = [];
    const direct: number[] = [];
    const client = new S3Client({
      region: "us-east-1",
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { ...agent, sessionToken: agent.sessionToken as string },
      requestHandler: new NodeHttpHandler({
        httpsAgent: new HttpsProxyAgent(proxy.env.HTTPS_PROXY as string, {
          keepAlive: true,
          ca: readFileSync(proxy.env.NODE_EXTRA_CA_CERTS as string),
        }),
        requestTimeout: 20_000,
      }),
    });

    /** What clients do, each once. All of it may fail, for AWS does. */
    const errands: readonly (() => Promise<unknown>)[] = [
      async () => {
        const begin = performance.now();
        const { status } = await s3(proxy, { agent, path: "/soak/object" });
        if (status === 200) latencies.push(performance.now() - begin);
        const straight = performance.now();
        await askDirectly();
        direct.push(performance.now() - straight);
      },
      () => s3(proxy, { agent, method: "PUT", path: "/soak/upload", body: "x".repeat(200_000) }),
      () => s3(proxy, { agent, path: "/soak/denied" }),
      () => s3(proxy, { agent, path: "/elsewhere/object" }),
      () => s3(proxy, { agent: { ...agent, secretAccessKey: "wrong" }, path: "/soak/object" }),
      () => client.send(new PutObjectCommand({ Bucket: "soak", Key: "sdk", Body: "from the SDK" })),
      async () => {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: "soak", Key: "object" }));
        await Body?.transformToString();
      },
      async () => {
        // Several requests on one connection.
        const socket = await connectThroughProxy(proxy.env, s3Host);
        socket.on("error", () => {});
        const head = (await s3Head({ agent, path: "/soak/object" })).replace("connection: close\r\n", "");
        for (let i = 0; i < 5 && !socket.destroyed; i++) {
          socket.write(head);
          await Promise.race([once(socket, "data"), once(socket, "close")]);
        }
        socket.destroy();
      },
      async () => {
        const socket = await connectThroughProxy(proxy.env, s3Host, "h2");
        const session = connectHttp2(`https://${s3Host}`, { createConnection: () => socket });
        session.on("error", () => {});
        const head = await s3Head({ agent, path: "/soak/object" });
        const lines = [...head.matchAll(/^(?!host|connection)([a-z][\w-]*): (.*)\r$/gm)].map(([, name, value]) => [
          name,
          value,
        ]);
        const headers = { ":path": "/soak/object", ":authority": s3Host, ...Object.fromEntries(lines) };
        await Promise.all(
          [1, 2, 3].map(async (n) => {
            const stream = session.request(headers);
            stream.on("error", () => {}).resume();
            if (n === 3) stream.close();
            await new Promise((resolve) => stream.once("close", resolve));
          }),
        );
        session.destroy();
      },
      async () => {
        // One that leaves, at some moment.
        const socket = await connectThroughProxy(proxy.env, s3Host);
        socket.on("error", () => {});
        const head = await s3Head({ agent, path: "/soak/object" });
        socket.write(head.slice(0, random(head.length + 100)));
        await pause(random(20));
        socket.destroy();
      },
      async () => {
        const socket = await connectThroughProxy(proxy.env, s3Host);
        socket.on("error", () => {}).resume();
        socket.write("GET / HTTP/1.1\r\nHost: evil.example\r\nTransfer-Encoding: x\r\n\r\n");
        await new Promise((resolve) => socket.once("close", resolve));
      },
      () => proxy.agentCredentials(),
      async () => void process.kill(proxy.pid, "SIGHUP"),
    ];
    const worker = async (): Promise<void> => {
      while (!over) {
        const errand = errands[random(40) < 2 ? random(errands.length) : random(errands.length - 2)];
        requests++;
        await errand?.().catch(() => {});
        await pause(random(10));
      }
    };
    /** One connection in ten goes wrong, and now and then all of them. */
    await aws.behave((raw, secured) => {
      const fate = random(40);
      if (fate === 0) raw.destroy();
      else if (fate === 1) raw.end("this is no TLS");
      else if (fate < 4) {
        void secured().then(
          async (socket: TLSSocket) => {
            await untilHead(socket);
            if (fate === 2) raw.resetAndDestroy();
            else socket.end("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegin");
          },
          () => {},
        );
      } else aws.passes(raw, secured);
    });
    const trouble = async (): Promise<void> => {
      while (!over) {
        await pause(3_000);
        if (random(3) === 0) await aws.dropAll();
        if (random(5) === 0) {
          await aws.stopListening();
          await pause(200);
          await aws.listenAgain();
        }
        fake.forget();
      }
    };

    const workers = [...Array.from({ length: 8 }, worker), trouble()];
    const samples: Sample[] = [];
    const windows = 6;
    for (let window = 0; window < windows; window++) {
      const before = { requests, cpuMs: watch.cpuMs };
      latencies.length = 0;
      direct.length = 0;
      await pause((seconds * 1000) / windows);
      samples.push({
        requests: requests - before.requests,
        heapMb: (await watch.heapBytes()) / 2 ** 20,
        descriptors: watch.descriptors,
        cpuMsPerRequest: (watch.cpuMs - before.cpuMs) / (requests - before.requests),
        medianMs: median(latencies),
        timesDirect: median(latencies) / median(direct),
      });
    }
    over = true;
    await Promise.all(workers);
    client.destroy();
    console.table(
      samples.map((sample) =>
        Object.fromEntries(Object.entries(sample).map(([name, n]) => [name, Number(n.toFixed(2))])),
      ),
    );

    // The first window warms up: code is compiled, tables of services are loaded, pools are filled.
    const [, early] = samples as [Sample, Sample];
    const late = samples.at(-1) as Sample;
    expect(late.heapMb - early.heapMb, "the heap grew").toBeLessThan(8);
    expect(late.descriptors, "descriptors grew").toBeLessThan(early.descriptors + 40);
    expect(late.cpuMsPerRequest / early.cpuMsPerRequest, "a request takes more work").toBeLessThan(1.5);
    expect(late.timesDirect / early.timesDirect, "answers come later").toBeLessThan(2.5);

    await aws.behave(aws.passes);
    expect((await s3(proxy, { agent, path: "/soak/object" })).status).toBe(200);
    const { stderr } = await proxy.stop();
    expect(stderr, "our own bugs").not.toMatch(/TypeError|RangeError|ReferenceError|InternalFailure/);
    const open = new Map<string, string>();
    let decided = 0;
    for (const file of readdirSync(proxy.dir)
      .filter((name) => /^activity.*\.jsonl$/.test(name))
      .sort()) {
      for await (const line of createInterface({ input: createReadStream(join(proxy.dir, file)) })) {
        const { type, id } = JSON.parse(line) as { readonly type: string; readonly id: string };
        if (type === "decided") {
          decided++;
          expect(open.has(id)).toBe(false);
          open.set(id, line);
        } else expect(open.delete(id), `finished without a decision, or twice: ${id}`).toBe(true);
      }
    }
    expect(decided).toBeGreaterThan(seconds * 5);
    expect([...open.values()], "decided and never finished").toEqual([]);
  });

  /** A request on a connection of its own, past the proxy. That it is refused makes no difference. */
  async function askDirectly(): Promise<void> {
    const socket = connectTls({ port: fake.port, host: "127.0.0.1", servername: s3Host, ca: fake.ca.certificate });
    socket.on("error", () => {}).resume();
    socket.write(`GET /soak/object HTTP/1.1\r\nHost: ${s3Host}\r\nConnection: close\r\n\r\n`);
    await new Promise((resolve) => socket.once("close", resolve));
  }
});

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
