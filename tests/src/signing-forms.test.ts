import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "./child.ts";
import { findClient } from "./client.ts";
import { content, digest, runSteps, type StepRun } from "./client-steps.ts";
import { FakeAws } from "./fake-aws.ts";
import { startTarget } from "./start-target.ts";
import { type Target, targetKind } from "./target.ts";
import { sessionCredentials } from "./test-credentials.ts";

const script = fileURLToPath(new URL("../clients/signing_forms.py", import.meta.url));
const bucket = "forms-bucket";
const boto3 = await findClient("boto3");
const curl = await findClient("curl");
const cli = await findClient("the AWS CLI");
const sizes = [0, 1, 8191, 65_536, 65_537, 1_048_577];

describe.skipIf(boto3.skip)("signing forms of real clients", () => {
  let fake: FakeAws;
  let target: Target;
  let client: StepRun;

  beforeAll(async () => {
    const credentials = sessionCredentials();
    fake = await FakeAws.start({ credentials });
    target = await startTarget(fake, credentials);
    client = await runSteps("python3", [script, bucket], target.env);
    client.value("CreateBucket");
  }, 120_000);
  afterAll(() => target?.stop());

  const stored = (key: string): string => digest(fake.s3.object(bucket, key) ?? Buffer.from(`no ${key}`));

  // SigV2 does not reach AWS: behind the proxy it is upgraded, and the fake AWS itself takes none.
  const v2 = targetKind === "direct";

  test.each(["default", "when_required", "payload_signing", "sha256", "sha1", "streams"])(
    "boto3 uploads of every size arrive (%s)",
    (step) => {
      client.value(step);
      for (const size of sizes) expect(stored(`${step}-${size}`)).toBe(digest(content(size)));
    },
  );

  test.skipIf(v2)("boto3 uploads of every size arrive (Signature Version 2)", () => {
    client.value("signature v2");
    for (const size of sizes) expect(stored(`v2-${size}`)).toBe(digest(content(size)));
  });

  test("boto3 uploads in parts arrive", () => {
    client.value("parts");
    expect(stored(`parts-${11 << 20}`)).toBe(digest(content(11 << 20)));
  });

  const ask = async (url: string, ...args: readonly string[]): Promise<Buffer> => {
    const ca = target.env.NODE_EXTRA_CA_CERTS as string;
    const common = ["-sS", "--http1.1", "--max-time", "20", "--fail-with-body", "--cacert", ca];
    const exited = await run("curl", [...common, ...args, url], { env: target.env });
    expect(exited.code, `${exited.stderr}${exited.stdout}`).toBe(0);
    return Buffer.from(exited.stdout, "latin1");
  };

  describe.skipIf(curl.skip)("used by curl through the proxy", () => {
    test.each(v2 ? ["url get v4"] : ["url get v4", "url get v2"])("a presigned GET of boto3 (%s)", async (step) => {
      const body = await ask(client.value(step) as string, "-w", "%{size_download}", "-o", "/dev/null");
      expect(body.toString()).toBe("65537");
    });

    test.each<[string, string, readonly string[]]>([
      ["url put v4", "url-v4", ["-H", "Content-Type: text/plain"]],
      ["url put v4 acl", "url-v4-acl", []],
      ["url put v2", "url-v2", []],
      ["url put v2 acl", "url-v2-acl", []],
    ])("a presigned PUT of boto3 (%s)", async (step, key, more) => {
      if (v2 && step.includes("v2")) return;
      const url = client.value(step) as string;
      const headers = [...more, ...(more.length === 0 ? ["-H", "Content-Type:"] : [])];
      await ask(url, "-X", "PUT", "--data-binary", "hello", ...headers, ...aclHeader(url, step));
      expect(fake.s3.object(bucket, key)?.toString()).toBe("hello");
    });

    test.each(v2 ? ["form v4", "form v4 fields"] : ["form v4", "form v2", "form v4 fields"])(
      "an upload by POST with the form of boto3 (%s)",
      async (step) => {
        const { url, fields } = client.value(step) as { url: string; fields: Readonly<Record<string, string>> };
        const parts = Object.entries(fields).flatMap(([name, value]) => ["--form-string", `${name}=${value}`]);
        await ask(url, ...parts, "-F", "file=hello;filename=a.txt");
        expect(fake.s3.object(bucket, fields.key as string)?.toString()).toBe("hello");
      },
    );

    test.skipIf(cli.skip || v2)("a URL of `aws s3 presign`, whatever version it signs with", async () => {
      const presigned = await run("aws", ["s3", "presign", `s3://${bucket}/default-65537`], { env: target.env });
      expect(presigned.code, presigned.stderr).toBe(0);
      const size = await ask(presigned.stdout.trim(), "-w", "%{size_download}", "-o", "/dev/null");
      expect(size.toString()).toBe("65537");
    });
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

/** What botocore signs of an ACL it leaves to the client to send, unless it stands in the URL. */
function aclHeader(url: string, step: string): readonly string[] {
  return step.endsWith("acl") && !url.includes("x-amz-acl=") ? ["-H", "x-amz-acl: private"] : [];
}
