import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Exited, run, runOk } from "./child.ts";
import { findClient } from "./client.ts";
import { content, digest } from "./client-steps.ts";
import { FakeAws } from "./fake-aws.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { startTarget } from "./start-target.ts";
import { type Target, targetKind } from "./target.ts";
import { tempDir } from "./temp-dir.ts";
import { sessionCredentials } from "./test-credentials.ts";

const bucket = "cli-bucket";
const sizes = { empty: 0, small: 5, large: 20 * 1024 * 1024 } as const;
const cli = await findClient("the AWS CLI");

describe.skipIf(cli.skip)("the AWS CLI", () => {
  const credentials = sessionCredentials();
  let fake: FakeAws;
  let target: Target;

  beforeAll(async () => {
    fake = await FakeAws.start({ credentials });
    target = await startTarget(fake, credentials);
  });
  afterAll(() => target?.stop());

  test("does an agent's day of work", async () => {
    await dayOfWork(target.env, fake);
  });

  test("large files went up in parts, small ones in one request", () => {
    const count = (operation: string) => fake.operations.filter((one) => one === operation).length;
    expect(count("s3:UploadPart")).toBe(3);
    expect(count("s3:PutObject")).toBe(2);
  });

  test("may list users while nothing is enforced", async () => {
    const { Users } = JSON.parse(await aws(target.env, ["iam", "list-users"])) as { Users: { UserName: string }[] };
    expect(Users.map(({ UserName }) => UserName)).toEqual(["alice"]);
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

describe.skipIf(cli.skip || targetKind === "direct")("the AWS CLI under a policy made from its own recording", () => {
  const credentials = sessionCredentials();
  let fake: FakeAws;
  let proxy: ProxyProcess;
  let policy: unknown;
  let listUsers: Exited;

  beforeAll(async () => {
    fake = await FakeAws.start({ credentials });
    proxy = await ProxyProcess.start(fake, { credentials, mode: "record" });
    await dayOfWork(proxy.env, fake);
    await proxy.stop();
    policy = await proxy.policy();
    proxy = await ProxyProcess.start(fake, { credentials, mode: "enforce", policies: [policy] });
  });

  test("the recorded calls pass in enforce mode", async () => {
    await dayOfWork(proxy.env, fake);
  });

  test("a call that was not recorded gets AccessDenied", async () => {
    fake.forget();
    listUsers = await run("aws", ["iam", "list-users", "--debug"], { env: proxy.env });
    expect(listUsers.code, listUsers.stderr.slice(-3000)).toBe(255);
    expect(listUsers.stderr).toContain("An error occurred (AccessDenied) when calling the ListUsers operation");
    expect(listUsers.stderr).toContain("iam:ListUsers");
  });

  test("and is not sent again, by the client or to AWS", () => {
    expect(listUsers.stderr.match(/Sending http request/g)).toHaveLength(1);
    expect(fake.arrived).toEqual([]);
    const decided = proxy.activity.filter(({ type, service }) => type === "decided" && service === "iam");
    expect(decided).toHaveLength(1);
    expect(decided[0]).toMatchObject({
      operations: ["ListUsers"],
      forwarded: false,
      decision: { outcome: "implicitDeny" },
    });
  });

  test("and is on the terminal as DENIED, while allowed calls are ALLOWED", () => {
    expect(proxy.stdout).toMatch(/^\[\d\d:\d\d:\d\d\] DENIED +iam:ListUsers/m);
    expect(proxy.stdout).toMatch(/^\[\d\d:\d\d:\d\d\] ALLOWED +s3:PutObject/m);
  });

  test("Ctrl-C ends it cleanly", async () => {
    await proxy.stop();
  });
});

/** Calls of the kind an agent makes, each checked against what AWS then holds. */
async function dayOfWork(env: NodeJS.ProcessEnv, fake: FakeAws): Promise<void> {
  const folder = tempDir("cli");
  const identity = JSON.parse(await aws(env, ["sts", "get-caller-identity"])) as { Account: string };
  expect(identity.Account).toBe(fake.account);

  await aws(env, ["s3", "mb", `s3://${bucket}`]);
  for (const [name, size] of Object.entries(sizes)) {
    const up = join(folder, `${name}.up`);
    const down = join(folder, `${name}.down`);
    writeFileSync(up, content(size));
    await aws(env, ["s3", "cp", "--no-progress", up, `s3://${bucket}/files/${name}`]);
    expect(digest(fake.s3.object(bucket, `files/${name}`) as Buffer), `${name} as it is stored`).toBe(
      digest(content(size)),
    );
    await aws(env, ["s3", "cp", "--no-progress", `s3://${bucket}/files/${name}`, down]);
    expect(digest(readFileSync(down)), `${name} as it came down`).toBe(digest(content(size)));
  }
  expect(await aws(env, ["s3", "ls"])).toContain(` ${bucket}\n`);
  const listed = (await aws(env, ["s3", "ls", `s3://${bucket}/files/`])).trimEnd().split("\n");
  expect(listed.map((line) => line.trim().split(/\s+/).slice(2))).toEqual(
    Object.entries(sizes)
      .map(([name, size]) => [String(size), name])
      .sort(([, a], [, b]) => ((a as string) < (b as string) ? -1 : 1)),
  );

  await aws(env, [
    ...["dynamodb", "create-table", "--table-name", "orders", "--billing-mode", "PAY_PER_REQUEST"],
    ...["--attribute-definitions", "AttributeName=id,AttributeType=S", "--key-schema", "AttributeName=id,KeyType=HASH"],
  ]);
  const item = '{"id":{"S":"1"},"note":{"S":"zażółć"}}';
  await aws(env, ["dynamodb", "put-item", "--table-name", "orders", "--item", item]);
  const values = '{":id":{"S":"1"}}';
  const query = await aws(env, [
    ...["dynamodb", "query", "--table-name", "orders", "--key-condition-expression", "id = :id"],
    ...["--expression-attribute-values", values],
  ]);
  expect((JSON.parse(query) as { Items: unknown[] }).Items).toEqual([JSON.parse(item)]);

  const queue = JSON.parse(await aws(env, ["sqs", "create-queue", "--queue-name", "jobs"])) as { QueueUrl: string };
  const sent = await aws(env, ["sqs", "send-message", "--queue-url", queue.QueueUrl, "--message-body", "hello"]);
  expect(JSON.parse(sent)).toMatchObject({ MD5OfMessageBody: "5d41402abc4b2a76b9719d911017c592" });

  const instances = await aws(env, ["ec2", "describe-instances"]);
  expect(instances).toContain("i-0123456789abcdef0");
}

function aws(env: NodeJS.ProcessEnv, args: readonly string[]): Promise<string> {
  return runOk("aws", args, { env });
}
