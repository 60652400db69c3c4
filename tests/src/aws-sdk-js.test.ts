import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { content, digest, runSteps, type StepRun } from "./client-steps.ts";
import { FakeAws } from "./fake-aws.ts";
import { startTarget } from "./start-target.ts";
import { type Target, targetKind } from "./target.ts";
import { sessionCredentials } from "./test-credentials.ts";

const script = fileURLToPath(new URL("../clients/aws-sdk-js.mjs", import.meta.url));
const bucket = "js-bucket";
const oddKey = "odd/ключ %2F+=&?#~!*'()[]@:;,$ end";
const steps = [
  ...["sts:GetCallerIdentity", "s3:CreateBucket", "s3:ListBuckets", "s3:HeadBucket", "s3:PutObject empty"],
  ...["s3:PutObject buffer", "s3:PutObject stream", "s3:PutObject odd key", "s3:PutObject path style"],
  ...[
    "s3:GetObject buffer",
    "s3:GetObject stream",
    "s3:GetObject odd key",
    "s3:GetObject path style",
    "s3:GetObject range",
  ],
  ...["s3:HeadObject", "s3:multipart", "s3:abort multipart", "s3:CopyObject", "s3:ListObjectsV2", "s3:DeleteObject"],
  ...["s3:presigned GET", "s3:GetObject missing"],
  ...["dynamodb:CreateTable", "dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:Query"],
  ...["sqs:CreateQueue", "sqs:SendMessage", "ec2:DescribeInstances", "lambda:ListFunctions", "lambda:Invoke"],
  ...["json", "cbor", "query"].map((protocol) => `cloudwatch:PutMetricData ${protocol}`),
  ...["json", "cbor", "query"].map((protocol) => `cloudwatch:ListMetrics ${protocol}`),
  "iam:ListUsers",
];

describe("the AWS SDK for JavaScript v3", () => {
  let fake: FakeAws;
  let target: Target;
  let client: StepRun;

  beforeAll(async () => {
    const credentials = sessionCredentials();
    fake = await FakeAws.start({ credentials });
    target = await startTarget(fake, credentials);
    client = await runSteps(process.execPath, [script, bucket, ...steps], target.env);
  });
  afterAll(() => target?.stop());

  test("STS says who the real credentials are", () => {
    expect(client.value("sts:GetCallerIdentity")).toBe(fake.account);
  });

  test("S3 buckets are created, listed and found", () => {
    client.value("s3:CreateBucket");
    client.value("s3:HeadBucket");
    expect(client.value("s3:ListBuckets")).toEqual([bucket]);
  });

  test("S3 keeps what PutObject sends from a buffer and from a stream, byte for byte", () => {
    client.value("s3:PutObject empty");
    client.value("s3:PutObject buffer");
    client.value("s3:PutObject stream");
    expect(fake.s3.object(bucket, "empty")).toEqual(Buffer.alloc(0));
    expect(digest(fake.s3.object(bucket, "buffer") as Buffer)).toBe(digest(content(70_000)));
    expect(digest(fake.s3.object(bucket, "stream") as Buffer)).toBe(digest(content(70_000)));
    expect(client.value("s3:GetObject buffer")).toBe(digest(content(70_000)));
    expect(client.value("s3:GetObject stream")).toBe(digest(content(70_000)));
    expect(client.value("s3:GetObject range")).toBe(digest(content(70_000).subarray(100, 300)));
    expect(client.value("s3:HeadObject")).toBe(70_000);
  });

  test("an S3 key of odd characters arrives as it is, and path style works", () => {
    client.value("s3:PutObject odd key");
    client.value("s3:PutObject path style");
    expect(fake.s3.object(bucket, oddKey)?.toString()).toBe("odd");
    expect(client.value("s3:GetObject odd key")).toBe("odd");
    expect(client.value("s3:GetObject path style")).toBe("path");
  });

  test("20 MB go up in parts and come down again unchanged", () => {
    const whole = digest(content(20 * 1024 * 1024));
    expect(client.value("s3:multipart")).toBe(whole);
    expect(digest(fake.s3.object(bucket, "large") as Buffer)).toBe(whole);
    expect(fake.operations.filter((operation) => operation === "s3:UploadPart")).toHaveLength(4);
    client.value("s3:abort multipart");
  });

  test("S3 copies, lists and deletes", () => {
    expect(client.value("s3:CopyObject")).toBe(digest(content(70_000)));
    expect(client.value("s3:ListObjectsV2")).toEqual(
      ["buffer", "copy", "empty", "large", oddKey, "path-style", "stream"].sort(),
    );
    client.value("s3:DeleteObject");
    expect(fake.s3.object(bucket, "copy")).toBeUndefined();
  });

  test("a presigned GET gives the object to whoever fetches it through the proxy", () => {
    expect(client.value("s3:presigned GET")).toEqual({ status: 200, body: digest(content(70_000)) });
  });

  test("an error of AWS reaches the client as AWS words it", () => {
    expect(client.error("s3:GetObject missing")).toMatchObject({ name: "NoSuchKey", status: 404, attempts: 1 });
  });

  test("DynamoDB puts, gets and queries", () => {
    client.value("dynamodb:CreateTable");
    client.value("dynamodb:PutItem");
    expect(client.value("dynamodb:GetItem")).toBe("zażółć");
    expect(client.value("dynamodb:Query")).toEqual(["zażółć"]);
  });

  test("SQS takes a message, and the client finds its digests right", () => {
    expect(client.value("sqs:CreateQueue")).toBe(`https://sqs.us-east-1.amazonaws.com/${fake.account}/jobs`);
    expect(client.value("sqs:SendMessage")).toBe(true);
  });

  test("EC2 and IAM answer in XML, Lambda in JSON", () => {
    expect(client.value("ec2:DescribeInstances")).toEqual(["i-0123456789abcdef0"]);
    expect(client.value("iam:ListUsers")).toEqual(["alice"]);
    expect(client.value("lambda:ListFunctions")).toEqual(["hello"]);
    expect(client.value("lambda:Invoke")).toEqual({ n: 1 });
  });

  test.each(["json", "cbor", "query"])("CloudWatch works over %s", (protocol) => {
    client.value(`cloudwatch:PutMetricData ${protocol}`);
    expect(client.value(`cloudwatch:ListMetrics ${protocol}`)).toEqual(["of-json", "of-cbor", "of-query"]);
  });

  test("the protocols were spoken on the wire, not only asked for", () => {
    const sent = fake.arrived.filter(({ service }) => service === "monitoring");
    const header = (name: string) =>
      sent.map(({ wire }) => wire.headers.find(([key]) => key.toLowerCase() === name)?.[1] ?? "");
    expect(header("smithy-protocol").filter((value) => value === "rpc-v2-cbor")).toHaveLength(2);
    expect(header("x-amz-target").filter((value) => value !== "")).toHaveLength(2);
    expect(
      header("content-type").filter((value) => value.startsWith("application/x-www-form-urlencoded")),
    ).toHaveLength(2);
    expect(
      fake.arrived.some(({ wire }) => wire.headers.some(([, value]) => value === "STREAMING-UNSIGNED-PAYLOAD-TRAILER")),
    ).toBe(true);
  });

  test("everything that arrived at AWS was signed by the real key", () => {
    expect(fake.problems).toEqual([]);
  });

  test.skipIf(targetKind === "direct")("nothing of the agent's key pair arrived at AWS", async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = await target.agentCredentials();
    expect(accessKeyId).not.toBe(fake.credentials.accessKeyId);
    for (const text of [accessKeyId, secretAccessKey, sessionToken as string]) {
      expect(fake.occurrences(text)).toEqual([]);
    }
  });
});
