import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run, runOk } from "./child.ts";
import { findClient } from "./client.ts";
import { content, digest, runSteps, type StepRun } from "./client-steps.ts";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";
import { startMoto } from "./moto-server.ts";
import { startTarget } from "./start-target.ts";
import { type Target, targetKind } from "./target.ts";
import { tempDir } from "./temp-dir.ts";
import type { TlsTerminator } from "./tls-terminator.ts";

const jsClient = fileURLToPath(new URL("../clients/aws-sdk-js.mjs", import.meta.url));
const boto3Client = fileURLToPath(new URL("../clients/boto3_client.py", import.meta.url));
const moto = await findClient("moto");

// moto wrongly refuses percent-encoded paths and queries, and does not know presigned URLs: neither is sent here.
const steps = [
  ...["sts:GetCallerIdentity", "s3:CreateBucket", "s3:ListBuckets", "s3:PutObject buffer", "s3:GetObject buffer"],
  ...["s3:multipart", "s3:ListObjectsV2"],
  ...["dynamodb:CreateTable", "dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:Query"],
  ...["sqs:CreateQueue", "lambda:ListFunctions", "iam:ListUsers"],
];
// Not from the SDK for JavaScript: moto gives out queue URLs of http, which that SDK then uses as they are.
const pythonSteps = [...steps, "sqs:SendMessage"];

describe.skipIf(moto.skip)("moto, which checks signatures against keys it issued", () => {
  let tls: TlsTerminator;
  let keys: RealCredentials;

  beforeAll(async () => {
    ({ tls, keys } = await startMoto());
  });

  describe("with the real keys", () => {
    let target: Target;
    beforeAll(async () => {
      tls.forget();
      target = await startTarget(tls, keys);
    });
    afterAll(async () => {
      await target?.stop();
    });

    test("takes what the AWS SDK for JavaScript sends", async () => {
      const js = await runSteps(process.execPath, [jsClient, "moto-js", ...steps, "s3:PutObject stream"], target.env);
      expectAnswers(js, "moto-js");
      js.value("s3:PutObject stream");
    });

    test("takes what boto3 sends", async () => {
      const python = await runSteps("python3", [boto3Client, "moto-python", ...pythonSteps], target.env);
      expectAnswers(python, "moto-python");
      expect(python.value("sqs:SendMessage")).toBe(true);
    });

    test("takes what the AWS CLI sends", async () => {
      const { env } = target;
      const folder = tempDir("moto-cli");
      expect(await runOk("aws", ["sts", "get-caller-identity"], { env })).toContain(
        '"arn:aws:iam::123456789012:user/e2e"',
      );
      await runOk("aws", ["s3", "mb", "s3://moto-cli"], { env });
      for (const size of [0, 5, 20 * 1024 * 1024]) {
        writeFileSync(join(folder, "up"), content(size));
        await runOk("aws", ["s3", "cp", "--no-progress", join(folder, "up"), "s3://moto-cli/file"], { env });
        const down = await run("sh", ["-c", "aws s3 cp s3://moto-cli/file - | sha256sum"], { env });
        expect(down.stdout.split(" ")[0]).toBe(digest(content(size)).split(":")[1]);
      }
      expect(await runOk("aws", ["s3", "ls"], { env })).toContain(" moto-cli\n");
      expect(await runOk("aws", ["ec2", "describe-instances"], { env })).toContain('"Reservations": []');
    });

    test.skipIf(targetKind === "direct")("got nothing of the agent's key pair", async () => {
      const { accessKeyId, secretAccessKey, sessionToken } = await target.agentCredentials();
      for (const text of [accessKeyId, secretAccessKey, sessionToken as string]) {
        expect(tls.requests.indexOf(text)).toBe(-1);
      }
    });
  });

  test.each([
    [
      "a wrong secret",
      (real: RealCredentials) => ({ ...real, secretAccessKey: real.secretAccessKey.replace(/./g, "A") }),
    ],
    ["an unknown key", (real: RealCredentials) => ({ ...real, accessKeyId: "AKIAQQQQQQQQQQQQQQQQ" })],
  ])("refuses %s behind the proxy", async (_name, change) => {
    tls.forget();
    const target = await startTarget(tls, change(keys));
    try {
      const js = await runSteps(
        process.execPath,
        [jsClient, "moto-js", "sts:GetCallerIdentity", "iam:ListUsers"],
        target.env,
      );
      js.error("sts:GetCallerIdentity");
      js.error("iam:ListUsers");
      expect(tls.responses.toString("latin1")).toMatch(/^HTTP\/1\.1 403/);
      expect(tls.responses.toString("latin1")).toMatch(/SignatureDoesNotMatch|InvalidClientTokenId/);
      expect(tls.responses.toString("latin1")).not.toMatch(/^HTTP\/1\.1 2/m);
    } finally {
      await target.stop();
    }
  });
});

function expectAnswers(client: StepRun, bucket: string): void {
  expect(client.value("sts:GetCallerIdentity")).toBe("123456789012");
  client.value("s3:CreateBucket");
  expect(client.value("s3:ListBuckets")).toContain(bucket);
  client.value("s3:PutObject buffer");
  expect(client.value("s3:GetObject buffer")).toBe(digest(content(70_000)));
  expect(client.value("s3:multipart")).toBe(digest(content(20 * 1024 * 1024)));
  expect(client.value("s3:ListObjectsV2")).toHaveLength(2);
  client.value("dynamodb:CreateTable");
  client.value("dynamodb:PutItem");
  expect(client.value("dynamodb:GetItem")).toBe("zażółć");
  expect(client.value("dynamodb:Query")).toEqual(["zażółć"]);
  client.value("sqs:CreateQueue");
  expect(client.value("lambda:ListFunctions")).toEqual([]);
  expect(client.value("iam:ListUsers")).toEqual(["e2e"]);
}
