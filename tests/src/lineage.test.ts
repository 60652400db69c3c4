import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { awsConfigFile, scrubbedEnv } from "./agent-env.ts";
import { type Exited, run } from "./child.ts";
import { findClient } from "./client.ts";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";
import { startMoto } from "./moto-server.ts";
import { ProxyProcess, proxyBin } from "./proxy-process.ts";
import { targetKind } from "./target.ts";
import type { TlsTerminator } from "./tls-terminator.ts";

const moto = await findClient("moto");
const cli = await findClient("the AWS CLI");
const role = (name: string): string => `arn:aws:iam::123456789012:role/ci/${name}`;
const document = (...Statement: readonly object[]) => ({ Version: "2012-10-17", Statement });
const allow = (Action: string | readonly string[], Resource: string | readonly string[] = "*") => ({
  ...{ Effect: "Allow", Action, Resource },
});

/** The agent's profiles: `one` is assumed by the agent, `two` by `one`. */
const chain = ["one", "two"].map(
  (name, i) =>
    `\n[profile ${name}]\nrole_arn = ${role(name)}\nrole_session_name = agent\nsource_profile = ${i === 0 ? "iam-agent-proxy" : "one"}\nregion = us-east-1\n`,
);

describe.skipIf(moto.skip || cli.skip || targetKind === "direct")("policy over the roles an agent assumes", () => {
  let tls: TlsTerminator;
  let keys: RealCredentials;
  let proxy: ProxyProcess | undefined;

  beforeAll(async () => {
    ({ tls, keys } = await startMoto());
  });
  afterEach(() => proxy?.kill());

  async function start(options: Partial<Parameters<typeof ProxyProcess.start>[1]> = {}): Promise<ProxyProcess> {
    const { args = [], ...others } = options;
    proxy = await ProxyProcess.start(tls, {
      credentials: keys,
      args: ["--allow-credentials-from", "sts:AssumeRole", ...args],
      ...others,
    });
    appendFileSync(awsConfigFile(proxy.home), chain.join(""));
    return proxy;
  }
  const aws = (of: ProxyProcess, ...args: string[]): Promise<Exited> =>
    run("aws", args, { env: { ...of.env, AWS_CA_BUNDLE: join(of.dir, "ca-bundle.pem") } });
  const ok = async (of: ProxyProcess, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await aws(of, ...args);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    return stdout;
  };
  const errand = async (of: ProxyProcess): Promise<void> => {
    await ok(of, "sqs", "list-queues");
    await ok(of, "--profile", "one", "s3api", "create-bucket", "--bucket", "bucket-of-one");
    await ok(of, "--profile", "two", "s3api", "list-objects-v2", "--bucket", "bucket-of-one");
  };

  test("a recording makes a policy under which the same errand passes, each role held to its own part", async () => {
    const recording = await start();
    const trust = document({ Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" });
    for (const name of ["one", "two"]) {
      const path = ["--path", "/ci/", "--assume-role-policy-document", JSON.stringify(trust)];
      await ok(recording, "iam", "create-role", "--role-name", name, ...path);
      const policy = ["--policy-name", "all", "--policy-document", JSON.stringify(document(allow("*")))];
      await ok(recording, "iam", "put-role-policy", "--role-name", name, ...policy);
    }
    const prepared = new Date().toISOString();
    await errand(recording);
    await recording.stop();
    const lineages = recording.activity
      .filter(({ type, time }) => type === "decided" && String(time) >= prepared)
      .map(({ operations, role: recorded, lineage }) => [String(operations), recorded, lineage]);
    expect(lineages).toEqual([
      ["ListQueues", undefined, undefined],
      ["AssumeRole", undefined, undefined],
      ["CreateBucket", role("one"), [role("one")]],
      // The CLI keeps the session of the first.
      ["AssumeRole", role("one"), [role("one")]],
      ["ListObjectsV2", role("two"), [role("one"), role("two")]],
    ]);

    const policy = await recording.policy("--since", prepared);
    const each = (await recording.policy("--since", prepared, "--per-identity")) as Record<string, unknown>;
    expect(Object.keys(each)).toEqual(["base", role("one"), role("two")]);
    const actions = (of: unknown): string[] =>
      (of as { Statement: { Action: string[] }[] }).Statement.flatMap(({ Action }) => Action).sort();
    expect(Object.values(each).map(actions)).toEqual([
      ["sqs:ListQueues", "sts:AssumeRole"],
      ["s3:CreateBucket", "sts:AssumeRole"],
      ["s3:ListBucket"],
    ]);

    // As it came out, and with the parts of the roles given for them besides.
    const files = ["one", "two"].map((name) => {
      const file = join(recording.home, `${name}.json`);
      writeFileSync(file, JSON.stringify(each[role(name)]));
      return ["--policy-for", `${name}=${file}`];
    });
    for (const args of [[], files.flat()]) {
      const enforcing = await start({ mode: "enforce", policies: [policy], args });
      await errand(enforcing);
      const refused = [
        ["--profile", "two", "s3api", "create-bucket", "--bucket", "another"],
        ["--profile", "one", "s3api", "list-objects-v2", "--bucket", "bucket-of-one"],
        ["s3api", "create-bucket", "--bucket", "bucket-of-one"],
        ["--profile", "two", "iam", "list-users"],
      ];
      for (const call of refused) {
        const { code, stderr } = await aws(enforcing, ...call);
        expect({ call, code, stderr }).toMatchObject({ stderr: expect.stringContaining("AccessDenied") });
        expect(code).not.toBe(0);
      }
      await enforcing.stop();
    }
  });

  test("a Deny of the agent's holds after two hops, and a policy for a role limits that role only", async () => {
    const file = join((await start()).home, "role.json");
    await proxy?.stop();
    writeFileSync(file, JSON.stringify(document(allow(["sts:AssumeRole", "s3:ListAllMyBuckets"]))));
    const policies = [document(allow("*"), { ...allow("iam:*"), Effect: "Deny" })];
    const enforcing = await start({
      mode: "enforce",
      policies,
      args: ["--policy-for", `arn:aws:iam::*:role/ci/t?o=${file}`],
    });
    for (const profile of ["one", "two"]) {
      const { stderr } = await aws(enforcing, "--profile", profile, "iam", "list-users");
      expect(stderr).toContain("explicit deny");
      expect(stderr).toContain(`:assumed-role/${profile}/agent`);
    }
    await ok(enforcing, "--profile", "one", "sqs", "list-queues");
    const limited = await aws(enforcing, "--profile", "two", "sqs", "list-queues");
    expect(limited.stderr).toContain("no policy for the role allows the sqs:ListQueues action");
    expect(limited.stderr).toContain(`--policy-for arn:aws:iam::*:role/ci/t?o=${file}`);
    await ok(enforcing, "--profile", "two", "s3api", "list-buckets");

    // It is read again like the others, and what is wrong with it changes nothing.
    const reload = (): Promise<Exited> =>
      run(process.execPath, [proxyBin, "reload", "--dir", enforcing.dir], { env: scrubbedEnv(enforcing.home) });
    writeFileSync(file, JSON.stringify(document({ Effect: "Permit" })));
    expect(await reload()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("the policies were not reloaded"),
    });
    writeFileSync(file, JSON.stringify(document({ Sid: "Queues", ...allow("sqs:ListQueues") })));
    expect((await reload()).stdout).toContain(`+ statement Queues in ${file}`);
    await ok(enforcing, "--profile", "two", "sqs", "list-queues");
    await enforcing.stop();
  });

  test("a policy for roles that has not the form, or is not valid, stops the start", async () => {
    const home = (await start()).home;
    await proxy?.stop();
    const file = join(home, "agent.json");
    writeFileSync(file, JSON.stringify(document(allow("*"))));
    const bad = join(home, "bad.json");
    writeFileSync(bad, "{}");
    for (const [given, says] of [
      ["deploy", "must be ROLE-PATTERN=FILE"],
      [`deploy=${bad}`, bad],
    ] as const) {
      const args = [proxyBin, "--port", "0", "--mode", "enforce", "--policy", file, "--policy-for", given];
      const { code, stderr } = await run(process.execPath, args, { env: scrubbedEnv(home) });
      expect(code).toBe(2);
      expect(stderr).toContain(says);
    }
  });
});
