import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { awsConfigFile } from "./agent-env.ts";
import { run, runOk } from "./child.ts";
import { findClient } from "./client.ts";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";
import { type MotoServer, startMoto } from "./moto-server.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { targetKind } from "./target.ts";
import type { TlsTerminator } from "./tls-terminator.ts";

const moto = await findClient("moto");
const cli = await findClient("the AWS CLI");
const account = "arn:aws:iam::123456789012";
const everything = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
});
const trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" }],
});

// moto checks every signature, and gives out session credentials that only it and the proxy know.
describe.skipIf(moto.skip || cli.skip || targetKind === "direct")("roles that an agent assumes", () => {
  let server: MotoServer;
  let tls: TlsTerminator;
  let keys: RealCredentials;
  let proxy: ProxyProcess | undefined;

  beforeAll(async () => {
    ({ server, tls, keys } = await startMoto());
  });

  async function start(options: Partial<Parameters<typeof ProxyProcess.start>[1]> = {}): Promise<NodeJS.ProcessEnv> {
    proxy = await ProxyProcess.start(tls, {
      credentials: keys,
      args: ["--allow-credentials-from", "sts:AssumeRole"],
      ...options,
    });
    const chain = ["one", "two"].map(
      (role, i) =>
        `\n[profile ${role}]\nrole_arn = ${account}:role/${role}\nsource_profile = ${i === 0 ? "iam-agent-proxy" : "one"}\nregion = us-east-1\n`,
    );
    appendFileSync(awsConfigFile(proxy.home), chain.join(""));
    return { ...proxy.env, AWS_CA_BUNDLE: join(proxy.dir, "ca-bundle.pem") };
  }

  test("work one after another in the AWS CLI, each with its own identity and real signatures", async () => {
    const env = await start();
    const aws = (...args: string[]): Promise<string> => runOk("aws", args, { env });
    for (const role of ["one", "two"]) {
      await aws("iam", "create-role", "--role-name", role, "--assume-role-policy-document", trust);
      const policy = ["--policy-name", "all", "--policy-document", everything];
      await aws("iam", "put-role-policy", "--role-name", role, ...policy);
    }
    for (const role of ["one", "two"]) {
      expect(await aws("--profile", role, "sts", "get-caller-identity")).toContain(`:assumed-role/${role}/`);
    }
    await aws("--profile", "two", "s3", "mb", "s3://bucket-of-two");
    expect(await aws("--profile", "one", "s3", "ls")).toContain("bucket-of-two");
    const assumed = proxy?.activity.filter(({ operations }) => String(operations) === "AssumeRole");
    // The CLI keeps what it got: one call for each role, the second by the session of the first.
    expect(assumed?.map(({ principalArn }) => String(principalArn).split("/")[1])).toEqual(["e2e", "one"]);
    await proxy?.stop();
  });

  test("give the agent keys that are worth nothing elsewhere", async () => {
    const env = await start();
    const request = ["sts", "assume-role", "--role-arn", `${account}:role/one`, "--role-session-name", "agent"];
    const { Credentials: fake } = JSON.parse(await runOk("aws", request, { env })) as {
      Credentials: Record<"AccessKeyId" | "SecretAccessKey" | "SessionToken", string>;
    };
    const own = {
      AWS_ACCESS_KEY_ID: fake.AccessKeyId,
      AWS_SECRET_ACCESS_KEY: fake.SecretAccessKey,
      AWS_SESSION_TOKEN: fake.SessionToken,
    };
    const { AWS_PROFILE: _, ...rest } = env;
    const through = await run("aws", ["sts", "get-caller-identity"], { env: { ...rest, ...own } });
    expect(through.stdout).toContain(":assumed-role/one/agent");
    const { HTTPS_PROXY: __, ...direct } = rest;
    const past = await run("aws", ["--endpoint-url", `http://127.0.0.1:${server.port}`, "sts", "get-caller-identity"], {
      env: { ...direct, ...own },
    });
    expect(past.code).not.toBe(0);
    expect(past.stderr).toContain("InvalidClientTokenId");
    await proxy?.stop();
    const files = ["activity.jsonl", "actions.log"].map((name) => readFileSync(join(proxy?.dir ?? "", name), "utf8"));
    for (const secret of [fake.SecretAccessKey, fake.SessionToken]) expect(files.join("")).not.toContain(secret);
  });

  test("are held to the agent's policy, and end when the proxy does", async () => {
    const policy = {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: ["sts:AssumeRole", "s3:ListAllMyBuckets"], Resource: "*" },
        { Effect: "Deny", Action: "iam:*", Resource: "*" },
      ],
    };
    const env = await start({ mode: "enforce", policies: [policy] });
    expect(await runOk("aws", ["--profile", "one", "s3", "ls"], { env })).toContain("bucket-of-two");
    const denied = await run("aws", ["--profile", "one", "iam", "list-users"], { env });
    expect(denied.code).not.toBe(0);
    expect(denied.stderr).toContain("AccessDenied");
    await proxy?.stop();
  });
});
