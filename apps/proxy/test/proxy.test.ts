import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type ActivityRecord, Credentials, type RequestHead } from "@iap/aws-core";
import { CertificateAuthority } from "@iap/ca-manager";
import { fetchCredentials } from "@iap/cred-vendor";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { type OptionName, readSettings } from "../src/options.ts";
import { type RunningProxy, startProxy } from "../src/proxy.ts";
import { Terminal } from "../src/terminal/terminal.ts";
import { UsageError } from "../src/usage-error.ts";
import { signedRequest } from "./agent-request.ts";
import { type ClientAnswer, openTunnel, startRequest, wholeAnswer } from "./connect-client.ts";
import { FakeAws } from "./fake-aws.ts";

const real = {
  AWS_ACCESS_KEY_ID: "AKIAREALREALREALREAL",
  AWS_SECRET_ACCESS_KEY: "real/secret+access/key",
  AWS_SESSION_TOKEN: "real/token+session==",
};
const bucket = "reports.s3.eu-west-1.amazonaws.com";
const arn = "arn:aws:sts::123456789012:assumed-role/dev/me";

let authorityDir: string;
let authority: CertificateAuthority;
let aws: FakeAws;
let root: string;
let running: RunningProxy[];

beforeAll(async () => {
  authorityDir = await mkdtemp(join(tmpdir(), "iap-upstream-"));
  authority = await CertificateAuthority.open({ dir: authorityDir, permittedDnsSuffixes: ["amazonaws.com"] });
});
afterAll(() => rm(authorityDir, { recursive: true, force: true }));

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "iap-proxy-"));
  running = [];
  aws = await FakeAws.start({ authority });
  const identity = `<GetCallerIdentityResult><Arn>${arn}</Arn><Account>123456789012</Account></GetCallerIdentityResult>`;
  aws.answer = (response, { target }) => {
    response.end(target.includes("GetCallerIdentity") ? identity : "from AWS");
  };
  // The SDK's credential chain reads the environment of the process: it shall find what a test gives it, and no more.
  vi.stubEnv("HOME", join(root, "nobody"));
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  for (const name of Object.keys(process.env)) {
    if (/^AWS_(?!EC2_METADATA_DISABLED)/.test(name)) vi.stubEnv(name, undefined);
  }
  for (const [name, value] of Object.entries(real)) vi.stubEnv(name, value);
});

afterEach(async () => {
  await Promise.all(running.map((proxy) => proxy.close({ hurry: Promise.resolve() }).catch(() => {})));
  await aws.close();
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

class Instance {
  readonly home: string;
  readonly dir: string;
  stdout = "";
  stderr = "";
  proxy!: RunningProxy;

  constructor(home: string) {
    this.home = join(root, home);
    this.dir = join(this.home, ".iam-agent-proxy");
    mkdirSync(this.home, { recursive: true });
  }

  get configFile(): string {
    return join(this.home, ".aws", "config");
  }

  writeConfig(text: string, mode = 0o600): void {
    mkdirSync(join(this.home, ".aws"), { recursive: true });
    writeFileSync(this.configFile, text, { mode });
  }

  async start(flags: Partial<Record<OptionName, unknown>> = {}, env: Record<string, string> = {}): Promise<this> {
    const own = { HOME: this.home, ...env };
    const settings = readSettings(
      {
        port: 0,
        region: "eu-west-1",
        "upstream-map": [`*.amazonaws.com=127.0.0.1:${aws.port}`],
        "upstream-ca": join(authorityDir, "ca.pem"),
        ...flags,
      },
      own,
    );
    const terminal = new Terminal({
      format: "text",
      color: false,
      stdout: { write: (text) => (this.stdout += text) },
      stderr: { write: (text) => (this.stderr += text) },
      now: () => new Date(),
    });
    this.proxy = await startProxy({ settings, env: own, terminal, version: "1.2.3" });
    running.push(this.proxy);
    return this;
  }

  async getObject(target = "/2026/summary.csv"): Promise<RequestHead> {
    const vended = await fetchCredentials({ socketPath: join(this.dir, "creds.sock") });
    const credentials = new Credentials({
      accessKeyId: vended.AccessKeyId,
      secretAccessKey: vended.SecretAccessKey,
      sessionToken: vended.SessionToken,
    });
    return signedRequest({ host: bucket, service: "s3", target, credentials });
  }

  async send(head: RequestHead): Promise<ClientAnswer> {
    const ca = readFileSync(join(this.dir, "ca.pem"), "utf8");
    const request = startRequest(await openTunnel({ port: this.proxy.port, host: head.host, ca }), head);
    const answer = wholeAnswer(request);
    request.end();
    return answer;
  }

  records(): ActivityRecord[] {
    return readFileSync(join(this.dir, "activity.jsonl"), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as ActivityRecord);
  }
}

function mode(file: string): string {
  return (statSync(file).mode & 0o777).toString(8);
}

describe("a start", () => {
  test("makes its files for the user alone, but for the certificates, which are public", async () => {
    const { dir } = await new Instance("a").start();
    expect(mode(dir)).toBe("700");
    const modes = Object.fromEntries(
      ["ca.key", "install.key", "creds.sock", "activity.jsonl", "actions.log", "ca.pem", "ca-bundle.pem"].map(
        (name) => [name, mode(join(dir, name))],
      ),
    );
    expect(modes).toEqual({
      "ca.key": "600",
      "install.key": "600",
      "creds.sock": "600",
      "activity.jsonl": "600",
      "actions.log": "600",
      "ca.pem": "644",
      "ca-bundle.pem": "644",
    });
    expect(readFileSync(join(dir, "ca-bundle.pem"), "utf8")).toContain(
      readFileSync(join(dir, "ca.pem"), "utf8").trim(),
    );
  });

  test("narrows a directory that others could read", async () => {
    const instance = new Instance("a");
    mkdirSync(instance.dir, { mode: 0o755 });
    await instance.start();
    expect(mode(instance.dir)).toBe("700");
  });

  test("says where it listens, where its files are, whose keys it signs with, and the two exports", async () => {
    const { stdout, proxy, dir } = await new Instance("a").start();
    expect(stdout).toContain(`iam-agent-proxy 1.2.3 listens on http://localhost:${proxy.port} (127.0.0.1, ::1)`);
    expect(stdout).toContain(`signs as    ${arn} (the default credential chain)`);
    expect(stdout).toContain(join(dir, "ca.pem"));
    expect(stdout).toContain("export AWS_PROFILE=iam-agent-proxy\n");
    expect(stdout).toContain(`export HTTPS_PROXY=http://localhost:${proxy.port}\n`);
  });

  test("listens on both loopbacks, at one port", async () => {
    const { proxy } = await new Instance("a").start();
    for (const host of ["127.0.0.1", "::1"]) {
      await new Promise<void>((resolve, reject) => {
        const socket = connect(proxy.port, host, () => {
          socket.destroy();
          resolve();
        });
        // A machine without IPv6 has only one.
        socket.once("error", (error: NodeJS.ErrnoException) =>
          host === "::1" && /EADDRNOTAVAIL|EAFNOSUPPORT/.test(error.code ?? "") ? resolve() : reject(error),
        );
      });
    }
  });
});

describe("the agent's profile", () => {
  const config =
    "# mine\n[default]\nregion = eu-central-1\n\n[profile  dev]\r\nrole_arn=x # keep  \n\n\n[sso-session s]";

  test("stands in the AWS config while the proxy runs, and leaves it as it was to the byte", async () => {
    const instance = new Instance("a");
    instance.writeConfig(config, 0o640);
    await instance.start();
    const during = readFileSync(instance.configFile, "utf8");
    expect(during.startsWith(config)).toBe(true);
    expect(during).toContain("[profile iam-agent-proxy]");
    expect(during).toContain(`ca_bundle = ${join(instance.dir, "ca-bundle.pem")}`);
    expect(during).toContain("region = eu-west-1");
    await instance.proxy.close();
    expect(readFileSync(instance.configFile, "utf8")).toBe(config);
    expect(mode(instance.configFile)).toBe("640");
  });

  test("names a credential_process that gives the agent's key pair", async () => {
    const instance = await new Instance("a").start();
    const command = /^credential_process = (.*)$/m.exec(readFileSync(instance.configFile, "utf8"))?.[1] ?? "";
    const { stdout } = await promisify(execFile)("sh", ["-c", command], { env: { PATH: process.env.PATH } });
    const vended = JSON.parse(stdout) as Record<string, string>;
    expect(vended).toMatchObject({ Version: 1, AccessKeyId: expect.stringMatching(/^ASIA[A-Z2-7]{16}$/) });
    const left = (Date.parse(vended.Expiration ?? "") - Date.now()) / 1000;
    expect(left).toBeGreaterThan(3590);
    expect(left).toBeLessThanOrEqual(3601);
    for (const secret of Object.values(real)) expect(stdout).not.toContain(secret);
  });

  test("has the region of the source profile when no other is given", async () => {
    const instance = new Instance("a");
    instance.writeConfig("[profile dev]\nregion = ap-southeast-2\n");
    for (const name of Object.keys(real)) vi.stubEnv(name, undefined);
    await instance.start({ region: undefined, profile: "dev" });
    expect(readFileSync(instance.configFile, "utf8")).toMatch(
      /\[profile iam-agent-proxy\][\s\S]*region = ap-southeast-2/,
    );
  });

  test.each([
    [{ AWS_REGION: "eu-north-1", AWS_DEFAULT_REGION: "us-west-2" }, "eu-north-1"],
    [{ AWS_REGION: "", AWS_DEFAULT_REGION: "us-west-2" }, "us-west-2"],
    [{ AWS_REGION: "", AWS_DEFAULT_REGION: "" }, "ap-southeast-2"],
  ])("has the region of the environment as clients have it: %j", async (env, region) => {
    const instance = new Instance("a");
    instance.writeConfig("[default]\nregion = ap-southeast-2\n");
    await instance.start({ region: undefined }, env);
    expect(readFileSync(instance.configFile, "utf8")).toMatch(
      new RegExp(`\\[profile iam-agent-proxy\\][\\s\\S]*region = ${region}\n`),
    );
  });

  test("is written through a symbolic link, which stays one", async () => {
    const instance = new Instance("a");
    const target = join(root, "dotfiles-config");
    writeFileSync(target, config);
    mkdirSync(join(instance.home, ".aws"));
    symlinkSync(target, instance.configFile);
    await instance.start();
    expect(readFileSync(target, "utf8")).toContain("[profile iam-agent-proxy]");
    await instance.proxy.close();
    expect(readFileSync(target, "utf8")).toBe(config);
  });

  test("leaves no config file behind where there was none", async () => {
    const instance = await new Instance("a").start();
    expect(existsSync(instance.configFile)).toBe(true);
    await instance.proxy.close();
    expect(existsSync(instance.configFile)).toBe(false);
  });
});

describe("a request", () => {
  test("signed with the vended key reaches AWS with the real one, and is written down", async () => {
    const instance = await new Instance("a").start();
    expect(await instance.send(await instance.getObject())).toMatchObject({ status: 200, text: "from AWS" });
    const { headers } = aws.seen.at(-1) as { headers: readonly (readonly [string, string])[] };
    const sent = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
    expect(sent.authorization).toContain(`Credential=${real.AWS_ACCESS_KEY_ID}/`);
    expect(sent["x-amz-security-token"]).toBe(real.AWS_SESSION_TOKEN);
    expect(instance.stdout).toMatch(/\] ALLOWED {2}s3:GetObject\n$/);
    expect(readFileSync(join(instance.dir, "actions.log"), "utf8")).toBe("s3:GetObject\n");
    await instance.proxy.close();
    expect(instance.records().map(({ type }) => type)).toEqual(["decided", "finished"]);
    const everything = instance.stdout + instance.stderr + readFileSync(join(instance.dir, "activity.jsonl"), "utf8");
    expect(everything).not.toContain(real.AWS_SECRET_ACCESS_KEY);
    expect(everything).not.toContain(real.AWS_SESSION_TOKEN);
  });

  test("that the policy does not allow is denied in the name of the real principal, whom STS is asked for once", async () => {
    const instance = new Instance("a");
    const policy = join(root, "policy.json");
    writeFileSync(
      policy,
      JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::reports/2026/*" }],
      }),
    );
    await instance.start({ mode: "enforce", policy: [policy] });
    expect(instance.stdout).toMatch(
      /mode {8}enforce: only what the policy allows is let through \(policy [0-9a-f]{12}: /,
    );
    expect((await instance.send(await instance.getObject())).status).toBe(200);
    const denied = await instance.send(await instance.getObject("/2025/summary.csv"));
    expect(denied.status).toBe(403);
    expect(denied.text).toContain(`User: ${arn} is not authorized to perform: s3:GetObject`);
    expect(instance.stdout).toMatch(/DENIED {2}s3:GetObject {2}.*2025\/summary\.csv/);
    expect(aws.seen.map(({ target }) => target)).toEqual([
      "/?Action=GetCallerIdentity&Version=2011-06-15",
      "/2026/summary.csv",
    ]);
  });

  test("signed with a key of an earlier run passes: the install key is the same", async () => {
    const first = await new Instance("a").start();
    const head = await first.getObject();
    await first.proxy.close();
    const second = await new Instance("a").start();
    expect((await second.send(head)).status).toBe(200);
  });

  test("without real credentials is answered 503 in the service's own shape, and the terminal says what to do", async () => {
    for (const name of Object.keys(real)) vi.stubEnv(name, undefined);
    const instance = await new Instance("a").start();
    expect(instance.stdout).toContain(
      "signs as    nobody: no credentials from the default credential chain; every request is answered 503 until there are",
    );
    const answer = await instance.send(await instance.getObject());
    expect(answer.status).toBe(503);
    expect(answer.text).toMatch(/<Error><Code>ServiceUnavailable<\/Code><Message>.*no AWS credentials to sign with/);
    expect(instance.stderr).toMatch(/WARNING {2}no AWS credentials from .*Requests are answered 503/);
    expect(instance.stderr.match(/WARNING/g)).toHaveLength(1);
    expect(aws.connections).toBe(0);
    await instance.proxy.close();
    expect(instance.records()).toMatchObject([
      { type: "decided", forwarded: false, decision: { by: "limit" } },
      { type: "finished", outcome: "answered", status: 503 },
    ]);
  });
});

describe("behind another proxy", () => {
  /** A forward proxy that takes every target to the fake AWS, and keeps what it was asked. */
  async function corporateProxy(): Promise<{ port: number; asked: { target: string; authorization?: string }[] }> {
    const asked: { target: string; authorization?: string }[] = [];
    const server = createServer().on("connect", (request: IncomingMessage, client: Socket) => {
      const { "proxy-authorization": authorization } = request.headers;
      asked.push({ target: request.url ?? "", ...(authorization === undefined ? {} : { authorization }) });
      const remote = connect(aws.port, "127.0.0.1", () => {
        client.write("HTTP/1.1 200 OK\r\n\r\n");
        remote.pipe(client).pipe(remote);
      });
      remote.on("error", () => client.destroy());
      client.on("error", () => remote.destroy()).on("close", () => remote.destroy());
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    onTestFinished(() => void server.close());
    return { port: (server.address() as AddressInfo).port, asked };
  }

  test("requests and the identity lookup go through it, with its credentials told to nobody else", async () => {
    const corporate = await corporateProxy();
    const instance = await new Instance("one").start(
      { "upstream-map": [] },
      { HTTPS_PROXY: `http://corp:hunter2@127.0.0.1:${corporate.port}` },
    );
    expect((await instance.send(await instance.getObject())).text).toBe("from AWS");
    await vi.waitFor(() => expect(corporate.asked.length).toBeGreaterThan(1));
    expect(corporate.asked.map(({ target }) => target)).toEqual(
      expect.arrayContaining([`${bucket}:443`, "sts.eu-west-1.amazonaws.com:443"]),
    );
    const basic = `Basic ${Buffer.from("corp:hunter2").toString("base64")}`;
    expect(new Set(corporate.asked.map(({ authorization }) => authorization))).toEqual(new Set([basic]));
    expect(instance.stderr + instance.stdout).toContain(`through the proxy 127.0.0.1:${corporate.port} (HTTPS_PROXY)`);
    const told = instance.stdout + instance.stderr + JSON.stringify(instance.records());
    expect(told).not.toMatch(/hunter2|Basic /);
    expect(JSON.stringify(aws.seen)).not.toMatch(/hunter2|proxy-authorization/i);
  });

  test("what --upstream-map names goes there and not through it", async () => {
    const corporate = await corporateProxy();
    const instance = await new Instance("one").start({}, { HTTPS_PROXY: `http://127.0.0.1:${corporate.port}` });
    expect((await instance.send(await instance.getObject())).text).toBe("from AWS");
    expect(corporate.asked).toEqual([]);
  });

  test("AssumeRole for the real credentials goes through it too", async () => {
    const corporate = await corporateProxy();
    const instance = new Instance("one");
    instance.writeConfig(
      "[profile target]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\nregion = eu-west-1\n[profile base]\naws_access_key_id = AKIABASEBASEBASEBASE\naws_secret_access_key = base/secret\n",
    );
    vi.stubEnv("AWS_CONFIG_FILE", instance.configFile);
    vi.stubEnv("HOME", instance.home);
    for (const name of Object.keys(real)) vi.stubEnv(name, undefined);
    aws.answer = (response, { body }) => {
      response.setHeader("Content-Type", "text/xml");
      response.end(
        body.includes("Action=AssumeRole")
          ? `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLEROLEROLEROLE</AccessKeyId><SecretAccessKey>role/secret</SecretAccessKey><SessionToken>role/token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`
          : "from AWS",
      );
    };
    await instance.start(
      { "upstream-map": [], profile: "target" },
      { HTTPS_PROXY: `http://127.0.0.1:${corporate.port}`, AWS_CONFIG_FILE: instance.configFile },
    );
    expect((await instance.send(await instance.getObject())).text).toBe("from AWS");
    expect(aws.seen.some(({ body }) => body.includes("Action=AssumeRole"))).toBe(true);
    const signed = aws.seen.find(({ target }) => target === "/2026/summary.csv");
    expect(JSON.stringify(signed?.headers)).toContain("ASIAROLEROLEROLEROLE");
  });

  test("that does not answer is told as 503, with what to look at", async () => {
    const instance = await new Instance("one").start(
      { "upstream-map": [], "account-id": "123456789012" },
      { https_proxy: "http://127.0.0.1:1" },
    );
    const answer = await instance.send(await instance.getObject());
    expect(answer.status).toBe(503);
    expect(answer.text).toContain("the proxy 127.0.0.1:1");
  });

  test("that is this proxy itself is refused, although its port was any free one", async () => {
    const first = await new Instance("one").start();
    const { port } = first.proxy;
    await first.proxy.close();
    const second = new Instance("two");
    await expect(second.start({ port }, { HTTPS_PROXY: `http://localhost:${port}` })).rejects.toThrow(UsageError);
  });
});

describe("closing", () => {
  test("lets what is under way finish, and loses no record", async () => {
    aws.answer = (response) => setTimeout(() => response.end("slow"), 150);
    const instance = await new Instance("a").start({ "principal-arn": arn });
    const heads = await Promise.all(Array.from({ length: 20 }, (_, i) => instance.getObject(`/${i}`)));
    const answers = heads.map((head) => instance.send(head));
    await vi.waitFor(() => expect(aws.seen).toHaveLength(20));
    await instance.proxy.close();
    expect((await Promise.all(answers)).map(({ text }) => text)).toEqual(Array(20).fill("slow"));
    const records = instance.records();
    const ids = (type: string): string[] => records.filter((record) => record.type === type).map(({ id }) => id);
    expect(new Set(ids("decided")).size).toBe(20);
    expect(ids("finished").sort()).toEqual(ids("decided").sort());
    expect(records).not.toContainEqual(expect.objectContaining({ type: "finished", outcome: "failed" }));
  });

  test("in a hurry cuts what is under way, and records its end", async () => {
    aws.answer = () => {};
    const instance = await new Instance("a").start({ "principal-arn": arn });
    const broken = instance.send(await instance.getObject()).catch((error: Error) => error);
    await vi.waitFor(() => expect(aws.seen).toHaveLength(1));
    await instance.proxy.close({ hurry: Promise.resolve() });
    expect(await broken).toBeInstanceOf(Error);
    expect(instance.records()).toMatchObject([
      { type: "decided", forwarded: true },
      { type: "finished", outcome: "aborted" },
    ]);
  });

  test("closes everything even if the profile cannot be taken away, and says so", async () => {
    const instance = await new Instance("a").start();
    const { port } = instance.proxy;
    await rm(instance.configFile);
    mkdirSync(instance.configFile);
    await expect(instance.proxy.close()).rejects.toThrow(UsageError);
    await expect(instance.proxy.close()).rejects.toThrow(instance.configFile);
    expect(existsSync(join(instance.dir, "creds.sock"))).toBe(false);
    await expect(openTunnel({ port, host: bucket, ca: "" })).rejects.toThrow(/ECONNREFUSED/);
  });

  test("twice is closing once", async () => {
    const { proxy } = await new Instance("a").start();
    await Promise.all([proxy.close(), proxy.close()]);
  });

  test("ends the socket and the listener, and the next start takes their place", async () => {
    const first = await new Instance("a").start();
    await first.proxy.close();
    expect(existsSync(join(first.dir, "creds.sock"))).toBe(false);
    const second = await new Instance("a").start({ port: first.proxy.port });
    expect(second.proxy.port).toBe(first.proxy.port);
    expect(readFileSync(join(second.dir, "ca.pem"), "utf8")).toBe(readFileSync(join(first.dir, "ca.pem"), "utf8"));
  });
});

describe("a second instance", () => {
  async function expectUntouched(first: Instance, config: string): Promise<void> {
    expect(readFileSync(first.configFile, "utf8")).toBe(config);
    expect((await first.send(await first.getObject())).status).toBe(200);
  }

  async function failure(starting: Promise<unknown>): Promise<UsageError> {
    const error = await starting.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).exitCode).toBe(1);
    return error as UsageError;
  }

  test("on the same port is told so, and leaves the first alone", async () => {
    const first = await new Instance("a").start();
    const config = readFileSync(first.configFile, "utf8");
    const second = new Instance("b");
    const { port } = first.proxy;
    const { message } = await failure(second.start({ port }));
    expect(message).toContain(`port ${port} is taken, perhaps by another iam-agent-proxy`);
    expect(existsSync(second.configFile)).toBe(false);
    expect(existsSync(join(second.dir, "creds.sock"))).toBe(false);
    await expectUntouched(first, config);
  });

  test("on the same socket is told so, and leaves the first alone", async () => {
    const first = await new Instance("a").start();
    const config = readFileSync(first.configFile, "utf8");
    const { message } = await failure(new Instance("a").start());
    expect(message).toContain(`another iam-agent-proxy is serving ${join(first.dir, "creds.sock")}`);
    await expectUntouched(first, config);
  });

  test("with the same AWS config is told so, and leaves the first alone", async () => {
    const first = await new Instance("a").start();
    const config = readFileSync(first.configFile, "utf8");
    const second = new Instance("b");
    const { message } = await failure(second.start({}, { AWS_CONFIG_FILE: first.configFile }));
    expect(message).toContain("Another iam-agent-proxy");
    expect(existsSync(join(second.dir, "creds.sock"))).toBe(false);
    await expectUntouched(first, config);
  });

  test("with everything of its own runs beside the first", async () => {
    const first = await new Instance("a").start();
    const second = await new Instance("b").start();
    expect((await first.send(await first.getObject())).status).toBe(200);
    expect((await second.send(await second.getObject())).status).toBe(200);
  });
});

describe("what is wrong before anything is made refuses the start, and nothing is made", () => {
  const garbage = (): string => {
    const file = join(root, "garbage.json");
    writeFileSync(file, '{"Version":"2012-10-17","Statement":[{"Effect":"Permit","Action":"*","Resource":"*"}]}');
    return file;
  };

  test.each<[string, () => Partial<Record<OptionName, unknown>>, RegExp]>([
    ["a policy", () => ({ mode: "enforce", policy: [garbage()] }), /garbage\.json:1:\d+: Statement\[0\]\.Effect/],
    ["an upstream map", () => ({ "upstream-map": ["nonsense"] }), /--upstream-map takes PATTERN=HOST:PORT/],
    ["an upstream CA", () => ({ "upstream-ca": garbage() }), /garbage\.json holds no PEM certificate/],
    [
      "the agent's own profile",
      () => ({ profile: "iam-agent-proxy" }),
      /gets its credentials from iam-agent-proxy itself/,
    ],
  ])("%s", async (_what, flags, message) => {
    const instance = new Instance("a");
    await expect(instance.start(flags())).rejects.toThrow(UsageError);
    await expect(instance.start(flags())).rejects.toThrow(message);
    expect(existsSync(instance.dir)).toBe(false);
    expect(existsSync(instance.configFile)).toBe(false);
    expect(instance.stdout).toBe("");
  });
});

test("a profile of that name that the user wrote is respected, and the start undone", async () => {
  const instance = new Instance("a");
  const own = "[profile iam-agent-proxy]\nregion = eu-west-1\n";
  instance.writeConfig(own);
  await expect(instance.start()).rejects.toThrow(
    /has a \[profile iam-agent-proxy\] that iam-agent-proxy did not write/,
  );
  expect(readFileSync(instance.configFile, "utf8")).toBe(own);
  expect(existsSync(join(instance.dir, "creds.sock"))).toBe(false);
});

test("a certificate authority that cannot be used stops the start, and says how to make a new one", async () => {
  const first = await new Instance("a").start();
  await first.proxy.close();
  writeFileSync(join(first.dir, "ca.key"), "garbage");
  const starting = new Instance("a").start();
  await expect(starting).rejects.toThrow(UsageError);
  await expect(starting).rejects.toThrow(/To make a new authority at the next start/);
});

test("an agent whose CA trust is missing is told of at the terminal", async () => {
  const instance = await new Instance("a").start();
  const tunnel = openTunnel({ port: instance.proxy.port, host: bucket, ca: authority.rootCertificate });
  await expect(tunnel).rejects.toThrow();
  await vi.waitFor(() =>
    expect(instance.stderr).toMatch(/WARNING {2}no TLS with the client for .*`iam-agent-proxy ca` says how/),
  );
});

describe("a reload of the policies", () => {
  const policyOf = (Action: string): string =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "*" }] });

  test("counts for the next request on a connection that stays, and an answer under way goes on", async () => {
    const instance = new Instance("a");
    const file = join(instance.home, "agent.json");
    writeFileSync(file, policyOf("s3:*"));
    await instance.start({ mode: "enforce", policy: [file] });

    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    aws.answer = (response) => {
      response.write("first half, ");
      void held.then(() => response.end("second half"));
    };
    const head = await instance.getObject();
    const ca = readFileSync(join(instance.dir, "ca.pem"), "utf8");
    const tls = await openTunnel({ port: instance.proxy.port, host: head.host, ca });
    const slow = startRequest(tls, head);
    const answer = wholeAnswer(slow);
    slow.end();
    while (!instance.stdout.includes("ALLOWED  s3:GetObject")) await new Promise((resolve) => setTimeout(resolve, 5));

    writeFileSync(file, policyOf("ec2:*"));
    expect((await instance.proxy.reload()).ok).toBe(true);
    expect(instance.stderr).toContain("policies reloaded, version");
    expect((await instance.send(await instance.getObject())).status).toBe(403);
    release();
    expect(await answer).toMatchObject({ status: 200, text: "first half, second half" });

    writeFileSync(file, "{");
    expect(await instance.proxy.reload()).toMatchObject({ ok: false });
    expect(instance.stderr).toContain("the policies were not reloaded");
    expect((await instance.send(await instance.getObject())).status).toBe(403);
  });

  test("does not happen when a file changes", async () => {
    const instance = new Instance("a");
    const file = join(instance.home, "agent.json");
    writeFileSync(file, policyOf("ec2:*"));
    await instance.start({ mode: "enforce", policy: [file] });
    writeFileSync(file, policyOf("s3:*"));
    expect((await instance.send(await instance.getObject())).status).toBe(403);
  });
});
