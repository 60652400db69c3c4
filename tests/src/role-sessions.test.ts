import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { awsConfigFile } from "./agent-env.ts";
import { run, runOk } from "./child.ts";
import { findClient } from "./client.ts";
import { FakeAws } from "./fake-aws.ts";
import { type ProxyOptions, ProxyProcess } from "./proxy-process.ts";
import { sts } from "./signed-request.ts";
import { targetKind } from "./target.ts";
import { sessionCredentials } from "./test-credentials.ts";

const client = (name: string): string => fileURLToPath(new URL(`../clients/${name}`, import.meta.url));
const cli = await findClient("the AWS CLI");
const boto3 = await findClient("boto3");
const ruby = await findClient("the AWS SDK for Ruby", "ruby", ["-e", "require 'aws-sdk-core'; puts RUBY_VERSION"]);
const roleArn = (name: string): string => `arn:aws:iam::123456789012:role/${name}`;
const sessionArn = (name: string): string => `arn:aws:sts::123456789012:assumed-role/${name}/agent`;

/** A program that makes a call for each line it is sent. */
class Caller {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly output: string[] = [];

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(command, args, { env, stdio: ["pipe", "pipe", "pipe"] });
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => this.output.push(text));
  }

  async call(line = "call"): Promise<Record<string, unknown>> {
    this.#child.stdin?.write(`${line}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`it ended: ${this.output.join("")}`);
    this.output.push(value);
    return JSON.parse(value) as Record<string, unknown>;
  }

  end(): void {
    this.#child.kill("SIGKILL");
  }
}

describe.skipIf(targetKind === "direct")("sessions of roles", () => {
  const credentials = sessionCredentials();
  let fake: FakeAws;
  let proxy: ProxyProcess;
  let callers: Caller[];
  /** What the agent got to see, decrypted. */
  let received: string[];

  beforeEach(async () => {
    callers = [];
    received = [];
    fake = await FakeAws.start({ credentials });
  });
  afterEach(async () => {
    for (const caller of callers) caller.end();
    await proxy?.kill();
  });

  async function start(options: Partial<ProxyOptions> = {}): Promise<void> {
    const args = ["--allow-credentials-from", "sts:AssumeRole,sts:GetSessionToken,sts:GetFederationToken"];
    proxy = await ProxyProcess.start(fake, { credentials, ...options, args: [...args, ...(options.args ?? [])] });
    const source = (i: number): string => (i === 0 ? "iam-agent-proxy" : "one");
    const profiles = ["one", "two"].map(
      (name, i) =>
        `\n[profile ${name}]\nrole_arn = ${roleArn(name)}\nrole_session_name = agent\nsource_profile = ${source(i)}\nregion = us-east-1\n`,
    );
    if (options.home === undefined) appendFileSync(awsConfigFile(proxy.home), profiles.join(""));
  }
  /** The proxy is stopped and another takes its place. */
  async function restart(options: Partial<ProxyOptions> = {}): Promise<void> {
    const { home, port } = proxy;
    await proxy.stop();
    await start({ ...options, home, port });
  }
  const env = (): NodeJS.ProcessEnv => ({
    ...proxy.env,
    AWS_CA_BUNDLE: join(proxy.dir, "ca-bundle.pem"),
    AWS_REGION: "us-east-1",
  });
  function caller(command: string, ...args: readonly string[]): Caller {
    const started = new Caller(command, args, env());
    callers.push(started);
    return started;
  }
  const js = (...roles: readonly string[]): Caller =>
    caller(process.execPath, client("role-sessions.mjs"), ...roles.map(roleArn));
  const python = (profile: string): Caller => caller("python3", client("role_sessions.py"), profile);
  const aws = (...args: readonly string[]) => run("aws", args, { env: env() });

  describe("that the SDK for JavaScript assumes", () => {
    test("follow one another through two roles, and are had anew before they end", async () => {
      // Less than the five minutes ahead of its end at which the SDK has a session renewed: each call finds it due.
      fake.roles.seconds = 200;
      await start();
      const one = js("one");
      const two = js("one", "two");
      for (let call = 0; call < 3; call++) {
        expect(await one.call()).toEqual({ arn: sessionArn("one") });
        expect(await two.call()).toEqual({ arn: sessionArn("two") });
      }
      expect(fake.problems).toEqual([]);
      const by = new Map(
        fake.roles.assumed.map(({ credentials: { accessKeyId }, parameters }) => [accessKeyId, parameters.RoleArn]),
      );
      const second = fake.roles.assumed.filter(({ parameters }) => parameters.RoleArn === roleArn("two"));
      expect(second.length).toBeGreaterThanOrEqual(3);
      // Each by a session of the first.
      expect(new Set(second.map((session) => by.get(session.by)))).toEqual(new Set([roleArn("one")]));
      await proxy.stop();
    });

    test("at once, each with its own, are kept apart", async () => {
      await start();
      const names = Array.from({ length: 25 }, (_, i) => `role-${i}`);
      expect(await js().call(`roles ${names.map(roleArn).join(" ")}`)).toEqual({ arns: names.map(sessionArn) });
      expect(fake.problems).toEqual([]);
      expect(fake.roles.assumed).toHaveLength(25);
      await proxy.stop();
    });
  });

  test.skipIf(boto3.skip)("that boto3 assumes by the chain of a profile are had anew before they end", async () => {
    // Less than the ten minutes ahead of its end at which botocore must have a session renewed.
    fake.roles.seconds = 300;
    await start();
    const chain = python("two");
    for (let call = 0; call < 3; call++) expect(await chain.call()).toEqual({ arn: sessionArn("two") });
    expect(
      fake.roles.assumed.filter(({ parameters }) => parameters.RoleArn === roleArn("two")).length,
    ).toBeGreaterThanOrEqual(3);
    expect(fake.problems).toEqual([]);
    await proxy.stop();
  });

  describe("end with the proxy, with an ExpiredToken", () => {
    test("that the SDK for JavaScript and boto3 tell at once, and do not try again", async () => {
      await start();
      const running = [["javascript", js("one")], ...(boto3.skip ? [] : [["boto3", python("one")]])] as [
        string,
        Caller,
      ][];
      for (const [, each] of running) expect(await each.call()).toEqual({ arn: sessionArn("one") });
      await restart();
      fake.forget();
      for (const [, each] of running) expect(await each.call()).toMatchObject({ error: "ExpiredToken" });
      expect(fake.arrived.filter(({ operation }) => operation !== "GetCallerIdentity")).toEqual([]);
      // A program that is started has a session of its own.
      expect(await js("one").call()).toEqual({ arn: sessionArn("one") });
      await proxy.stop();
    });

    test("at which they have new ones when their own time comes", async () => {
      fake.roles.seconds = 200;
      await start();
      const running = js("one");
      expect(await running.call()).toEqual({ arn: sessionArn("one") });
      await restart();
      expect(await running.call()).toEqual({ arn: sessionArn("one") });
      await proxy.stop();
    });

    test.skipIf(ruby.skip)("that makes the SDK for Ruby ask for another by itself", async () => {
      await start();
      const running = caller("ruby", client("role_sessions.rb"), roleArn("one"));
      expect(await running.call()).toEqual({ arn: sessionArn("one") });
      const before = fake.roles.assumed.length;
      await restart();
      expect(await running.call()).toEqual({ arn: sessionArn("one") });
      expect(fake.roles.assumed.length).toBe(before + 1);
      await proxy.stop();
    });

    test.skipIf(cli.skip)("that tells users of the AWS CLI of its cache", async () => {
      await start();
      const whoAmI = ["--profile", "two", "sts", "get-caller-identity"];
      expect((await aws(...whoAmI)).stdout).toContain(sessionArn("two"));
      await restart();
      const { code, stderr } = await aws(...whoAmI);
      expect(code).not.toBe(0);
      expect(stderr).toContain("ExpiredToken");
      expect(stderr).toContain("~/.aws/cli/cache");
      rmSync(join(proxy.home, ".aws", "cli", "cache"), { recursive: true });
      expect((await aws(...whoAmI)).stdout).toContain(sessionArn("two"));
      await proxy.stop();
    });
  });

  test.skipIf(cli.skip)("of a web identity are had without a signature, and used with one", async () => {
    await start({
      args: [
        ...["--allow-unsigned", "sts:AssumeRoleWithWebIdentity"],
        ...["--allow-credentials-from", "sts:AssumeRoleWithWebIdentity"],
      ],
    });
    const token = join(proxy.home, "web-identity-token");
    writeFileSync(token, "a.web.identity");
    const { AWS_PROFILE: _, ...rest } = env();
    const web = { AWS_ROLE_ARN: roleArn("web"), AWS_WEB_IDENTITY_TOKEN_FILE: token, AWS_ROLE_SESSION_NAME: "agent" };
    const whoAmI = await runOk("aws", ["sts", "get-caller-identity"], { env: { ...rest, ...web } });
    expect(whoAmI).toContain(sessionArn("web"));
    expect(fake.problems).toEqual([]);
    expect(fake.roles.assumed[0]?.by).toBe("");
    await proxy.stop();
  });

  test("leave nothing real in the agent's hands, or in any file", async () => {
    await start();
    const agent = await proxy.agentCredentials();
    for (const parameters of [
      `Action=AssumeRole&RoleArn=${encodeURIComponent(roleArn("one"))}&RoleSessionName=agent`,
      "Action=GetSessionToken",
      "Action=GetFederationToken&Name=bob",
    ]) {
      const body = `${parameters}&Version=2011-06-15`;
      for (const accepted of ["identity", "gzip"]) {
        const headers = { "accept-encoding": accepted };
        const { status, bytes } = await sts(proxy, { agent, body, headers });
        expect(status).toBe(200);
        received.push(bytes.toString("latin1"));
      }
    }
    const running = js("one", "two");
    await running.call();
    if (!boto3.skip) await python("two").call();
    if (!cli.skip) {
      for (const args of [
        ["sts", "assume-role", "--role-arn", roleArn("one"), "--role-session-name", "agent", "--debug"],
        ["--profile", "two", "sts", "get-caller-identity", "--debug"],
      ]) {
        const { code, stdout, stderr } = await aws(...args);
        expect(code).toBe(0);
        received.push(stdout, stderr);
      }
    }
    for (const { output } of callers) received.push(...output);
    const { stdout, stderr } = await proxy.stop();
    // The AWS CLI's cache of sessions is among the files, too.
    const files = readdirSync(proxy.home, { recursive: true, encoding: "utf8" })
      .map((name) => join(proxy.home, name))
      .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile())
      .map((file) => readFileSync(file, "latin1"));
    expect(fake.roles.assumed.length).toBeGreaterThanOrEqual(9);
    const real = [credentials, ...fake.roles.assumed.map((session) => session.credentials)];
    const seen = [...received, stdout, stderr, ...files];
    for (const { accessKeyId, secretAccessKey, sessionToken = "" } of real) {
      const secrets = [
        secretAccessKey,
        sessionToken,
        ...(accessKeyId === credentials.accessKeyId ? [] : [accessKeyId]),
      ];
      for (const secret of secrets) {
        for (const form of [
          secret,
          encodeURIComponent(secret),
          Buffer.from(secret).toString("base64").replace(/=+$/, ""),
        ]) {
          expect(seen.filter((text) => text.includes(form)).map((text) => text.slice(0, 200))).toEqual([]);
        }
      }
    }
  });
});
