import { spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { awsConfigFile, scrubbedEnv } from "./agent-env.ts";
import { type Exited, run } from "./child.ts";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";
import { FakeAws } from "./fake-aws.ts";
import { type ProxyOptions, ProxyProcess, proxyBin } from "./proxy-process.ts";
import { connectThroughProxy } from "./raw-client.ts";
import { expectNoSecrets, expectOnlySigned, wholeRecords } from "./records.ts";
import { errorCode, s3, s3Head, s3Host } from "./signed-request.ts";
import { targetKind } from "./target.ts";
import { tempDir } from "./temp-dir.ts";
import { sessionCredentials } from "./test-credentials.ts";

const asRoot = process.getuid?.() === 0;
/** A mount namespace of its own, in which a program may mount what it likes. */
const namespace = ["unshare", ...(asRoot ? [] : ["--map-root-user"]), "--mount"];
const namespaces =
  spawnSync(namespace[0] as string, [...namespace.slice(1), "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;
const ownClients = fileURLToPath(new URL("../clients/", import.meta.url));

/** What goes wrong with the proxy itself and the machine it runs on. */
describe.skipIf(targetKind === "direct")("the proxy", () => {
  const credentials = sessionCredentials();
  let fake: FakeAws;

  beforeAll(async () => {
    fake = await FakeAws.start({ credentials });
    const first = await ProxyProcess.start(fake, { credentials });
    const agent = await first.agentCredentials();
    await s3(first, { agent, method: "PUT", path: "/faults" });
    await s3(first, { agent, method: "PUT", path: "/faults/object", body: "whole" });
    await first.stop();
  });
  beforeEach(() => fake.forget());

  const get = (proxy: Pick<ProxyProcess, "env">, agent: RealCredentials) =>
    s3(proxy, { agent, path: "/faults/object" });
  /** Why a start failed: its status and what it wrote. */
  const failedStart = async (options: Partial<ProxyOptions>): Promise<string> => {
    try {
      const proxy = await ProxyProcess.start(fake, { credentials, ...options });
      await proxy.kill();
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error("it started");
  };

  describe("killed with SIGKILL", () => {
    const config = "# mine\n[default]\nregion = eu-central-1\n";

    test("at any moment, while it starts and while it serves: the next start mends all of it, and no record is lost", async () => {
      const home = tempDir("killed");
      mkdirSync(join(home, ".aws"));
      writeFileSync(awsConfigFile(home), config);
      const forwarded = new Set<string>();
      for (let round = 0; round < 6; round++) {
        const starting = ProxyProcess.start(fake, { credentials, home }).catch(() => undefined);
        if (round % 3 === 2) {
          // In the middle of its start, wherever that is.
          await new Promise((resolve) => setTimeout(resolve, 150 + round * 60));
          killProxiesOf(home);
          await starting;
          continue;
        }
        const proxy = await starting;
        if (proxy === undefined) throw new Error("it did not start after a kill");
        const agent = await proxy.agentCredentials();
        expect((await get(proxy, agent)).status).toBe(200);
        const load = Promise.allSettled(Array.from({ length: 30 }, () => get(proxy, agent)));
        await new Promise((resolve) => setTimeout(resolve, round * 15));
        await proxy.kill();
        await load;
        for (const { id, forwarded: sent } of proxy.activity) if (sent === true) forwarded.add(id);
        expect(readFileSync(awsConfigFile(home), "utf8").match(/^\[profile iam-agent-proxy\]$/gm)).toHaveLength(1);
      }
      expect(fake.problems).toEqual([]);
      const got = fake.operations.filter((operation) => operation === "s3:GetObject").length;
      expect(got, "AWS got a request that is on no record").toBeLessThanOrEqual(forwarded.size);
      const last = await ProxyProcess.start(fake, { credentials, home });
      expect((await get(last, await last.agentCredentials())).status).toBe(200);
      expectNoSecrets(last, credentials);
      await last.stop();
      expect(readFileSync(awsConfigFile(home), "utf8")).toBe(config);
      expect(readdirSync(last.dir)).not.toContain("creds.sock");
    });

    test("in the middle of a line of its logs: the next start ends the line, and readers tell of it", async () => {
      const home = tempDir("torn");
      const before = await ProxyProcess.start(fake, { credentials, home });
      expect((await get(before, await before.agentCredentials())).status).toBe(200);
      await before.kill();
      const whole = before.activity.length;
      appendFileSync(join(before.dir, "activity.jsonl"), '{"v":1,"type":"decided","id":"torn');
      appendFileSync(join(before.dir, "actions.log"), "s3:GetObj");
      const proxy = await ProxyProcess.start(fake, { credentials, home });
      expect((await get(proxy, await proxy.agentCredentials())).status).toBe(200);
      await proxy.stop();
      const lines = readFileSync(join(proxy.dir, "activity.jsonl"), "utf8").trimEnd().split("\n");
      expect(lines[whole]).toBe('{"v":1,"type":"decided","id":"torn');
      expect(lines.slice(whole + 1).map((line) => (JSON.parse(line) as { type: string }).type)).toEqual([
        "decided",
        "finished",
      ]);
      expect(proxy.actions).toEqual(["s3:GetObject", "s3:GetObj", "s3:GetObject"]);
      const policy = await run(process.execPath, [proxyBin, "policy", "--dir", proxy.dir], { env: scrubbedEnv(home) });
      expect(policy).toMatchObject({ code: 0, stdout: expect.stringContaining("arn:aws:s3:::faults/object") });
      expect(policy.stderr).toContain(`activity.jsonl:${whole + 1}: passed over`);
    });
  });

  describe.skipIf(!namespaces)("on a disk of its own (needs a mount namespace)", () => {
    const mounted = (directory: string, options: string): readonly string[] => {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      return [...namespace, "sh", "-c", `mount -t tmpfs -o mode=700,${options} tmpfs "$0" && exec "$@"`, directory];
    };

    test("that fills up refuses what it cannot record, sends none of it, and goes on when there is room", async () => {
      const home = tempDir("full");
      const dir = join(home, ".iam-agent-proxy");
      const sock = join(home, "creds.sock");
      const proxy = await ProxyProcess.start(fake, {
        ...{ credentials, home, args: ["--sock", sock], through: mounted(dir, "size=1m") },
      });
      const view = join("/proc", String(proxy.pid), "root", dir);
      const agent = await proxy.agentCredentials();
      const inside = { env: { ...proxy.env, NODE_EXTRA_CA_CERTS: join(view, "ca.pem") } };
      expect((await get(inside, agent)).status).toBe(200);

      const filler = join(view, "filler");
      // To the last byte of the last page.
      for (const piece of [Buffer.alloc(4096), Buffer.alloc(1)]) {
        try {
          for (;;) appendFileSync(filler, piece);
        } catch (error) {
          expect(error).toMatchObject({ code: "ENOSPC" });
        }
      }
      // What is left of the log's last page takes some records yet.
      let refused = await get(inside, agent);
      for (let i = 0; i < 20 && refused.status === 200; i++) refused = await get(inside, agent);
      fake.forget();
      for (let i = 0; i < 5; i++) {
        refused = await get(inside, agent);
        expect({ status: refused.status, code: errorCode(refused) }).toEqual({ status: 500, code: "InternalError" });
        expect(refused.bytes.toString()).toContain("cannot write its activity log");
      }
      expect(fake.arrived, "sent without a record").toEqual([]);
      await proxy.waitForStderr(/activity log[^\n]*\n?[^\n]*ENOSPC/);

      rmSync(filler);
      expect((await get(inside, agent)).status).toBe(200);
      expect(fake.operations).toEqual(["s3:GetObject"]);
      const lines = readFileSync(join(view, "activity.jsonl"), "utf8").trimEnd().split("\n");
      const readable = lines.filter((line) => {
        try {
          return JSON.parse(line) as unknown;
        } catch {
          return false;
        }
      });
      // Only the record that met the end of the disk may be cut short.
      expect(lines.length - readable.length).toBeLessThanOrEqual(2);
      expect(JSON.parse(lines.at(-1) as string)).toMatchObject({ type: expect.stringMatching(/decided|finished/) });
      expectNoSecrets(proxy, credentials);
      await proxy.stop();
    });

    test.each([
      ["that is full does not start", "size=4k", /ENOSPC|no space left/i],
      ["that is read-only does not start", "ro", /EROFS|read-only/i],
    ])("%s, and says why in one line", async (_what, options, why) => {
      const home = tempDir("mount");
      const said = await failedStart({ home, through: mounted(join(home, ".iam-agent-proxy"), options) });
      expect(said).toMatch(/exited with 1/);
      expect(said).toMatch(why);
      expect(said, "a stack is for bugs").not.toMatch(/\n\s+at /);
      expect(() => statSync(awsConfigFile(home))).toThrow("ENOENT");
    });

    test("whose ~/.aws is read-only does not start, and names the way out", async () => {
      const home = tempDir("mount");
      const said = await failedStart({ home, through: mounted(join(home, ".aws"), "ro") });
      expect(said).toMatch(/exited with 1/);
      expect(said).toContain("AWS_CONFIG_FILE");
      expect(said).not.toMatch(/\n\s+at /);
    });
  });

  test.skipIf(!asRoot)(
    "of a user who may not write its directory does not start, and says which (needs root, to be somebody else)",
    async () => {
      const home = tempDir("others");
      chmodSync(home, 0o755);
      const dir = join(home, ".iam-agent-proxy");
      mkdirSync(dir, { mode: 0o755 });
      const said = await failedStart({
        home,
        through: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
      });
      expect(said).toMatch(/exited with 1/);
      expect(said).toMatch(/EPERM|EACCES/);
      expect(said).toContain(dir);
      expect(said).not.toMatch(/\n\s+at /);
    },
  );

  describe("whose clock jumps", () => {
    const home = tempDir("clock");
    const offset = join(home, "offset");
    const minutes = (count: number): void => writeFileSync(offset, String(count * 60_000));
    let proxy: ProxyProcess;
    let agent: RealCredentials;

    beforeAll(async () => {
      minutes(0);
      proxy = await ProxyProcess.start(fake, {
        ...{ credentials, home },
        env: { NODE_OPTIONS: `--import=${join(ownClients, "shifted-clock.mjs")}`, CLOCK_OFFSET_FILE: offset },
      });
      agent = await proxy.agentCredentials();
      expect((await get(proxy, agent)).status).toBe(200);
    });
    afterAll(() => proxy?.stop());

    test.each([20, -20, 600, -600])(
      "by %i minutes says so to the agent, signs nothing, and is forgiven when it is right again",
      async (count) => {
        minutes(count);
        const refused = await get(proxy, agent);
        expect(errorCode(refused)).toMatch(/^(RequestTimeTooSkewed|ExpiredToken)$/);
        expect(fake.arrived).toEqual([]);
        minutes(0);
        expect((await get(proxy, agent)).status).toBe(200);
        expect((await get(proxy, await proxy.agentCredentials())).status).toBe(200);
        await wholeRecords(proxy);
        expectOnlySigned(fake, proxy);
      },
    );

    test("by a year makes certificates that nobody believes, and other ones when it is right again", async () => {
      minutes(60 * 24 * 365);
      const host = "s3.us-east-2.amazonaws.com";
      const there = { agent, host, region: "us-east-2", path: "/faults/object" };
      await expect(s3(proxy, there)).rejects.toThrow("certificate is not yet valid");
      minutes(0);
      expect((await s3(proxy, there)).status).toBe(200);
      expectOnlySigned(fake, proxy);
    });

    test("in the middle of a request makes no request end before it began", async () => {
      for (const count of [-2, 2, 0]) {
        const answer = get(proxy, agent);
        await fake.waitForRequest();
        minutes(count);
        await answer;
      }
      for (const { type, durationMs } of await wholeRecords(proxy)) {
        if (type === "finished") expect(durationMs as number).toBeGreaterThanOrEqual(0);
      }
    });
  });

  describe("whose real credentials come from a program", () => {
    const home = tempDir("source");
    const told = join(home, "told");
    let proxy: ProxyProcess;
    let agent: RealCredentials;
    const giveFor = (seconds: number): void =>
      writeFileSync(
        told,
        JSON.stringify({
          Version: 1,
          AccessKeyId: credentials.accessKeyId,
          SecretAccessKey: credentials.secretAccessKey,
          SessionToken: credentials.sessionToken,
          Expiration: new Date(Date.now() + seconds * 1000).toISOString(),
        }),
      );
    /** Asks until the answer is the one that is due: credentials expire, and providers are asked again, in their own time. */
    const until = async (status: number): Promise<string> => {
      const end = performance.now() + 40_000;
      for (;;) {
        const answer = await get(proxy, agent);
        if (answer.status === status) return answer.bytes.toString();
        if (performance.now() > end) throw new Error(`still ${answer.status}: ${answer.bytes}`);
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    };

    beforeAll(async () => {
      giveFor(3600);
      mkdirSync(join(home, ".aws"));
      const command = [process.execPath, join(ownClients, "credential-source.mjs"), told].join(" ");
      writeFileSync(awsConfigFile(home), `[profile real]\ncredential_process = ${command}\nregion = us-east-1\n`);
      giveFor(4);
      proxy = await ProxyProcess.start(fake, { credentials: undefined, home, env: { AWS_PROFILE: "real" } });
      agent = await proxy.agentCredentials();
    });
    afterAll(() => proxy?.stop());

    const wrongs: readonly [string, () => string][] = [
      ["fails", () => "fail"],
      ["prints nothing", () => ""],
      ["prints garbage", () => "\u0000\u0001 not JSON"],
      ["prints JSON of another kind", () => '{"Version": 2, "AccessKeyId": 7}'],
      [
        "gives credentials that have expired",
        () =>
          JSON.stringify({
            Version: 1,
            AccessKeyId: credentials.accessKeyId,
            SecretAccessKey: credentials.secretAccessKey,
            Expiration: "2020-01-01T00:00:00Z",
          }),
      ],
      ["hangs", () => "hang"],
    ];
    test.each(wrongs)(
      "which %s: they serve to their end and not beyond, then 503 until there are new ones",
      async (_what, instead) => {
        giveFor(4);
        await until(200);
        writeFileSync(told, instead());
        fake.forget();
        const refused = await until(503);
        expect(refused).toContain("no AWS credentials to sign with");
        await proxy.waitForStderr(/WARNING {2}no AWS credentials from profile real: /);
        expect(proxy.stderr, "credentials were printed").not.toContain(credentials.secretAccessKey);
        fake.forget();
        expect((await get(proxy, agent)).status).toBe(503);
        expect(fake.arrived, "signed with credentials that have expired").toEqual([]);
        giveFor(4);
        await until(200);
        await wholeRecords(proxy);
        expectOnlySigned(fake, proxy);
      },
    );
  });

  describe("whose policy file changes under it", () => {
    const home = tempDir("policy");
    const file = join(home, "policy-0.json");
    const allow = (action: string): object => ({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: action, Resource: "*" }],
    });
    let proxy: ProxyProcess;
    let agent: RealCredentials;
    const reload = (): Promise<Exited> =>
      run(process.execPath, [proxyBin, "reload", "--dir", proxy.dir], { env: scrubbedEnv(home) });

    beforeAll(async () => {
      proxy = await ProxyProcess.start(fake, {
        ...{ credentials, home, mode: "enforce", policies: [allow("s3:GetObject")] },
      });
      agent = await proxy.agentCredentials();
    });
    afterAll(() => proxy?.stop());

    const replacements: readonly [string, () => unknown][] = [
      [
        "bytes of chance",
        () => writeFileSync(file, Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 197) & 255))),
      ],
      ["nothing", () => writeFileSync(file, "")],
      ["half a policy", () => writeFileSync(file, JSON.stringify(allow("*")).slice(0, 60))],
      ["JSON that is no policy", () => writeFileSync(file, '{"Effect": "Allow", "Action": "*", "Resource": "*"}')],
      [
        "a policy with a member twice",
        () => writeFileSync(file, '{"Version":"2012-10-17","Statement":[],"Statement":[]}'),
      ],
      ["twenty megabytes of brackets", () => writeFileSync(file, "[".repeat(20 << 20))],
      ["no file at all", () => {}],
      ["a directory", () => mkdirSync(file)],
      ["a symbolic link to itself", () => symlinkSync(file, file)],
    ];
    test.each(replacements)("to %s keeps the last good policies, and says what is wrong", async (_what, replace) => {
      rmSync(file, { recursive: true, force: true });
      replace();
      const before = proxy.stderr.length;
      const answer = await reload();
      expect(answer.code).toBe(1);
      expect(answer.stderr).toContain("were not reloaded");
      expect(answer.stderr).toContain("policy-0.json");
      process.kill(proxy.pid, "SIGHUP");
      await proxy.waitForStderr(/(?:were not reloaded[\s\S]*){2}/, before);
      expect((await get(proxy, agent)).status).toBe(200);
      const denied = await s3(proxy, { agent, method: "PUT", path: "/faults/denied", body: "x" });
      expect({ status: denied.status, code: errorCode(denied) }).toEqual({ status: 403, code: "AccessDenied" });
      expect(fake.operations).toEqual(["s3:GetObject"]);
      const refused = await failedStart({ mode: "enforce", args: ["--policy", file] });
      expect(refused).toMatch(/exited with [12]/);
      expect(refused).toContain("policy-0.json");
    });

    test("to a good one at last counts when it is reloaded", async () => {
      rmSync(file, { recursive: true, force: true });
      writeFileSync(file, JSON.stringify(allow("s3:PutObject")));
      expect(await reload()).toMatchObject({ code: 0 });
      expect((await get(proxy, agent)).status).toBe(403);
      expect((await s3(proxy, { agent, method: "PUT", path: "/faults/allowed", body: "x" })).status).toBe(200);
      await wholeRecords(proxy);
    });
  });

  describe("beside another one on the same directory", () => {
    test("says that it is there, changes nothing of it, and leaves with status 1", async () => {
      const first = await ProxyProcess.start(fake, { credentials });
      const config = readFileSync(awsConfigFile(first.home), "utf8");
      const said = await failedStart({ home: first.home });
      expect(said).toMatch(/exited with 1/);
      expect(said).toMatch(/another|already|is served/i);
      expect(said).not.toMatch(/\n\s+at /);
      expect(readFileSync(awsConfigFile(first.home), "utf8")).toBe(config);
      expect((await get(first, await first.agentCredentials())).status).toBe(200);
      await first.stop();
    });

    test("starting in the same moment: one of them runs, and it works", async () => {
      const home = tempDir("race");
      const starts = await Promise.allSettled([1, 2, 3].map(() => ProxyProcess.start(fake, { credentials, home })));
      const running = starts.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      const refused = starts.flatMap((one) => (one.status === "rejected" ? [(one.reason as Error).message] : []));
      expect(running).toHaveLength(1);
      for (const said of refused) expect(said).toMatch(/exited with 1/);
      const [proxy] = running as [ProxyProcess];
      expect((await get(proxy, await proxy.agentCredentials())).status).toBe(200);
      await proxy.stop();
    });

    test("with a socket and a profile of its own shares its log, and neither loses a record", async () => {
      const first = await ProxyProcess.start(fake, { credentials });
      const second = await ProxyProcess.start(fake, {
        ...{ credentials, home: first.home, args: ["--sock", join(first.home, "second.sock")] },
        env: { AWS_CONFIG_FILE: join(first.home, "second-config") },
      });
      const agent = await first.agentCredentials();
      const answers = await Promise.all(Array.from({ length: 80 }, (_, i) => get(i % 2 === 0 ? first : second, agent)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect((await wholeRecords(first)).length).toBe(160);
      await second.stop();
      expect((await get(first, agent)).status).toBe(200);
      await first.stop();
    });
  });

  test("out of file descriptors drops what it cannot take, serves what it has, and goes on when there are some", async () => {
    const proxy = await ProxyProcess.start(fake, {
      ...{ credentials, through: ["bash", "-c", 'ulimit -n 200; exec "$@"', "bash"] },
    });
    const agent = await proxy.agentCredentials();
    const kept = await connectThroughProxy(proxy.env, s3Host);
    const served = async (): Promise<void> => {
      const answer = once(kept, "data");
      kept.write((await s3Head({ agent, path: "/faults/object" })).replace("connection: close\r\n", ""));
      expect(String((await answer)[0])).toMatch(/^HTTP\/1\.1 200 /);
    };
    await served();
    for (let round = 0; round < 3; round++) {
      const held = await Promise.all(Array.from({ length: 400 }, () => dial(proxy.port)));
      await new Promise((resolve) => setTimeout(resolve, 300));
      await served();
      // Nobody new is served now, and nobody waits for ever: the connection ends, or an error is told.
      const meanwhile = await Promise.allSettled(Array.from({ length: 5 }, () => get(proxy, agent)));
      for (const one of meanwhile) {
        if (one.status === "fulfilled") expect([0, 200, 500, 503]).toContain(one.value.status);
      }
      for (const socket of held) socket.destroy();
      const end = performance.now() + 15_000;
      while ((await get(proxy, agent).catch(() => ({ status: 0 }))).status !== 200) {
        if (performance.now() > end) throw new Error("it does not serve any more");
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    kept.destroy();
    await proxy.waitForStderr(/136 connections are open, the most there may be/);
    await wholeRecords(proxy);
    expectOnlySigned(fake, proxy);
    await proxy.stop();
  });

  async function dial(port: number): Promise<Socket> {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    await Promise.race([once(socket, "connect"), new Promise((resolve) => socket.once("close", resolve))]);
    return socket;
  }

  /** Kills the proxies whose home this is. */
  function killProxiesOf(home: string): void {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        if (command.includes(proxyBin) && command.includes(`${home}/`)) process.kill(Number(pid), "SIGKILL");
      } catch {
        // It has ended meanwhile.
      }
    }
  }
});
