import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Exited, run } from "./child.ts";
import { findClient } from "./client.ts";
import { FakeAws } from "./fake-aws.ts";
import { type ProxyOptions, ProxyProcess } from "./proxy-process.ts";
import { targetKind } from "./target.ts";
import { sessionCredentials } from "./test-credentials.ts";

const script = fileURLToPath(new URL("../clients/s3-express.mjs", import.meta.url));
const cli = await findClient("the AWS CLI");
const bucket = "data--use1-az4--x-s3";
const arn = `arn:aws:s3express:us-east-1:123456789012:bucket/${bucket}`;

describe.skipIf(targetKind === "direct")("a directory bucket of S3 Express", () => {
  const credentials = sessionCredentials();
  let fake: FakeAws;
  let proxy: ProxyProcess;
  let outputs: string[];

  beforeEach(async () => {
    outputs = [];
    fake = await FakeAws.start({ credentials });
    fake.s3.addBucket(bucket);
  });
  afterEach(() => proxy?.kill());

  async function start(options: Partial<ProxyOptions> = {}): Promise<void> {
    const args = ["--allow-credentials-from", "s3:CreateSession", ...(options.args ?? [])];
    proxy = await ProxyProcess.start(fake, { credentials, ...options, args });
  }
  async function client(command: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Exited> {
    const env = { ...proxy.env, AWS_CA_BUNDLE: join(proxy.dir, "ca-bundle.pem"), AWS_REGION: "us-east-1", ...more };
    const exited = await run(command, args, { env });
    outputs.push(exited.stdout, exited.stderr);
    return exited;
  }
  const ok = async (exited: Promise<Exited>): Promise<string> => {
    const { code, stdout, stderr } = await exited;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    return stdout;
  };
  /** Neither what clients wrote nor any file has the keys of a session. */
  async function nothingReal(): Promise<void> {
    const { stdout, stderr } = await proxy.stop();
    const files = readdirSync(proxy.home, { recursive: true, encoding: "utf8" })
      .map((name) => join(proxy.home, name))
      .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile())
      .map((file) => readFileSync(file, "latin1"));
    for (const { credentials: session } of fake.s3.sessions) {
      for (const secret of [session.accessKeyId, session.secretAccessKey, session.sessionToken as string]) {
        expect([...outputs, stdout, stderr, ...files].filter((text) => text.includes(secret))).toEqual([]);
      }
    }
  }

  test("is put to, got from and listed by the SDK for JavaScript, whose session is not AWS's", async () => {
    await start();
    const { got, listed, sessions } = JSON.parse(await ok(client(process.execPath, [script, bucket])));
    expect({ got, listed }).toEqual({ got: "first", listed: ["a/first", "a/second"] });
    expect(fake.problems).toEqual([]);
    expect(fake.operations.filter((name) => name.startsWith("s3express:"))).toEqual(
      ["CreateSession", "PutObject", "PutObject", "GetObject", "ListObjectsV2"].map((name) => `s3express:${name}`),
    );
    expect(sessions).toHaveLength(1);
    expect(fake.s3.sessions).toHaveLength(1);
    expect(sessions[0].AccessKeyId).not.toBe(fake.s3.sessions[0]?.credentials.accessKeyId);
    // Of whoever asked for the session.
    const principals = proxy.activity.filter(({ type }) => type === "decided").map(({ principalArn }) => principalArn);
    expect(new Set(principals).size).toBe(1);
    await nothingReal();
  });

  test.skipIf(cli.skip)("is used by the AWS CLI with debug output on", async () => {
    await start();
    const file = join(proxy.home, "body");
    writeFileSync(file, "of the CLI");
    const of = ["--bucket", bucket, "--key", "k", "--debug"];
    await ok(client("aws", ["s3api", "put-object", ...of, "--body", file]));
    await ok(client("aws", ["s3api", "get-object", ...of, join(proxy.home, "got")]));
    expect(readFileSync(join(proxy.home, "got"), "utf8")).toBe("of the CLI");
    const { Contents } = JSON.parse(await ok(client("aws", ["s3api", "list-objects-v2", "--bucket", bucket])));
    expect(Contents.map(({ Key }: { Key: string }) => Key)).toEqual(["k"]);
    expect(await ok(client("aws", ["s3", "ls", `s3://${bucket}/`]))).toContain(" k\n");
    expect(fake.problems).toEqual([]);
    expect(fake.s3.object(bucket, "k")?.toString()).toBe("of the CLI");
    await nothingReal();
  });

  test("is denied where the policy does not allow sessions, and by default to everybody", async () => {
    const allow = (Resource: string) => ({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "s3express:CreateSession", Resource }],
    });
    await start({ mode: "enforce", policies: [allow(arn)] });
    await ok(client(process.execPath, [script, bucket]));
    await proxy.stop();
    await start({ mode: "enforce", policies: [allow(arn.replace("data", "other"))] });
    expect((await client(process.execPath, [script, bucket])).stderr).toContain("AccessDenied");
    await proxy.stop();
    proxy = await ProxyProcess.start(fake, { credentials });
    expect((await client(process.execPath, [script, bucket])).stderr).toContain(
      "--allow-credentials-from s3express:CreateSession",
    );
    await proxy.stop();
  });

  test("has a new session when one ends", async () => {
    fake.s3.sessionSeconds = 1;
    await start();
    await ok(client(process.execPath, [script, bucket]));
    expect(fake.s3.sessions.length).toBeGreaterThan(1);
    expect(fake.problems).toEqual([]);
    await proxy.stop();
  });
});
