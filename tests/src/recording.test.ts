import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { type Exited, run } from "./child.ts";
import { runSteps, type StepRun } from "./client-steps.ts";
import { FakeAws } from "./fake-aws.ts";
import { ProxyProcess, proxyBin } from "./proxy-process.ts";
import { targetKind } from "./target.ts";
import { sessionCredentials } from "./test-credentials.ts";

const script = fileURLToPath(new URL("../clients/aws-sdk-js.mjs", import.meta.url));
const bucket = "recorded-bucket";
const preparing = ["s3:CreateBucket", "s3:PutObject buffer", "s3:PutObject stream", "s3:PutObject odd key"];
const traffic = [
  ...["sts:GetCallerIdentity", "s3:ListBuckets", "s3:HeadBucket", "s3:PutObject empty", "s3:GetObject buffer"],
  ...[
    "s3:GetObject odd key",
    "s3:GetObject range",
    "s3:HeadObject",
    "s3:multipart",
    "s3:CopyObject",
    "s3:ListObjectsV2",
  ],
  ...["s3:presigned GET", "s3:GetObject missing", "dynamodb:CreateTable", "dynamodb:PutItem", "sqs:CreateQueue"],
  ...["sqs:SendMessage", "ec2:DescribeInstances", "lambda:ListFunctions", "lambda:Invoke", "iam:ListUsers"],
  ...["cloudwatch:PutMetricData json", "cloudwatch:PutMetricData cbor"],
];
const js = (proxy: ProxyProcess, steps: readonly string[]): Promise<StepRun> =>
  runSteps(process.execPath, [script, bucket, ...steps], proxy.env);

describe.skipIf(targetKind === "direct")("a recording of real SDK calls", () => {
  const credentials = sessionCredentials();
  let fake: FakeAws;
  let proxy: ProxyProcess;

  const command = (...args: string[]): Promise<Exited> =>
    run(process.execPath, [proxyBin, ...args, "--dir", proxy.dir], { env: proxy.env });
  const policyFile = async (name: string, ...args: string[]): Promise<string> => {
    const file = join(proxy.home, name);
    writeFileSync(file, JSON.stringify(await proxy.policy(...args)));
    return file;
  };

  beforeAll(async () => {
    fake = await FakeAws.start({ credentials });
  });

  // A different half of the traffic each time, the same in every run of the suite.
  test.each([1, 2, 3])("gives a policy that allows all of it: choice %i", async (choice) => {
    const chosen = traffic.filter((_, i) => (i * 7 + choice * 5) % 3 !== 0);
    proxy = await ProxyProcess.start(fake, { credentials, mode: "record" });
    const steps = await js(proxy, [...preparing, ...chosen]);
    // A step fails where another that it builds on was not chosen: AWS answered, and that counts.
    for (const step of preparing) steps.value(step);
    await proxy.stop();

    const policy = await policyFile("policy.json");
    expect(await command("replay", "--policy", policy)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(" 0 denied.\n"),
    });
    expect(await command("diff", "--policy", policy)).toMatchObject({ code: 0 });
    const generalised = await policyFile("generalised.json", "--generalize", "all", "--siblings", "2");
    expect(await command("replay", "--policy", generalised)).toMatchObject({ code: 0 });
    const merged = await command("merge", "--policy", policy);
    expect(merged).toMatchObject({ code: 0, stderr: expect.stringContaining("Nothing to add") });

    const recorded = proxy.activity.filter(({ type, forwarded }) => type === "decided" && forwarded).length;
    proxy = await ProxyProcess.start(fake, { credentials, mode: "enforce", policies: [JSON.parse(merged.stdout)] });
    await js(proxy, [...preparing, ...chosen]);
    await proxy.stop();
    const enforced = proxy.activity.filter(({ type }) => type === "decided");
    expect(enforced.filter(({ forwarded }) => !forwarded).map(({ decision }) => decision)).toEqual([]);
    expect(enforced.length).toBe(recorded);
    expect(fake.problems).toEqual([]);
  });

  test("grows: what a second run needs is merged into the policy of the first", async () => {
    proxy = await ProxyProcess.start(fake, { credentials, mode: "record" });
    await js(proxy, ["s3:CreateBucket", "s3:PutObject buffer"]);
    await proxy.stop();
    const first = await policyFile("first.json");
    const before = new Date().toISOString();
    proxy = await ProxyProcess.start(fake, {
      credentials,
      mode: "shadow",
      policies: [await proxy.policy()],
      home: proxy.home,
    });
    await js(proxy, ["s3:GetObject buffer", "dynamodb:CreateTable"]);
    await proxy.stop();

    const denied = await command("replay", "--policy", first);
    expect(denied.code).toBe(1);
    expect(denied.stdout).toMatch(/DENIED {2}1 × s3:GetObject on arn:aws:s3:::recorded-bucket\/buffer: /);
    const log = await command("log", "--decision", "would-deny", "--since", before, "--json");
    expect(
      log.stdout
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { verdict: string }).verdict),
    ).toEqual(["WOULD DENY", "WOULD DENY"]);

    const merged = await command("merge", "--policy", first, "--since", before, "--output", first);
    expect(merged).toMatchObject({ code: 0, stderr: expect.stringContaining("2 additions") });
    expect(await command("replay", "--policy", first)).toMatchObject({ code: 0 });
  });

  test("is renamed when it is full, and read as a whole", async () => {
    proxy = await ProxyProcess.start(fake, { credentials, mode: "record", args: ["--activity-rotate", "0.002"] });
    await js(proxy, [...preparing, "s3:GetObject buffer", "s3:HeadObject"]);
    await proxy.stop();
    const policy = await policyFile("policy.json");
    expect(await command("replay", "--policy", policy)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^6 of 6 requests/),
    });
  });

  test("counts a call that the SDK tried again once", async () => {
    proxy = await ProxyProcess.start(fake, { credentials, mode: "record" });
    const steps = await js(proxy, ["s3:CreateBucket", "s3:GetObject throttled once"]);
    expect(steps.value("s3:GetObject throttled once")).toBe("in the end");
    await proxy.stop();
    const decided = proxy.activity.filter(({ type }) => type === "decided");
    const retries = decided.map(({ retry }) => retry as string);
    for (const retry of retries) expect(retry).toMatch(/^sdk-[0-9a-f-]{36}$/);
    expect(new Set(retries).size).toBe(3);
    expect(retries[3]).toBe(retries[2]);
    const { stderr } = await command("policy");
    expect(stderr).toMatch(/^3 of 3 requests, 3 actions, /);
    expect(stderr).toContain("Retries: 1 more attempt of calls that count once.");
  });
});
