import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { scrubbedEnv } from "./agent-env.ts";
import { type Exited, run } from "./child.ts";
import { findClient } from "./client.ts";
import { runSteps, type StepRun } from "./client-steps.ts";
import { ServiceError } from "./fake-aws/service.ts";
import { type Arrived, FakeAws } from "./fake-aws.ts";
import { startMoto } from "./moto-server.ts";
import { type ProxyOptions, ProxyProcess, proxyBin } from "./proxy-process.ts";
import { sts } from "./signed-request.ts";
import { targetKind } from "./target.ts";
import { sessionCredentials } from "./test-credentials.ts";

const moto = await findClient("moto");
const cli = await findClient("the AWS CLI");
const script = fileURLToPath(new URL("../clients/aws-sdk-js.mjs", import.meta.url));
const js = (proxy: ProxyProcess, steps: readonly string[]): Promise<StepRun> =>
  runSteps(process.execPath, [script, "attributed-bucket", ...steps], proxy.env);
const roleArn = "arn:aws:iam::123456789012:role/ci/agent";
const policyOf = (...Statement: readonly object[]) => ({ Version: "2012-10-17", Statement });
const allow = (Action: string | readonly string[], more: object = {}) => ({
  ...{ Effect: "Allow", Action, Resource: "*" },
  ...more,
});

describe.skipIf(targetKind === "direct")("what AWS is told of who asked", () => {
  const credentials = sessionCredentials();
  let fake: FakeAws;
  let proxy: ProxyProcess;

  beforeEach(async () => {
    fake = await FakeAws.start({ credentials });
  });
  afterEach(() => proxy?.kill());

  const start = async (...args: string[]): Promise<void> => startWith({ args });
  const startWith = async (options: Partial<ProxyOptions>): Promise<void> => {
    proxy = await ProxyProcess.start(fake, { credentials, ...options });
  };
  const userAgentsOf = (arrived: readonly Arrived[]): string[] =>
    arrived.map(({ wire }) => wire.headers.find(([name]) => name.toLowerCase() === "user-agent")?.[1] ?? "");
  /** Those of the agent, not of the proxy itself. */
  const userAgents = (): string[] => userAgentsOf(fake.arrived.filter(({ operation }) => operation !== "AssumeRole"));
  const run1 = (): string => String(proxy.activity.find(({ type }) => type === "decided")?.run);

  test("the User-Agent of every signing form ends with the proxy, the agent and the run", async () => {
    await start("--agent", "ci nightly");
    fake.forget();
    const client = await js(proxy, [
      ...["s3:CreateBucket", "s3:PutObject buffer", "s3:PutObject stream", "s3:presigned GET", "sqs:CreateQueue"],
      ...["dynamodb:CreateTable", "cloudwatch:PutMetricData cbor", "sts:GetCallerIdentity"],
    ]);
    client.value("s3:presigned GET");
    const suffix = ` agent/ci-nightly run/${run1()}`;
    expect(fake.problems).toEqual([]);
    expect(userAgents().length).toBeGreaterThanOrEqual(8);
    for (const value of userAgents()) {
      expect(value).toMatch(/(^| )iam-agent-proxy\/\d+\.\d+\.\d+ agent\//);
      expect(value.endsWith(suffix)).toBe(true);
    }
    expect(userAgents().some((value) => value.startsWith("aws-sdk-js/"))).toBe(true);
    expect(proxy.activity.every(({ type, agent }) => type !== "decided" || agent === "ci nightly")).toBe(true);
    await proxy.stop();
  });

  test("a User-Agent that the client signed, that is long or that says somebody else gets it, too; a policy sees it whole", async () => {
    const condition = { Condition: { StringLike: { "aws:UserAgent": "* agent/ci run/*" } } };
    await startWith({ mode: "enforce", policies: [policyOf(allow("sts:*", condition))], args: ["--agent", "ci"] });
    const agent = await proxy.agentCredentials();
    for (const userAgent of ["signed/1.0", "x".repeat(3000), "iam-agent-proxy/0 agent/other run/none"]) {
      fake.forget();
      const body = "Action=DecodeAuthorizationMessage&Version=2011-06-15";
      // Allowed, so that it reaches the fake AWS, which does not know the operation.
      expect((await sts(proxy, { agent, body, headers: { "user-agent": userAgent } })).status).toBe(400);
      const [value = ""] = userAgents();
      expect(value).toMatch(new RegExp(`^${userAgent.slice(0, 18)}.* agent/ci run/${run1()}$`));
      expect(value.length).toBeLessThanOrEqual(1024);
      expect(fake.arrived.every(({ verdict }) => verdict.valid)).toBe(true);
    }
    await proxy.stop();
  });

  test("it can be turned off, or be another", async () => {
    await start("--no-user-agent-suffix");
    (await js(proxy, ["sqs:CreateQueue"])).value("sqs:CreateQueue");
    expect(userAgents().join()).not.toContain("iam-agent-proxy");
    await proxy.stop();
    fake.forget();
    await start("--agent", "ci", "--user-agent-suffix", "by {agent}");
    (await js(proxy, ["sqs:CreateQueue"])).value("sqs:CreateQueue");
    expect(userAgents().at(-1)).toMatch(/ by ci$/);
    await proxy.stop();
  });

  test("a role that the proxy assumes has the agent and the run in its session, and nothing else is signed with", async () => {
    await start("--agent", "ci", "--assume-role", roleArn);
    const client = await js(proxy, ["sts:GetCallerIdentity", "s3:CreateBucket", "s3:PutObject buffer"]);
    client.value("s3:PutObject buffer");
    const run = run1();
    expect(fake.roles.assumed).toHaveLength(1);
    const [session] = fake.roles.assumed;
    expect(session?.by).toBe(credentials.accessKeyId);
    expect(session?.parameters).toMatchObject({
      RoleArn: roleArn,
      RoleSessionName: `ci-${run.slice(0, 8)}`,
      SourceIdentity: "ci",
      "Tags.member.1.Key": "iam-agent-proxy:agent",
      "Tags.member.1.Value": "ci",
      "Tags.member.2.Key": "iam-agent-proxy:run",
      "Tags.member.2.Value": run,
    });
    expect(session?.parameters).not.toHaveProperty("Policy");
    expect(fake.problems).toEqual([]);
    for (const { operation, wire } of fake.arrived) {
      const { accessKeyId } = operation === "AssumeRole" ? credentials : (session?.credentials ?? credentials);
      expect(wire.headers.find(([name]) => name.toLowerCase() === "authorization")?.[1]).toContain(accessKeyId);
    }
    const principals = proxy.activity.filter(({ type }) => type === "decided").map(({ principalArn }) => principalArn);
    expect(new Set(principals)).toEqual(
      new Set([`arn:aws:sts::123456789012:assumed-role/agent/ci-${run.slice(0, 8)}`]),
    );
    await proxy.stop();
    // Nothing of the session is in a file, or was written to the terminal.
    const written = filesIn(proxy.home).map((file) => readFileSync(file, "latin1"));
    for (const text of [...written, proxy.stdout]) {
      for (const { credentials: real } of fake.roles.assumed) {
        expect(text.includes(real.secretAccessKey) || text.includes(real.sessionToken as string)).toBe(false);
      }
    }
  });

  test("two agents of one role are two sessions, without what trust policies may not allow", async () => {
    const home = await (async () => {
      await start("--agent", "one", "--assume-role", roleArn, "--no-source-identity", "--no-session-tags");
      return proxy.home;
    })();
    await proxy.stop();
    await startWith({ home, args: ["--agent", "two", "--assume-role", roleArn] });
    await proxy.stop();
    const names = fake.roles.assumed.map(({ parameters }) => parameters.RoleSessionName?.replace(/-[0-9a-f]{8}$/, ""));
    expect(names).toEqual(["one", "two"]);
    expect(Object.keys(fake.roles.assumed[0]?.parameters ?? {})).toEqual([
      ...["Action", "Version", "RoleArn", "RoleSessionName"],
    ]);
  });

  test("a session that ends is followed by another", async () => {
    // Less than it is refreshed ahead of its end: each request finds it due.
    fake.roles.seconds = 120;
    await start("--agent", "ci", "--assume-role", roleArn);
    while (fake.roles.assumed.length < 3) (await js(proxy, ["sts:GetCallerIdentity"])).value("sts:GetCallerIdentity");
    expect(fake.problems).toEqual([]);
    await proxy.stop();
  });

  test("a role that may not be assumed is a 503 in the service's words, and the terminal says what is missing", async () => {
    fake.roles.refuse = ({ SourceIdentity }) =>
      SourceIdentity === undefined
        ? undefined
        : new ServiceError(
            403,
            "AccessDenied",
            `User: arn:aws:iam::123456789012:user/dev is not authorized to perform: sts:SetSourceIdentity on resource: ${roleArn}`,
          );
    await start("--assume-role", roleArn);
    const client = await js(proxy, ["sts:GetCallerIdentity"]);
    expect(client.error("sts:GetCallerIdentity")).toMatchObject({ status: 503 });
    const { stderr } = await proxy.stop();
    expect(stderr).toContain(
      "Allow sts:SetSourceIdentity in the role's trust policy, or start with --no-source-identity",
    );
    await start("--assume-role", roleArn, "--no-source-identity");
    (await js(proxy, ["sts:GetCallerIdentity"])).value("sts:GetCallerIdentity");
    await proxy.stop();
  });

  describe("with --dual-enforce", () => {
    const dual = ["--agent", "ci", "--assume-role", roleArn, "--dual-enforce"];
    const reload = (): Promise<Exited> =>
      run(process.execPath, [proxyBin, "reload", "--dir", proxy.dir], { env: scrubbedEnv(proxy.home) });
    const sent = (): unknown[] => fake.roles.assumed.map(({ parameters }) => JSON.parse(parameters.Policy ?? "null"));

    test("the policy is the session's, too, and the new one when policies are reloaded", async () => {
      await startWith({ mode: "enforce", policies: [policyOf(allow("sqs:*", { Sid: "Queues" }))], args: dual });
      (await js(proxy, ["sqs:CreateQueue"])).value("sqs:CreateQueue");
      expect(sent()).toEqual([policyOf(allow("sqs:*"))]);
      const file = join(proxy.home, "policy-0.json");
      writeFileSync(file, JSON.stringify(policyOf(allow("s3:*"))));
      (await js(proxy, ["sqs:CreateQueue"])).value("sqs:CreateQueue");
      expect(sent()).toHaveLength(1);
      expect(await reload()).toMatchObject({ code: 0 });
      (await js(proxy, ["s3:CreateBucket"])).value("s3:CreateBucket");
      expect(sent()).toEqual([policyOf(allow("sqs:*")), policyOf(allow("s3:*"))]);

      // One that does not fit changes nothing, here or there.
      writeFileSync(file, JSON.stringify(policyOf(allow(Array.from({ length: 200 }, (_, i) => `s3:GetObject${i}`)))));
      const refused = await reload();
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain("AWS takes 2048");
      (await js(proxy, ["s3:CreateBucket", "s3:PutObject buffer"])).value("s3:PutObject buffer");
      expect(sent()).toHaveLength(2);
      await proxy.stop();
    });

    test("a policy that does not fit stops the start, and one that AWS finds too large every request", async () => {
      const home = await (async () => {
        fake.roles.refuse = () => new ServiceError(400, "PackedPolicyTooLarge", "Packed policy consumes 114%");
        await startWith({ mode: "enforce", policies: [policyOf(allow("sts:*"))], args: dual });
        return proxy.home;
      })();
      const client = await js(proxy, ["sts:GetCallerIdentity"]);
      expect(client.error("sts:GetCallerIdentity")).toMatchObject({ status: 503 });
      expect((await proxy.stop()).stderr).toContain("the policy does not fit into a session");

      const file = join(home, "large.json");
      writeFileSync(file, JSON.stringify(policyOf(allow("s3:*", { Resource: `arn:aws:s3:::${"a".repeat(2100)}` }))));
      const args = [
        proxyBin,
        "--port",
        "0",
        "--dir",
        join(home, "other"),
        "--mode",
        "enforce",
        "--policy",
        file,
        ...dual,
      ];
      const { code, stderr } = await run(process.execPath, args, { env: scrubbedEnv(home) });
      expect(code).toBe(2);
      expect(stderr).toMatch(/has 2\d{3} characters, and AWS takes 2048/);
    });
  });

  function filesIn(dir: string): string[] {
    return readdirSync(dir, { recursive: true, encoding: "utf8" })
      .map((name) => join(dir, name))
      .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
  }
});

// An STS of other authors: it checks signatures, and that the role is there.
describe.skipIf(moto.skip || cli.skip || targetKind === "direct")("a role of moto's that the proxy assumes", () => {
  test("is whom the AWS CLI is told it is", async () => {
    const { tls, keys } = await startMoto();
    const aws = async (of: ProxyProcess, ...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await run("aws", args, {
        env: { ...of.env, AWS_CA_BUNDLE: join(of.dir, "ca-bundle.pem") },
      });
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) });
      return stdout;
    };
    let proxy = await ProxyProcess.start(tls, { credentials: keys });
    const trust = { Effect: "Allow", Principal: { AWS: "*" }, Action: ["sts:AssumeRole", "sts:TagSession"] };
    const create = ["iam", "create-role", "--role-name", "agent", "--path", "/ci/"];
    await aws(proxy, ...create, "--assume-role-policy-document", JSON.stringify(policyOf(trust)));
    const put = ["iam", "put-role-policy", "--role-name", "agent", "--policy-name", "all"];
    await aws(proxy, ...put, "--policy-document", JSON.stringify(policyOf(allow("*"))));
    await proxy.stop();
    const policies = [policyOf(allow(["sqs:ListQueues"]))];
    const args = ["--agent", "ci", "--assume-role", roleArn, "--dual-enforce"];
    proxy = await ProxyProcess.start(tls, { credentials: keys, mode: "enforce", policies, args });
    expect(await aws(proxy, "sts", "get-caller-identity")).toMatch(/assumed-role\/agent\/ci-[0-9a-f]{8}/);
    await aws(proxy, "sqs", "list-queues");
    await proxy.stop();
  });
});
