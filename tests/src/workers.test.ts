import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { awsConfigFile, scrubbedEnv } from "./agent-env.ts";
import { run } from "./child.ts";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";
import { FakeAws } from "./fake-aws.ts";
import { type ProxyOptions, ProxyProcess, proxyBin } from "./proxy-process.ts";
import type { RawAnswer } from "./raw-client.ts";
import { expectNoSecrets, expectOnlySigned, wholeRecords } from "./records.ts";
import { errorCode, s3, sts } from "./signed-request.ts";
import { targetKind } from "./target.ts";
import { sessionCredentials } from "./test-credentials.ts";

const allow = (Action: string) => ({ Version: "2012-10-17", Statement: { Effect: "Allow", Action, Resource: "*" } });

/** The processes that a process has started, by number; there is no other way to know them from outside. */
function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return text === "" ? [] : text.split(" ").map(Number);
}

function lives(pid: number): boolean {
  try {
    // One that has ended, and that nobody has asked for yet, is a zombie.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function eventually(holds: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 15_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

// The connections are counted out to the workers in turn, so that as many as there are workers meet all of them.
describe.skipIf(targetKind === "direct" || process.platform !== "linux")("a proxy of three workers", () => {
  const credentials = sessionCredentials();
  let fake: FakeAws;
  let proxy: ProxyProcess;
  let agent: RealCredentials;

  beforeEach(async () => {
    fake = await FakeAws.start({ credentials });
  });
  afterEach(() => proxy?.kill());

  async function start(options: Partial<ProxyOptions> = {}): Promise<void> {
    const { args = [], ...others } = options;
    proxy = await ProxyProcess.start(fake, { credentials, args: ["--workers", "3", ...args], ...others });
    agent = await proxy.agentCredentials();
  }
  const put = (path: string): Promise<RawAnswer> => s3(proxy, { agent, method: "PUT", path });
  const statuses = async (count: number, send: () => Promise<RawAnswer>): Promise<readonly number[]> => {
    const all: number[] = [];
    for (let i = 0; i < count; i++) all.push((await send()).status);
    return all;
  };

  test("is one proxy: one port, one log, one terminal, one profile, and nothing left of it afterwards", async () => {
    await start();
    expect(proxy.stdout).toContain("3 processes");
    const workers = childrenOf(proxy.pid);
    expect(workers).toHaveLength(3);
    await put("/bucket");
    const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => put(`/bucket/${i}`)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const activity = await wholeRecords(proxy);
    expect(activity.filter(({ type }) => type === "decided")).toHaveLength(31);
    expect(new Set(activity.flatMap(({ run }) => (run === undefined ? [] : [run]))).size).toBe(1);
    expect(proxy.actions).toHaveLength(31);
    await proxy.stop();
    expect(proxy.stdout.match(/^\[\d\d:\d\d:\d\d\] ALLOWED {2}s3:\w+$/gm)).toHaveLength(31);
    expect(existsSync(awsConfigFile(proxy.home))).toBe(false);
    expect(workers.filter(lives)).toEqual([]);
    expectOnlySigned(fake, proxy);
    expectNoSecrets(proxy, credentials);
  });

  test("knows the session of a role in every worker, whichever opened it, and no other", async () => {
    await start({ args: ["--allow-credentials-from", "sts:AssumeRole"] });
    const assume = async (by: RealCredentials, role: string): Promise<RealCredentials> => {
      const body = `Action=AssumeRole&Version=2011-06-15&RoleArn=${encodeURIComponent(role)}&RoleSessionName=agent`;
      const { status, bytes } = await sts(proxy, { agent: by, body });
      expect(status).toBe(200);
      const of = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(bytes.toString("utf8"))?.[1] as string;
      return {
        accessKeyId: of("AccessKeyId"),
        secretAccessKey: of("SecretAccessKey"),
        sessionToken: of("SessionToken"),
      };
    };
    await put("/bucket");
    const one = await assume(agent, "arn:aws:iam::123456789012:role/one");
    const two = await assume(one, "arn:aws:iam::123456789012:role/two");
    for (const [i, key] of [one, two].entries()) {
      // At once after the session was given out, in each worker.
      expect(await statuses(6, () => s3(proxy, { agent: key, path: "/bucket" }))).toEqual(Array(6).fill(200));
      const signedBy = fake.arrived.slice(-6).map(({ wire }) => JSON.stringify(wire.headers));
      for (const headers of signedBy) expect(headers).toContain(fake.roles.assumed[i]?.credentials.accessKeyId);
    }
    const lineages = proxy.activity.filter(({ type, lineage }) => type === "decided" && lineage !== undefined);
    expect(new Set(lineages.map(({ lineage }) => JSON.stringify(lineage))).size).toBe(2);
    expectNoSecrets(proxy, fake.roles.assumed[0]?.credentials as RealCredentials);
    // Sessions end with the proxy.
    const { home } = proxy;
    await proxy.stop();
    await start({ home, args: ["--allow-credentials-from", "sts:AssumeRole"] });
    const late = await s3(proxy, { agent: one, path: "/bucket" });
    expect([late.status, errorCode(late)]).toEqual([400, "ExpiredToken"]);
    expectOnlySigned(fake, proxy);
  });

  test("goes by new policies in every worker once a reload is answered, and by the old ones until then", async () => {
    await start({ mode: "enforce", policies: [allow("s3:*")] });
    expect(await statuses(3, () => put("/bucket"))).not.toContain(403);
    const file = /\(policy \w+: (.+)\)/.exec(proxy.stdout)?.[1] as string;
    writeFileSync(file, JSON.stringify(allow("sqs:*")));
    expect(await statuses(3, () => s3(proxy, { agent, path: "/bucket" }))).toEqual([200, 200, 200]);
    const env = scrubbedEnv(proxy.home);
    const reloaded = await run(process.execPath, [proxyBin, "reload", "--dir", proxy.dir], { env });
    expect(reloaded).toMatchObject({ code: 0, stdout: expect.stringContaining("policies reloaded") });
    expect(await statuses(6, () => s3(proxy, { agent, path: "/bucket" }))).toEqual(Array(6).fill(403));
    // By signal, and what is wrong changes nothing.
    writeFileSync(file, "{");
    process.kill(proxy.pid, "SIGHUP");
    await proxy.waitForStderr(/were not reloaded/);
    expect(await statuses(3, () => s3(proxy, { agent, path: "/bucket" }))).toEqual([403, 403, 403]);
    writeFileSync(file, JSON.stringify(allow("s3:*")));
    const before = proxy.stderr.length;
    process.kill(proxy.pid, "SIGHUP");
    await proxy.waitForStderr(/policies reloaded/, before);
    await eventually(() => childrenOf(proxy.pid).length === 3, "the workers");
    await expect.poll(() => statuses(3, () => s3(proxy, { agent, path: "/bucket" }))).toEqual([200, 200, 200]);
    expect(proxy.stderr).not.toContain("has ended");
    expectOnlySigned(fake, proxy);
  });

  test("replaces a worker that is killed, by one that goes by the policies as they are now", async () => {
    await start({ mode: "enforce", policies: [allow("s3:*")] });
    await put("/bucket");
    const file = /\(policy \w+: (.+)\)/.exec(proxy.stdout)?.[1] as string;
    // What was not told to count does not, for a new worker either.
    writeFileSync(file, JSON.stringify(allow("sqs:*")));
    const killed = childrenOf(proxy.pid);
    for (const pid of killed) process.kill(pid, "SIGKILL");
    // A connection that comes meanwhile waits.
    const answers = await statuses(6, () =>
      s3(proxy, { agent, path: "/bucket" }).catch(() => ({ status: 0, bytes: Buffer.alloc(0) })),
    );
    expect(answers.slice(-3)).toEqual([200, 200, 200]);
    await proxy.waitForStderr(/WARNING {2}worker \d+ has ended \(SIGKILL\); another takes its place/);
    await eventually(() => childrenOf(proxy.pid).length === 3, "three workers");
    expect(childrenOf(proxy.pid).filter((pid) => killed.includes(pid))).toEqual([]);
    await proxy.stop();
    expectOnlySigned(fake, proxy);
  });

  test("has no worker left when its first process is killed", async () => {
    await start();
    const workers = childrenOf(proxy.pid);
    await proxy.kill();
    await eventually(() => workers.every((pid) => !lives(pid)), "the workers' end");
    // And a new one starts in its place.
    await start({ home: proxy.home });
    expect((await put("/bucket")).status).toBe(200);
    await proxy.stop();
  });

  test("ends a request that is under way before it stops, wherever that is served", async () => {
    await start();
    await put("/bucket");
    const slow = s3(proxy, { agent, method: "PUT", path: "/bucket/object", body: "x".repeat(100_000) });
    await eventually(() => proxy.activity.some(({ operations }) => String(operations) === "PutObject"), "the request");
    await proxy.stop("SIGTERM");
    expect((await slow).status).toBe(200);
  });

  test("says why it does not start when its port is taken", async () => {
    await start();
    const args = [
      "start",
      "--workers",
      "2",
      "--host",
      "127.0.0.1",
      "--port",
      String(proxy.port),
      "--dir",
      `${proxy.dir}-2`,
    ];
    const second = await run(process.execPath, [proxyBin, ...args], { env: scrubbedEnv(proxy.home) });
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining(`port ${proxy.port} is taken`) });
    await proxy.stop();
  });
});
