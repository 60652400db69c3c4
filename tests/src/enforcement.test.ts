import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { runSteps, type StepRun } from "./client-steps.ts";
import { FakeAws } from "./fake-aws.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { targetKind } from "./target.ts";
import { sessionCredentials } from "./test-credentials.ts";

const script = fileURLToPath(new URL("../clients/aws-sdk-js.mjs", import.meta.url));
const bucket = "policy-bucket";
const work = [
  ...["sts:GetCallerIdentity", "s3:CreateBucket", "s3:PutObject buffer", "s3:PutObject stream", "s3:GetObject buffer"],
  ...["s3:multipart", "s3:CopyObject", "s3:ListObjectsV2", "s3:presigned GET", "s3:DeleteObject"],
  ...["dynamodb:CreateTable", "dynamodb:PutItem", "dynamodb:Query", "sqs:CreateQueue", "sqs:SendMessage"],
  ...["ec2:DescribeInstances", "lambda:Invoke", "cloudwatch:PutMetricData json", "cloudwatch:PutMetricData cbor"],
];
const js = (proxy: ProxyProcess, steps: readonly string[]): Promise<StepRun> =>
  runSteps(process.execPath, [script, bucket, ...steps], proxy.env);

describe.skipIf(targetKind === "direct")("a policy", () => {
  const credentials = sessionCredentials();
  let fake: FakeAws;
  let proxy: ProxyProcess;

  beforeAll(async () => {
    fake = await FakeAws.start({ credentials });
  });

  test("made from a recording lets the same calls through, and the calls only", async () => {
    proxy = await ProxyProcess.start(fake, { credentials, mode: "record" });
    const recorded = await js(proxy, work);
    for (const step of work) recorded.value(step);
    await proxy.stop();
    expect(proxy.actions).toEqual(expect.arrayContaining(["s3:PutObject", "dynamodb:Query", "sqs:SendMessage"]));
    const policy = await proxy.policy();

    proxy = await ProxyProcess.start(fake, { credentials, mode: "enforce", policies: [policy] });
    const enforced = await js(proxy, [...work, "iam:ListUsers", "s3:GetObject missing", "lambda:ListFunctions"]);
    for (const step of work) enforced.value(step);
    expect(enforced.error("iam:ListUsers")).toMatchObject({ status: 403, attempts: 1 });
    expect(enforced.error("lambda:ListFunctions")).toMatchObject({ status: 403, attempts: 1 });
    await proxy.stop();
    expect(fake.problems).toEqual([]);
  });

  test("that allows nothing denies every protocol in its own words, once, and nothing reaches AWS", async () => {
    const nothing = {
      Version: "2012-10-17",
      Statement: [{ Sid: "NothingElse", Effect: "Allow", Action: "kms:ListKeys", Resource: "*" }],
    };
    proxy = await ProxyProcess.start(fake, { credentials, mode: "enforce", policies: [nothing] });
    fake.forget();
    const denied: readonly (readonly [step: string, name: RegExp, action: string])[] = [
      ["s3:GetObject buffer", /^AccessDenied$/, "s3:GetObject"],
      ["s3:PutObject stream", /^AccessDenied$/, "s3:PutObject"],
      ["dynamodb:PutItem", /^AccessDeniedException$/, "dynamodb:PutItem"],
      ["sqs:CreateQueue", /^AccessDenied(Exception)?$/, "sqs:CreateQueue"],
      ["ec2:DescribeInstances", /^UnauthorizedOperation$/, "ec2:DescribeInstances"],
      ["lambda:ListFunctions", /^AccessDeniedException$/, "lambda:ListFunctions"],
      ["lambda:Invoke", /^AccessDeniedException$/, "lambda:InvokeFunction"],
      ["cloudwatch:PutMetricData json", /^AccessDenied(Exception)?$/, "cloudwatch:PutMetricData"],
      ["cloudwatch:PutMetricData cbor", /^AccessDenied(Exception)?$/, "cloudwatch:PutMetricData"],
      ["cloudwatch:PutMetricData query", /^AccessDenied(Exception)?$/, "cloudwatch:PutMetricData"],
      ["iam:ListUsers", /^AccessDenied$/, "iam:ListUsers"],
    ];
    const client = await js(
      proxy,
      denied.map(([step]) => step),
    );
    for (const [step, name, action] of denied) {
      const error = client.error(step);
      expect(error.name, step).toMatch(name);
      expect(error.message, step).toContain(`is not authorized to perform: ${action} `);
      // The SDK counts no attempts for a stream, which it cannot send twice; the records below count for it.
      expect(error.attempts ?? 1, `${step} was retried`).toBe(1);
    }
    expect(fake.arrived).toEqual([]);
    const decided = proxy.activity.filter(({ type }) => type === "decided");
    expect(decided.map(({ forwarded }) => forwarded)).toEqual(denied.map(() => false));
    expect(new Set(decided.map(({ id }) => id)).size).toBe(denied.length);
    await proxy.stop();
  });

  test("in shadow mode only says what it would deny", async () => {
    const policy = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "sts:*", Resource: "*" }] };
    proxy = await ProxyProcess.start(fake, { credentials, mode: "shadow", policies: [policy] });
    fake.forget();
    const client = await js(proxy, ["iam:ListUsers", "sts:GetCallerIdentity"]);
    expect(client.value("iam:ListUsers")).toEqual(["alice"]);
    client.value("sts:GetCallerIdentity");
    expect(fake.operations).toEqual(["iam:ListUsers", "sts:GetCallerIdentity"]);
    expect(proxy.stdout).toMatch(/^\[\d\d:\d\d:\d\d\] WOULD DENY +iam:ListUsers/m);
    expect(proxy.stdout).toMatch(/^\[\d\d:\d\d:\d\d\] ALLOWED +sts:GetCallerIdentity/m);
    await proxy.stop();
  });

  test.each([
    ["is missing", []],
    ["is not a policy", [{ Version: "2012-10-17", Statement: [{ Effect: "Permit", Action: "*", Resource: "*" }] }]],
  ])("that %s keeps the proxy from starting in enforce mode", async (_name, policies) => {
    await expect(ProxyProcess.start(fake, { credentials, mode: "enforce", policies })).rejects.toThrow(
      /exited with [1-9]/,
    );
  });
});
