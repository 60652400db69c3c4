import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { awsConfigFile } from "./agent-env.ts";
import { run } from "./child.ts";
import { findClient } from "./client.ts";
import { FakeAws } from "./fake-aws.ts";
import { ProxyProcess, proxyBin } from "./proxy-process.ts";
import { RunCommand } from "./run-command.ts";
import { targetKind } from "./target.ts";
import { sessionCredentials } from "./test-credentials.ts";

interface Check {
  readonly group: string;
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly fix?: string;
}

interface Report {
  readonly code: number | null;
  readonly problems: number;
  readonly checks: readonly Check[];
  readonly check: (name: string) => Check | undefined;
}

const cli = await findClient("the AWS CLI");
const curl = await findClient("curl");

describe.skipIf(targetKind === "direct")("iam-agent-proxy doctor", () => {
  const credentials = sessionCredentials();
  let fake: FakeAws;
  let user: RunCommand;

  beforeAll(async () => {
    fake = await FakeAws.start({ credentials });
    user = new RunCommand(fake, credentials);
  });

  async function doctor(args: readonly string[] = [], env: NodeJS.ProcessEnv = user.env): Promise<Report> {
    const exited = await run(process.execPath, [proxyBin, "doctor", "--json", ...args], {
      env,
      cwd: user.home,
      timeoutMs: 100_000,
    });
    if (!exited.stdout.startsWith("{")) throw new Error(exited.stdout + exited.stderr);
    const { problems, checks } = JSON.parse(exited.stdout) as { problems: number; checks: Check[] };
    return { code: exited.code, problems, checks, check: (name) => checks.find((each) => each.name === name) };
  }

  test("every client found here is intercepted in the environment of `run`, and the credentials are known", async () => {
    const { checks, check } = await doctor(["--port", "0"]);
    expect(check("identity")).toMatchObject({ status: "ok", message: expect.stringContaining("arn:aws:") });
    expect(check("clock")).toMatchObject({ status: "ok" });
    // rclone up to 1.60 cannot have AWS_CA_BUNDLE, which is found out too.
    const rclone = check("rclone (Go)");
    if (rclone?.status === "problem") expect(rclone.fix).toContain("--no-aws-ca-bundle");
    const clients = checks.filter(({ group, name }) => group === "clients" && name !== "rclone (Go)");
    expect(clients.filter(({ status }) => status !== "skipped").map(({ name, status }) => [name, status])).toEqual(
      clients.filter(({ status }) => status !== "skipped").map(({ name }) => [name, "ok"]),
    );
    expect(clients.find(({ name }) => name === "Node.js AWS SDK")?.message).toMatch(/^intercepted/);
  });

  test("no credentials are a problem, and the exit status says so", async () => {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, ...env } = user.env;
    const { code, check } = await doctor(["--port", "0", "--no-clients"], {
      ...env,
      AWS_EC2_METADATA_DISABLED: "true",
    });
    expect(code).toBe(1);
    expect(check("source")).toMatchObject({
      status: "problem",
      message: expect.stringContaining("no AWS credentials"),
    });
  });

  test("a taken port, a stale profile and a crashed run are found", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((listening) => taken.once("listening", listening));
    const { port } = taken.address() as { port: number };
    const crashed = new RunCommand(fake, credentials);
    const proxy = await ProxyProcess.start(fake, { credentials, home: crashed.home });
    await proxy.kill();
    const left = join(crashed.dir, "runs", "0123abcd");
    mkdirSync(left, { recursive: true });
    writeFileSync(join(left, "pid"), `${proxy.pid}\n`);
    const { code, check } = await doctor(["--port", String(port), "--offline", "--no-clients"], crashed.env);
    taken.close();
    expect(code).toBe(1);
    expect(check("port")).toMatchObject({ status: "problem", fix: expect.stringContaining("--port") });
    expect(check("profile")).toMatchObject({ status: "warning", message: expect.stringContaining("left behind") });
    expect(check("socket")).toMatchObject({ status: "warning", message: expect.stringContaining("left behind") });
    expect(check("leftovers")).toMatchObject({ status: "warning", message: expect.stringContaining("0123abcd") });
  });

  test("a profile of that name that the user wrote is a problem", async () => {
    const own = new RunCommand(fake, credentials);
    mkdirSync(join(own.home, ".aws"));
    writeFileSync(awsConfigFile(own.home), "[profile iam-agent-proxy]\nregion = us-east-1\n");
    const { check } = await doctor(["--offline", "--no-clients", "--port", "0"], own.env);
    expect(check("profile")).toMatchObject({ status: "problem", fix: expect.stringContaining("rename") });
  });

  describe.skipIf(cli.skip || curl.skip)("in a terminal as it is", () => {
    let proxy: ProxyProcess;
    beforeAll(async () => {
      proxy = await ProxyProcess.start(fake, { credentials });
    });
    afterAll(async () => {
      await proxy.stop();
    });
    const asIs = (env: NodeJS.ProcessEnv): Promise<Report> =>
      doctor(["--as-is", "--client", "AWS CLI", "--dir", proxy.dir], { ...proxy.env, ...env });

    test("with the two exports and the bundle the AWS CLI is intercepted", async () => {
      const { code, check } = await asIs({ AWS_CA_BUNDLE: join(proxy.dir, "ca-bundle.pem") });
      expect(check("AWS CLI")).toMatchObject({ status: "ok" });
      expect(code).toBe(0);
    });

    test("without the bundle it does not trust the CA", async () => {
      const { code, check } = await asIs({});
      expect(check("AWS CLI")).toMatchObject({
        status: "problem",
        message: expect.stringContaining("CA not trusted"),
        fix: expect.stringContaining("iam-agent-proxy env"),
      });
      expect(code).toBe(1);
    });

    test("with NO_PROXY for AWS it goes past the proxy", async () => {
      const { code, check } = await asIs({
        NO_PROXY: "*",
        // Where it then goes is nowhere: nothing of this test leaves the machine.
        AWS_ENDPOINT_URL_STS: "http://127.0.0.1:9",
        AWS_MAX_ATTEMPTS: "1",
      });
      expect(check("AWS CLI")).toMatchObject({ status: "problem", message: expect.stringMatching(/^bypassed/) });
      expect(code).toBe(1);
    });
  });
});
