import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scrubbedEnv } from "./agent-env.ts";
import { run } from "./child.ts";
import { findClient } from "./client.ts";
import type { StepResult } from "./client-steps.ts";
import { FakeAws } from "./fake-aws.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { targetKind } from "./target.ts";
import { sessionCredentials } from "./test-credentials.ts";

const cli = await findClient("the AWS CLI");
const sdk = fileURLToPath(new URL("../clients/plain-aws-sdk-js.mjs", import.meta.url));

describe.skipIf(targetKind === "direct")("endpoint mode, for clients that cannot use a proxy", () => {
  const credentials = sessionCredentials();
  let fake: FakeAws;
  let proxy: ProxyProcess;
  let env: NodeJS.ProcessEnv;
  let url: string;

  beforeAll(async () => {
    fake = await FakeAws.start({ credentials });
    const policy = {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: ["s3:*", "dynamodb:*", "sts:*"], Resource: "*" }],
    };
    proxy = await ProxyProcess.start(fake, {
      credentials,
      mode: "enforce",
      policies: [policy],
      args: ["--endpoint-port", "0"],
    });
    url = /AWS_ENDPOINT_URL=(http:\/\/127\.0\.0\.1:\d+)/.exec(proxy.stderr)?.[1] as string;
    env = {
      ...scrubbedEnv(proxy.home),
      AWS_PROFILE: "iam-agent-proxy",
      AWS_REGION: "us-east-1",
      AWS_DEFAULT_REGION: "us-east-1",
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_ENDPOINT_URL: url,
      AWS_PAGER: "",
    };
  });
  afterAll(() => proxy?.stop());

  test.skipIf(cli.skip)("the AWS CLI works without a proxy variable or a certificate", async () => {
    const file = join(proxy.home, "file");
    writeFileSync(file, Buffer.alloc(9 * 1024 * 1024, "x"));
    const script = `aws sts get-caller-identity && aws s3 mb s3://endpoint && aws s3 cp ${file} s3://endpoint/big && aws s3 cp s3://endpoint/big ${file}.back && aws dynamodb create-table --table-name t --billing-mode PAY_PER_REQUEST --attribute-definitions AttributeName=id,AttributeType=S --key-schema AttributeName=id,KeyType=HASH`;
    const { code, stderr } = await run("sh", ["-c", script], { env });
    expect(code, stderr).toBe(0);
    expect(fake.s3.object("endpoint", "big")?.length).toBe(9 * 1024 * 1024);
  });

  test("the AWS SDK for JavaScript too, buffers and streams", async () => {
    const { stdout, stderr } = await run(process.execPath, [sdk, "endpoint-js"], { env });
    const steps = stdout
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as StepResult);
    expect(
      steps.map(({ step, ok, error }) => [step, error?.message ?? ok]),
      stderr,
    ).toEqual([
      ["sts:GetCallerIdentity", true],
      ["s3:CreateBucket", true],
      ["s3:PutObject buffer", true],
      ["s3:PutObject stream", true],
      ["s3:GetObject", true],
    ]);
  });

  test.skipIf(cli.skip)("the policy holds, and a denial is one record", async () => {
    const before = proxy.activity.length;
    const { code, stderr } = await run("aws", ["iam", "list-users"], { env });
    expect(code).not.toBe(0);
    expect(stderr).toContain("AccessDenied");
    const decided = proxy.activity.slice(before).filter(({ type }) => type === "decided");
    expect(decided).toHaveLength(1);
    expect(decided[0]).toMatchObject({ operations: ["ListUsers"], forwarded: false, host: "iam.amazonaws.com" });
  });

  test.skipIf(cli.skip)("a service whose host a scope does not tell is refused with a word on what to do", async () => {
    const { code, stderr } = await run("aws", ["bedrock", "list-foundation-models"], { env });
    expect(code).not.toBe(0);
    expect(stderr).toContain("cannot tell from an endpoint URL which host of AWS is meant");
    expect(stderr).toContain("Use HTTPS_PROXY");
  });

  test("what no agent key signed is refused and recorded", async () => {
    const before = proxy.activity.length;
    const { status } = await fetch(`${url}/?Action=GetCallerIdentity&Version=2011-06-15`);
    expect(status).toBe(403);
    const decided = proxy.activity.slice(before).filter(({ type }) => type === "decided");
    expect(decided).toHaveLength(1);
    expect(decided[0]).toMatchObject({ forwarded: false });
  });

  test("everything that arrived at AWS was signed by the real key", () => {
    expect(fake.problems).toEqual([]);
  });
});
