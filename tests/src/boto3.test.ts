import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findClient } from "./client.ts";
import { content, digest, runSteps, type StepRun } from "./client-steps.ts";
import { FakeAws } from "./fake-aws.ts";
import { startTarget } from "./start-target.ts";
import { type Target, targetKind } from "./target.ts";
import { sessionCredentials } from "./test-credentials.ts";

const script = fileURLToPath(new URL("../clients/boto3_client.py", import.meta.url));
const bucket = "boto3-bucket";
const oddKey = "odd/ключ %2F+=&?#~!*'()[]@:;,$ end";
const boto3 = await findClient("boto3");

describe.skipIf(boto3.skip)("boto3", () => {
  let fake: FakeAws;
  let target: Target;
  let client: StepRun;

  beforeAll(async () => {
    const credentials = sessionCredentials();
    fake = await FakeAws.start({ credentials });
    target = await startTarget(fake, credentials);
    client = await runSteps("python3", [script, bucket], target.env);
  });
  afterAll(() => target?.stop());

  test("STS says who the real credentials are", () => {
    expect(client.value("sts:GetCallerIdentity")).toBe(fake.account);
  });

  test("S3 keeps what is put, byte for byte", () => {
    client.value("s3:CreateBucket");
    expect(client.value("s3:ListBuckets")).toEqual([bucket]);
    client.value("s3:PutObject empty");
    client.value("s3:PutObject buffer");
    client.value("s3:PutObject odd key");
    client.value("s3:PutObject path style");
    expect(digest(fake.s3.object(bucket, "buffer-boto3") as Buffer)).toBe(digest(content(70_000)));
    expect(fake.s3.object(bucket, oddKey)?.toString()).toBe("odd");
    expect(fake.s3.object(bucket, "path-style-boto3")?.toString()).toBe("path");
    expect(client.value("s3:GetObject buffer")).toBe(digest(content(70_000)));
    expect(client.value("s3:GetObject range")).toBe(digest(content(70_000).subarray(100, 300)));
    expect(client.value("s3:GetObject odd key")).toBe("odd");
    expect(client.value("s3:HeadObject")).toBe(70_000);
  });

  test("20 MB go up in parts and come down again unchanged", () => {
    const whole = digest(content(20 * 1024 * 1024));
    expect(client.value("s3:multipart")).toBe(whole);
    expect(digest(fake.s3.object(bucket, "large-boto3") as Buffer)).toBe(whole);
    expect(fake.operations).toContain("s3:UploadPart");
  });

  test("S3 lists and deletes", () => {
    expect(client.value("s3:ListObjectsV2")).toEqual(
      ["buffer-boto3", "empty-boto3", "large-boto3", oddKey, "path-style-boto3"].sort(),
    );
    client.value("s3:DeleteObject");
    expect(fake.s3.object(bucket, "empty-boto3")).toBeUndefined();
  });

  test("a presigned GET gives the object to whoever fetches it through the proxy", () => {
    expect(client.value("s3:presigned GET")).toEqual({ status: 200, body: digest(content(70_000)) });
  });

  test("DynamoDB, SQS, EC2, Lambda, CloudWatch and IAM answer", () => {
    client.value("dynamodb:CreateTable");
    client.value("dynamodb:PutItem");
    expect(client.value("dynamodb:GetItem")).toBe("zażółć");
    expect(client.value("dynamodb:Query")).toEqual(["zażółć"]);
    client.value("sqs:CreateQueue");
    expect(client.value("sqs:SendMessage")).toBe(true);
    expect(client.value("ec2:DescribeInstances")).toEqual(["i-0123456789abcdef0"]);
    expect(client.value("lambda:ListFunctions")).toEqual(["hello"]);
    expect(client.value("lambda:Invoke")).toEqual({ n: 1 });
    client.value("cloudwatch:PutMetricData");
    expect(client.value("cloudwatch:ListMetrics")).toEqual(["of-boto3"]);
    expect(client.value("iam:ListUsers")).toEqual(["alice"]);
  });

  test("everything that arrived at AWS was signed by the real key", () => {
    expect(fake.problems).toEqual([]);
  });

  test.skipIf(targetKind === "direct")("nothing of the agent's key pair arrived at AWS", async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = await target.agentCredentials();
    for (const text of [accessKeyId, secretAccessKey, sessionToken as string]) {
      expect(fake.occurrences(text)).toEqual([]);
    }
  });
});
