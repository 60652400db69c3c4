import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { scrubbedEnv } from "./agent-env.ts";
import { type Exited, run } from "./child.ts";
import { runSteps, type StepRun } from "./client-steps.ts";
import { FakeAws } from "./fake-aws.ts";
import { type ProxyOptions, ProxyProcess, proxyBin } from "./proxy-process.ts";
import { sts } from "./signed-request.ts";
import { targetKind } from "./target.ts";
import { sessionCredentials } from "./test-credentials.ts";

const script = fileURLToPath(new URL("../clients/aws-sdk-js.mjs", import.meta.url));
const js = (proxy: ProxyProcess, steps: readonly string[]): Promise<StepRun> =>
  runSteps(process.execPath, [script, "policies-bucket", ...steps], proxy.env);

const allow = (Action: string | readonly string[], more: object = {}) => ({
  Effect: "Allow",
  Action,
  Resource: "*",
  ...more,
});
const policyOf = (...Statement: readonly object[]) => ({ Version: "2012-10-17", Statement });

describe.skipIf(targetKind === "direct")("enforcement by the whole policy language", () => {
  const credentials = sessionCredentials();
  let fake: FakeAws;
  let proxy: ProxyProcess;

  beforeEach(async () => {
    fake = await FakeAws.start({ credentials });
  });
  afterEach(() => proxy?.kill());

  const start = async (options: Partial<ProxyOptions>): Promise<void> => {
    proxy = await ProxyProcess.start(fake, { credentials, mode: "enforce", ...options });
  };
  const reload = (): Promise<Exited> =>
    run(process.execPath, [proxyBin, "reload", "--dir", proxy.dir], { env: scrubbedEnv(proxy.home) });

  test("conditions on the region, the time and TLS hold and do not", async () => {
    await start({
      policies: [
        policyOf(
          allow(["s3:CreateBucket", "s3:PutObject"], {
            Condition: {
              StringEquals: { "aws:RequestedRegion": "us-east-1" },
              Bool: { "aws:SecureTransport": true },
              DateGreaterThan: { "aws:CurrentTime": "2020-01-01T00:00:00Z" },
            },
          }),
          allow("iam:ListUsers", { Condition: { StringEquals: { "aws:RequestedRegion": "eu-west-1" } } }),
          allow("ec2:DescribeInstances", { Condition: { IpAddressIfExists: { "aws:SourceIp": "0.0.0.0/0" } } }),
        ),
      ],
    });
    const client = await js(proxy, [
      "s3:CreateBucket",
      "s3:PutObject buffer",
      "iam:ListUsers",
      "ec2:DescribeInstances",
    ]);
    client.value("s3:CreateBucket");
    client.value("s3:PutObject buffer");
    expect(client.error("iam:ListUsers").message).toContain("its condition StringEquals on aws:RequestedRegion");
    expect(client.error("ec2:DescribeInstances").message).toContain("aws:SourceIp is not known");
    await proxy.stop();
  });

  test("conditions on what a listing asks for", async () => {
    const of = (prefix: string) => ({ Condition: { StringLike: { "s3:prefix": prefix } } });
    await start({
      policies: [
        policyOf(allow(["s3:CreateBucket", "s3:PutObject"]), { Sid: "Mine", ...allow("s3:ListBucket", of("buf*")) }),
      ],
    });
    const client = await js(proxy, [
      "s3:CreateBucket",
      "s3:PutObject buffer",
      "s3:ListObjectsV2 prefix",
      "s3:ListObjectsV2",
    ]);
    expect(client.value("s3:ListObjectsV2 prefix")).toEqual(["buffer"]);
    expect(client.error("s3:ListObjectsV2").message).toContain(
      `statement Mine in ${join(proxy.home, "policy-0.json")} would, but its condition StringLike on s3:prefix`,
    );
    await proxy.stop();
  });

  test("a boundary and a session policy limit what the policy allows", async () => {
    const all = policyOf(allow("*"));
    await start({ policies: [all] });
    const file = join(proxy.home, "limit.json");
    writeFileSync(file, JSON.stringify(policyOf(allow(["s3:*", "sts:*"]))));
    for (const option of ["--boundary", "--session-policy"]) {
      await proxy.stop();
      await start({ policies: [all], args: [option, file] });
      const client = await js(proxy, ["s3:CreateBucket", "iam:ListUsers"]);
      client.value("s3:CreateBucket");
      expect(client.error("iam:ListUsers").message).toContain(option);
    }
    await proxy.stop();
  });

  test("the operator's own rule beats every policy, and holds for what needs no permission", async () => {
    const deny = { ...allow("*"), Effect: "Deny" };
    await start({ policies: [policyOf(deny)] });
    (await js(proxy, ["sts:GetCallerIdentity"])).value("sts:GetCallerIdentity");
    await proxy.stop();
    for (const mode of ["record", "enforce"] as const) {
      const args = ["--deny-action", "sts:Get*", "--deny-action", "s3:CreateBucket"];
      await start({ mode, policies: mode === "record" ? [] : [policyOf(allow("*"))], args });
      fake.forget();
      const client = await js(proxy, ["sts:GetCallerIdentity", "s3:CreateBucket"]);
      expect(client.error("sts:GetCallerIdentity")).toMatchObject({ status: 403 });
      expect(client.error("s3:CreateBucket").message).toContain("the operator forbids s3:CreateBucket");
      expect(fake.arrived).toEqual([]);
      await proxy.stop();
    }
  });

  test("policies are reloaded under load without an answer lost; an edit alone changes nothing", async () => {
    const body = "Action=DecodeAuthorizationMessage&Version=2011-06-15&EncodedMessage=x";
    const open = policyOf({ Sid: "Open", ...allow("sts:*") });
    const shut = policyOf({ Sid: "Shut", ...allow("s3:*") });
    await start({ policies: [open] });
    const file = join(proxy.home, "policy-0.json");
    const agent = await proxy.agentCredentials();
    const statuses: number[] = [];
    const send = async (): Promise<number> => (await sts(proxy, { agent, body })).status;
    const versions = (): ReadonlySet<unknown> =>
      new Set(
        proxy.activity
          .filter(({ type }) => type === "decided")
          .map(({ decision }) => (decision as { readonly policyVersion: string }).policyVersion),
      );

    let busy = true;
    const load = Array.from({ length: 4 }, async () => {
      while (busy) statuses.push(await send());
    });
    for (let round = 0; round < 6; round++) {
      writeFileSync(file, JSON.stringify(round % 2 === 0 ? shut : open));
      await new Promise((resolve) => setTimeout(resolve, 50));
      const { code, stdout } = await reload();
      expect(code).toBe(0);
      expect(stdout).toMatch(/- statement (Open|Shut) in .*\+ statement (Open|Shut) in /);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    busy = false;
    await Promise.all(load);
    // Allowed ones reach the fake AWS, which does not know the operation; denied ones end here.
    expect(statuses.length).toBeGreaterThan(20);
    expect(statuses).not.toContain(0);
    expect(statuses).toContain(403);
    // The first, as it was laid out, and the two written here.
    expect(versions().size).toBe(3);

    writeFileSync(file, JSON.stringify(shut));
    const before = versions().size;
    expect(await send()).not.toBe(403);
    expect(versions().size).toBe(before);

    writeFileSync(file, "{ broken");
    const broken = await reload();
    expect(broken.code).toBe(1);
    expect(broken.stderr).toContain("the policies were not reloaded");
    expect(await send()).not.toBe(403);

    writeFileSync(file, JSON.stringify(shut));
    process.kill(proxy.pid, "SIGHUP");
    while ((await send()) !== 403) await new Promise((resolve) => setTimeout(resolve, 20));
    await proxy.stop();
  });

  test("`check` answers as the proxy does", async () => {
    await start({ policies: [policyOf(allow("s3:*"))] });
    const file = join(proxy.home, "policy-0.json");
    const check = (action: string): Promise<Exited> =>
      run(process.execPath, [proxyBin, "check", "--policy", file, "--action", action], {
        env: scrubbedEnv(proxy.home),
      });
    expect((await check("s3:ListAllMyBuckets")).code).toBe(0);
    expect((await check("iam:ListUsers")).code).toBe(1);
    const client = await js(proxy, ["iam:ListUsers"]);
    expect(client.error("iam:ListUsers")).toMatchObject({ status: 403 });
    await proxy.stop();
  });
});
