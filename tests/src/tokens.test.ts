import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Exited, run } from "./child.ts";
import { findClient } from "./client.ts";
import { judge, type RealCredentials } from "./fake-aws/signature-oracle.ts";
import type { WireRequest } from "./fake-aws/wire-request.ts";
import { FakeAws } from "./fake-aws.ts";
import { gitPasswordOf } from "./fake-git-server.ts";
import { type ProxyOptions, ProxyProcess, proxyBin } from "./proxy-process.ts";
import { targetKind } from "./target.ts";
import { sessionCredentials } from "./test-credentials.ts";

const cli = await findClient("the AWS CLI");
const boto3 = await findClient("boto3");
const kubectl = await findClient("kubectl", "kubectl", ["version", "--client"]);
const proxyCreds = fileURLToPath(new URL("../../apps/proxy-creds/dist/main.js", import.meta.url));
const region = "us-east-1";
const account = "123456789012";
const db = "orders.c0ffee012345.us-east-1.rds.amazonaws.com";
const cluster = "abcdefghijklmnopqrstuvwxyz";
const dsqlHost = `${cluster}.dsql.us-east-1.on.aws`;
const repo = "git-codecommit.us-east-1.amazonaws.com/v1/repos/app";
const gitInput = `protocol=https\nhost=git-codecommit.us-east-1.amazonaws.com\npath=v1/repos/app\n\n`;
const document = (...Statement: readonly object[]) => ({ Version: "2012-10-17", Statement });
const allow = (Action: string | readonly string[], Resource: string | readonly string[]) => ({
  ...{ Effect: "Allow", Action, Resource },
});

describe.skipIf(targetKind === "direct")("tokens that clients make of their keys", () => {
  const credentials = sessionCredentials();
  let fake: FakeAws;
  let proxy: ProxyProcess;

  beforeEach(async () => {
    fake = await FakeAws.start({ credentials });
  });
  afterEach(() => proxy?.kill());

  const start = async (options: Partial<ProxyOptions> = {}): Promise<void> => {
    proxy = await ProxyProcess.start(fake, {
      credentials,
      args: ["--allow-token", "eks,rds,dsql,codecommit"],
      ...options,
    });
  };
  /** What an agent has: the socket, and nothing else of the proxy's. */
  const agentEnv = (): NodeJS.ProcessEnv => ({
    PATH: process.env.PATH,
    HOME: join(proxy.home, "agent"),
    PROXY_SOCK_PATH: join(proxy.dir, "creds.sock"),
  });
  const programs = { "proxy-creds": proxyCreds, "iam-agent-proxy": proxyBin } as const;
  const token = (args: readonly string[], input?: string, program: keyof typeof programs = "proxy-creds") =>
    run(process.execPath, [programs[program], "token", ...args], { env: agentEnv(), input });
  const ok = async (exited: Promise<Exited>): Promise<string> => {
    const { code, stdout, stderr } = await exited;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return stdout;
  };
  const decided = () => proxy.activity.filter(({ type }) => type === "decided");

  describe("asked for by name", () => {
    test.each(["proxy-creds", "iam-agent-proxy"] as const)(
      "of %s, are the real key's, and say so to AWS",
      async (program) => {
        await start();
        const eks = JSON.parse(
          await ok(token(["eks", "--cluster-name", "prod", "--region", region], undefined, program)),
        );
        expect(eks).toMatchObject({ kind: "ExecCredential", apiVersion: "client.authentication.k8s.io/v1beta1" });
        expect(await verdictOfEks(eks.status.token, "prod", credentials)).toMatchObject({ valid: true });
        expect(new URL(urlOf(eks.status.token)).searchParams.get("X-Amz-Expires")).toBe("60");
        expect(await verdictOfEks(eks.status.token, "other", credentials)).toMatchObject({ valid: false });
        const minutes = (Date.parse(eks.status.expirationTimestamp) - Date.now()) / 60_000;
        expect(minutes).toBeGreaterThan(10);
        expect(minutes).toBeLessThanOrEqual(14);

        const names = ["--hostname", db, "--port", "5432", "--username", "app reader"];
        const rds = (await ok(token(["rds", ...names], undefined, program))).trim();
        expect(rds.startsWith(`${db}:5432/?Action=connect&DBUser=app%20reader&`)).toBe(true);
        expect(await verdictOf(rds, "rds-db", credentials)).toMatchObject({ valid: true });

        for (const [admin, action] of [
          [[], "DbConnect"],
          [["--admin"], "DbConnectAdmin"],
        ] as const) {
          const dsql = (await ok(token(["dsql", "--hostname", dsqlHost, ...admin], undefined, program))).trim();
          expect(dsql.startsWith(`${dsqlHost}/?Action=${action}&`)).toBe(true);
          expect(await verdictOf(dsql, "dsql", credentials)).toMatchObject({ valid: true });
        }

        const git = attributes(await ok(token(["codecommit", "get"], gitInput, program)));
        expect(git.username).toBe(`${credentials.accessKeyId}%${credentials.sessionToken}`);
        expect(git.password).toBe(gitPasswordOf(credentials.secretAccessKey, repo, git.password ?? ""));

        expect(
          decided().map(({ checks }) =>
            (checks as { action: string; resource: unknown }[]).map(({ action, resource }) => [action, resource]),
          ),
        ).toEqual([
          [["eks:AccessKubernetesApi", { pattern: "arn:aws:eks:*:*:cluster/prod", why: expect.any(String) }]],
          [
            [
              "rds-db:connect",
              { pattern: `arn:aws:rds-db:us-east-1:${account}:dbuser:*/app reader`, why: expect.any(String) },
            ],
          ],
          [["dsql:DbConnect", { arn: `arn:aws:dsql:us-east-1:${account}:cluster/${cluster}` }]],
          [["dsql:DbConnectAdmin", { arn: `arn:aws:dsql:us-east-1:${account}:cluster/${cluster}` }]],
          [
            ["codecommit:GitPull", { arn: `arn:aws:codecommit:us-east-1:${account}:app` }],
            ["codecommit:GitPush", { arn: `arn:aws:codecommit:us-east-1:${account}:app` }],
          ],
        ]);
        const finished = proxy.activity.filter(({ type }) => type === "finished");
        expect(finished.map(({ outcome, status }) => [outcome, status])).toEqual(
          decided().map(() => ["answered", 200]),
        );
        await proxy.stop();
        expect(proxy.stderr).toContain("they are REAL");
      },
    );

    test("are refused, and the refusal is recorded, unless the option names their kind", async () => {
      await start({ args: ["--allow-token", "rds"] });
      const { code, stdout, stderr } = await token(["eks", "--cluster-name", "prod"]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toContain("start it with --allow-token eks");
      expect(decided()).toMatchObject([{ forwarded: false, decision: { by: "guard", outcome: "explicitDeny" } }]);
      await ok(token(["rds", "--hostname", db, "--port", "5432", "--username", "app"]));
      await proxy.stop();
    });

    test("are held to the policy, and a recording makes the policy under which they pass", async () => {
      await start();
      const names = ["--hostname", db, "--port", "5432", "--username", "app"];
      await ok(token(["rds", ...names]));
      await ok(token(["eks", "--cluster-name", "prod"]));
      await proxy.stop();
      const policy = await proxy.policy();
      await start({ mode: "enforce", policies: [policy] });
      await ok(token(["rds", ...names]));
      await ok(token(["eks", "--cluster-name", "prod"]));
      for (const [args, action] of [
        [["rds", ...names.slice(0, -1), "admin"], "rds-db:connect"],
        [["eks", "--cluster-name", "staging"], "eks:AccessKubernetesApi"],
        [["dsql", "--hostname", dsqlHost], "dsql:DbConnect"],
      ] as const) {
        const { code, stderr } = await token(args);
        expect(code).toBe(1);
        expect(stderr).toContain(`is not authorized to perform: ${action}`);
      }
      // A password for git lets pull and push: to be allowed one of them is not enough.
      await proxy.stop();
      const pull = document(allow("codecommit:GitPull", `arn:aws:codecommit:us-east-1:${account}:app`));
      await start({ mode: "enforce", policies: [pull] });
      expect((await token(["codecommit"], gitInput)).stderr).toContain("codecommit:GitPush");
      await proxy.stop();
    });

    test.each([
      ["a host that is no database", ["rds", "--hostname", "db.example.com", "--port", "5432", "--username", "u"], 1],
      [
        "a host of AWS that is no database",
        ["rds", "--hostname", "sts.us-east-1.amazonaws.com", "--port", "443", "--username", "u"],
        1,
      ],
      ["a port that is none", ["rds", "--hostname", db, "--port", "0", "--username", "u"], 1],
      ["a cluster that cannot be one", ["eks", "--cluster-name", "../prod"], 1],
      ["a host that is no cluster", ["dsql", "--hostname", "dsql.us-east-1.api.aws"], 1],
      ["an unknown kind", ["redshift"], 2],
      ["a name that is missing", ["rds", "--hostname", db], 2],
    ] as const)("are not made for %s", async (_, args, code) => {
      await start();
      const exited = await token(args);
      expect(exited).toMatchObject({ code, stdout: "" });
      expect(exited.stderr).not.toBe("");
      expect(decided()).toEqual([]);
      await proxy.stop();
    });

    test("git hears nothing of hosts that are not CodeCommit's, nor of what it wants kept", async () => {
      await start();
      expect(await ok(token(["codecommit", "get"], "protocol=https\nhost=github.com\npath=a/b\n\n"))).toBe("");
      expect(await ok(token(["codecommit", "store"], gitInput))).toBe("");
      expect(decided()).toEqual([]);
      await proxy.stop();
    });
  });

  describe.skipIf(cli.skip || boto3.skip)("made by the AWS CLI and boto3 with the agent's keys", () => {
    const aws = (args: readonly string[], input?: string): Promise<Exited> =>
      run("aws", args, { env: { ...proxy.env, AWS_REGION: region }, input });
    const python = (code: string): Promise<Exited> =>
      run("python3", ["-c", `import boto3; print(${code})`], { env: { ...proxy.env, AWS_REGION: region } });

    test("are exchanged for the real key's, and are worth nothing before", async () => {
      await start();
      const eksMade = await ok(aws(["eks", "get-token", "--cluster-name", "prod", "--output", "json"]));
      expect(await verdictOfEks(JSON.parse(eksMade).status.token, "prod", credentials)).toMatchObject({ valid: false });
      const eks = JSON.parse(await ok(token(["eks", "--cluster-name", "prod", "--signed"], eksMade)));
      expect(await verdictOfEks(eks.status.token, "prod", credentials)).toMatchObject({ valid: true });

      const user = ["--port", "3306", "--username", "app"];
      const rdsMade = await ok(aws(["rds", "generate-db-auth-token", "--hostname", db, ...user]));
      const rds = (await ok(token(["rds", "--signed"], rdsMade, "iam-agent-proxy"))).trim();
      expect(await verdictOf(rds, "rds-db", credentials)).toMatchObject({ valid: true });
      expect(rds.startsWith(`${db}:3306/?Action=connect&DBUser=app&`)).toBe(true);

      const make = `boto3.client("dsql").generate_db_connect_admin_auth_token("${dsqlHost}", ExpiresIn=604800)`;
      const dsql = (await ok(token(["dsql", "--signed"], await ok(python(make))))).trim();
      expect(await verdictOf(dsql, "dsql", credentials)).toMatchObject({ valid: true });
      expect(dsql).toContain("Action=DbConnectAdmin");
      // A week was asked for.
      expect(dsql).toContain("X-Amz-Expires=900");

      const made = await ok(aws(["codecommit", "credential-helper", "get"], gitInput));
      const git = attributes(await ok(token(["codecommit", "--signed"], `${gitInput.trimEnd()}\n${made}`)));
      expect(git.username).toBe(`${credentials.accessKeyId}%${credentials.sessionToken}`);
      expect(git.password).toBe(gitPasswordOf(credentials.secretAccessKey, repo, git.password ?? ""));
      await proxy.stop();
    });

    test("are refused for anything else than what was signed", async () => {
      await start();
      const made = JSON.parse(await ok(aws(["eks", "get-token", "--cluster-name", "prod", "--output", "json"])));
      const rdsMade = (
        await ok(aws(["rds", "generate-db-auth-token", "--hostname", db, "--port", "3306", "--username", "app"]))
      ).trim();
      const rewritten = (change: (url: string) => string): string =>
        `k8s-aws-v1.${Buffer.from(change(urlOf(made.status.token))).toString("base64url")}`;
      const wrong: readonly (readonly [readonly string[], string])[] = [
        [["eks", "--cluster-name", "other", "--signed"], made.status.token],
        [["eks", "--cluster-name", "prod", "--signed"], rewritten((url) => url.replace(/Signature=./, "Signature=0"))],
        [
          ["eks", "--cluster-name", "prod", "--signed"],
          rewritten((url) => url.replace("sts.us-east-1", "sts.eu-west-1")),
        ],
        [
          ["eks", "--cluster-name", "prod", "--signed"],
          rewritten((url) => url.replace("GetCallerIdentity", "GetSessionToken")),
        ],
        [["eks", "--cluster-name", "prod", "--signed"], rewritten((url) => url.replace(/&X-Amz-Signature=.*/, ""))],
        [["rds", "--signed"], rdsMade.replace("DBUser=app", "DBUser=root")],
        [["rds", "--signed"], rdsMade.replace(":3306", ":5432")],
        [["rds", "--signed"], `${rdsMade}&DBUser=root`],
        [["dsql", "--signed"], rdsMade],
        [["rds", "--signed"], ""],
      ];
      for (const [args, input] of wrong) {
        const { code, stdout, stderr } = await token(args, input);
        expect({ args, code, stdout }).toEqual({ args, code: 1, stdout: "" });
        expect(stderr).toMatch(/SignatureDoesNotMatch|MissingAuthentication|MalformedAuthorization|badRequest/);
      }
      expect(decided().every(({ forwarded }) => forwarded === false)).toBe(true);
      await proxy.stop();
    });

    test.each([1, 2])(
      "of a session that the agent assumed, are that session's, and end with it (%i workers)",
      async (workers) => {
        fake.roles.seconds = 300;
        await start({
          args: ["--allow-token", "eks", "--allow-credentials-from", "sts:AssumeRole", "--workers", String(workers)],
        });
        const role = `arn:aws:iam::${account}:role/ci/deploy`;
        const made = await ok(
          aws(["eks", "get-token", "--cluster-name", "prod", "--role-arn", role, "--output", "json"]),
        );
        const eks = JSON.parse(await ok(token(["eks", "--cluster-name", "prod", "--signed"], made)));
        const session = fake.roles.assumed[0]?.credentials as RealCredentials;
        expect(await verdictOfEks(eks.status.token, "prod", session)).toMatchObject({ valid: true });
        expect(Date.parse(eks.status.expirationTimestamp) - Date.now()).toBeLessThanOrEqual(300_000);
        expect(decided().at(-1)).toMatchObject({
          role,
          lineage: [role],
          principalArn: expect.stringContaining(":assumed-role/deploy/"),
        });
        await proxy.stop();
      },
    );
  });

  test.skipIf(kubectl.skip)(
    "kubectl gets in through the proxy with one, past which nobody looks into its TLS",
    async () => {
      await start({ args: ["--allow-token", "eks"] });
      const host = "0A1B2C3D.gr7.us-east-1.eks.amazonaws.com";
      const ca = Buffer.from(fake.ca.certificate).toString("base64");
      const exec = {
        apiVersion: "client.authentication.k8s.io/v1beta1",
        command: process.execPath,
        args: [proxyCreds, "token", "eks", "--cluster-name", "prod"],
        interactiveMode: "Never",
      };
      const config = {
        ...{ apiVersion: "v1", kind: "Config", "current-context": "c" },
        clusters: [{ name: "c", cluster: { server: `https://${host}`, "certificate-authority-data": ca } }],
        users: [{ name: "c", user: { exec } }],
        contexts: [{ name: "c", context: { cluster: "c", user: "c" } }],
      };
      const file = join(proxy.home, "kubeconfig.json");
      writeFileSync(file, JSON.stringify(config));
      mkdirSync(join(proxy.home, "agent"), { recursive: true });
      const env = { ...proxy.env, ...agentEnv(), KUBECONFIG: file };
      await run("kubectl", ["get", "--raw", "/version"], { env });
      const { wire } = fake.arrived.find(({ wire: { target } }) => target === "/version") ?? {};
      const bearer = wire?.headers.find(([name]) => name.toLowerCase() === "authorization")?.[1] ?? "";
      expect(bearer).toMatch(/^Bearer k8s-aws-v1\./);
      expect(await verdictOfEks(bearer.slice(7), "prod", credentials)).toMatchObject({ valid: true });
      await proxy.stop();
    },
  );

  test("leave nothing of the real credentials in what the proxy writes", async () => {
    await start();
    await ok(token(["eks", "--cluster-name", "prod"]));
    await ok(token(["codecommit"], gitInput));
    const { stdout, stderr } = await proxy.stop();
    const written = readdirSync(proxy.home, { recursive: true, encoding: "utf8" })
      .map((name) => join(proxy.home, name))
      .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile())
      .map((file) => readFileSync(file, "latin1"));
    for (const text of [stdout, stderr, ...written]) {
      expect(text.includes(credentials.secretAccessKey) || text.includes(credentials.sessionToken as string)).toBe(
        false,
      );
    }
  });
});

/** The URL in a token for EKS. */
function urlOf(token: string): string {
  expect(token.startsWith("k8s-aws-v1.")).toBe(true);
  return Buffer.from(token.slice("k8s-aws-v1.".length), "base64url").toString("latin1");
}

/** What STS would make of the request that a cluster of this name makes of the token. */
function verdictOfEks(token: string, name: string, credentials: RealCredentials) {
  return verdictOf(urlOf(token).replace("https://", ""), "sts", credentials, [["x-k8s-aws-id", name]]);
}

/** What AWS would make of a presigned GET, by AWS's own signer. */
function verdictOf(url: string, service: string, credentials: RealCredentials, headers: WireRequest["headers"] = []) {
  const slash = url.indexOf("/");
  const wire: WireRequest = {
    method: "GET",
    target: url.slice(slash),
    headers: [["Host", url.slice(0, slash)], ...headers],
    trailers: [],
    body: Buffer.alloc(0),
  };
  return judge(wire, { credentials, service, region, now: new Date() });
}

function attributes(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}
