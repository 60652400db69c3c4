import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CliProcess } from "../../src/cli.ts";
import { resolveRequest } from "../../src/commands/resolve.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "resolve-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

async function run(text: string, account?: string): Promise<unknown> {
  const file = join(dir, "request");
  writeFileSync(file, text);
  let out = "";
  const stdout = new Writable({
    write(chunk, _, done) {
      out += chunk;
      done();
    },
  });
  const process: CliProcess = {
    env: {},
    stdout,
    stderr: stdout,
    once: () => undefined,
    on: () => undefined,
    off: () => undefined,
  };
  expect(await resolveRequest({ file, "account-id": account }, process)).toBe(0);
  return JSON.parse(out);
}

test("a raw request in a file", async () => {
  const text = "PUT /k HTTP/1.1\r\nHost: b.s3.eu-west-1.amazonaws.com\r\nx-amz-acl: private\r\n\r\nhello";
  expect(await run(text)).toMatchObject({
    operationIds: ["S3.PutObject"],
    checks: [
      { action: "s3:PutObject", resource: { arn: "arn:aws:s3:::b/k" }, access: "Write" },
      { action: "s3:PutObjectAcl", escape: ["shares"] },
    ],
  });
});

test("a curl command, with the account that its ARNs need", async () => {
  const command = "$ curl https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/f -X DELETE";
  expect(await run(command, "123456789012")).toMatchObject({
    operations: ["DeleteFunction"],
    checks: [{ resource: { arn: "arn:aws:lambda:eu-west-1:123456789012:function:f" } }],
  });
});

test("a dash is standard input, as the command line hands it on", () => {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const { stdout, status } = spawnSync(process.execPath, [join(root, "dist", "main.js"), "resolve", "-"], {
    input: "GET /k HTTP/1.1\nHost: b.s3.eu-west-1.amazonaws.com\n\n",
    encoding: "utf8",
  });
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ operationIds: ["S3.GetObject"] });
});

test.each([
  ["GET / HTTP/1.1\nHost: example.com\n\n", "is not a host of an AWS service"],
  [
    "GET / HTTP/1.1\nHost: sqs.eu-west-1.amazonaws.com\nAuthorization: AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-1/sns/aws4_request, x\n\n",
    "AWS would refuse the request",
  ],
])("%j is refused: %s", async (text, message) => {
  await expect(run(text)).rejects.toThrow(message);
});
