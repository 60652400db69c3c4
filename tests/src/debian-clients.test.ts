import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runOk } from "./child.ts";
import { findClient } from "./client.ts";
import { content, digest } from "./client-steps.ts";
import { FakeAws } from "./fake-aws.ts";
import { startTarget } from "./start-target.ts";
import { type Target, targetKind } from "./target.ts";
import { tempDir } from "./temp-dir.ts";
import { sessionCredentials } from "./test-credentials.ts";

// Debian's packages: clients of other authors, on other SDKs (Go's, and a signer of s3cmd's own).
const rclone = await findClient("rclone", "rclone", ["--version"]);
const s3cmd = await findClient("s3cmd", "s3cmd", ["--version"]);
const sizes = { empty: 0, "small file.txt": 5, "odd+name é.bin": 70_000, large: 12 * 1024 * 1024 } as const;

describe.skipIf(rclone.skip && s3cmd.skip)("clients of other authors", () => {
  const credentials = sessionCredentials();
  let folder: string;
  let fake: FakeAws;
  let target: Target;
  let proxyPort: string;
  let ca: string;

  beforeAll(async () => {
    folder = tempDir("debian-clients");
    mkdirSync(join(folder, "up"));
    for (const [name, size] of Object.entries(sizes)) writeFileSync(join(folder, "up", name), content(size));
    fake = await FakeAws.start({ credentials });
    target = await startTarget(fake, credentials);
    proxyPort = new URL(target.env.HTTPS_PROXY ?? "").port;
    ca = target.env.NODE_EXTRA_CA_CERTS ?? "";
  });
  afterAll(() => target?.stop());

  const downloaded = (dir: string, name: string): string => digest(readFileSync(join(folder, dir, name)));

  test.skipIf(rclone.skip)("rclone copies a folder there and back, in parts where files are large", async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = await target.agentCredentials();
    // Its transport takes no ca_bundle, neither from a profile nor from AWS_CA_BUNDLE: it is given keys and a CA of its own.
    const { AWS_PROFILE: _, ...others } = target.env;
    const env = {
      ...others,
      RCLONE_CONFIG_AWS_TYPE: "s3",
      RCLONE_CONFIG_AWS_PROVIDER: "AWS",
      RCLONE_CONFIG_AWS_ACCESS_KEY_ID: accessKeyId,
      RCLONE_CONFIG_AWS_SECRET_ACCESS_KEY: secretAccessKey,
      RCLONE_CONFIG_AWS_SESSION_TOKEN: sessionToken,
      RCLONE_CONFIG_AWS_REGION: "us-east-1",
      RCLONE_CA_CERT: ca,
      RCLONE_CONFIG: join(folder, "rclone.conf"),
    };
    const common = ["--s3-upload-cutoff", "8M", "--s3-chunk-size", "5M", "--retries", "1", "--low-level-retries", "1"];
    await runOk("rclone", ["mkdir", "aws:rclone-bucket", ...common], { env });
    await runOk("rclone", ["copy", join(folder, "up"), "aws:rclone-bucket/dir", ...common], { env });
    await runOk("rclone", ["copy", "aws:rclone-bucket/dir", join(folder, "down-rclone"), ...common], { env });
    for (const [name, size] of Object.entries(sizes)) {
      expect(downloaded("down-rclone", name), name).toBe(digest(content(size)));
    }
    expect(fake.operations).toEqual(expect.arrayContaining(["s3:PutObject", "s3:UploadPart", "s3:GetObject"]));
  });

  test.skipIf(s3cmd.skip)("s3cmd puts, lists, gets and deletes", async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = await target.agentCredentials();
    const config = join(folder, "s3cfg");
    writeFileSync(
      config,
      [
        "[default]",
        `access_key = ${accessKeyId}`,
        `secret_key = ${secretAccessKey}`,
        `access_token = ${sessionToken}`,
        "host_base = s3.us-east-1.amazonaws.com",
        "host_bucket = %(bucket)s.s3.us-east-1.amazonaws.com",
        "bucket_location = us-east-1",
        "use_https = True",
        "proxy_host = localhost",
        `proxy_port = ${proxyPort}`,
        `ca_certs_file = ${ca}`,
        "multipart_chunk_size_mb = 5",
        "",
      ].join("\n"),
    );
    const s3 = (...args: string[]): Promise<string> =>
      runOk("s3cmd", ["-c", config, "--no-progress", ...args], { env: target.env });
    await s3("mb", "s3://s3cmd-bucket");
    for (const [name, size] of Object.entries(sizes)) {
      await s3("put", join(folder, "up", name), `s3://s3cmd-bucket/dir/${name}`);
      await s3("get", "--force", `s3://s3cmd-bucket/dir/${name}`, join(folder, `s3cmd-${name}`));
      expect(digest(readFileSync(join(folder, `s3cmd-${name}`))), name).toBe(digest(content(size)));
    }
    const listed = await s3("ls", "s3://s3cmd-bucket/dir/");
    for (const name of Object.keys(sizes)) expect(listed).toContain(name);
    await s3("del", "s3://s3cmd-bucket/dir/large");
    expect(fake.operations).toContain("s3:DeleteObject");
  });

  test.skipIf(targetKind === "direct")("only real signatures arrived at AWS", () => {
    expect(fake.problems).toEqual([]);
  });
});
