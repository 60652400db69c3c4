import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { awsSuffixes } from "@iap/aws-core";
import { CertificateAuthority } from "@iap/ca-manager";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startOptions } from "../src/options.ts";
import { type ProgramResult, runProgram, startProgram } from "./program.ts";
import { decidedRecord, finishedRecord } from "./sample-records.ts";

let home: string;
let dir: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "iap-cli-"));
  dir = join(home, ".iam-agent-proxy");
});
afterEach(() => rm(home, { recursive: true, force: true }));

function run(...args: string[]): Promise<ProgramResult> {
  return runProgram(args, { HOME: home });
}

/** Real credentials from the environment, and an identity that nobody need be asked for. */
function credentials(): Record<string, string> {
  return {
    HOME: home,
    AWS_ACCESS_KEY_ID: "AKIAREALREALREALREAL",
    AWS_SECRET_ACCESS_KEY: "real-secret",
    PROXY_PRINCIPAL_ARN: "arn:aws:iam::123456789012:user/dev",
    PROXY_ACCOUNT_ID: "123456789012",
    PROXY_PORT: "0",
  };
}

const commands = [
  ...["start", "run", "env", "doctor", "policy", "check", "reload", "log", "replay", "diff", "merge", "token", "ca"],
  ...["resolve", "demo", "completion"],
];

describe("the help", () => {
  test("of start names every option and its variable, under its heading", async () => {
    const { code, stdout } = await run("start", "--help");
    expect(code).toBe(0);
    const words = stdout.replace(/\s+/g, " ");
    for (const [name, { env, group }] of Object.entries(startOptions)) {
      expect(words).toContain(` --${name} `);
      expect(words).toContain(`[env: ${env}]`);
      expect(stdout).toContain(`\n${group}:\n`);
    }
  });

  test.each([["--help"], ["-h"], ["help"], ["--mode", "enforce", "--help"]])(
    "of %s %s %s is the commands on one screen, without the options of start",
    async (...args) => {
      const { code, stdout } = await run(...args.filter((arg) => arg !== undefined));
      expect(code).toBe(0);
      for (const command of commands) expect(stdout).toContain(`  iam-agent-proxy ${command} `);
      expect(stdout).toContain("iam-agent-proxy start --help");
      expect(stdout.split("\n").length).toBeLessThan(50);
      expect(stdout).not.toContain("--keypair-ttl");
    },
  );

  test.each(commands)("of %s has examples and says what its exit status means", async (command) => {
    const { code, stdout } = await run(command, "--help");
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nExamples:\n {2}/);
    expect(stdout).toMatch(/Exit status: /);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(125);
  });

  test.each([
    ["policy", "--help"],
    ["help", "policy"],
  ])("of a command (%s %s) names its own options", async (...args) => {
    const { code, stdout } = await run(...args);
    expect(code).toBe(0);
    for (const name of ["dir", "level", "activity", "from-log", "include-unanswered"])
      expect(stdout).toContain(`--${name} `);
    expect(stdout).not.toContain("--keypair-ttl");
  });

  test("makes nothing", async () => {
    await run("--help");
    expect(existsSync(dir)).toBe(false);
  });
});

test("--version is the package's", async () => {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  expect(await run("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
});

describe("wrong usage exits with 2, a message and the way to the help", () => {
  test.each<[string[], string]>([
    [["--nope"], "unknown argument --nope"],
    [["-x"], "unknown argument -x"],
    [["frobnicate"], "there is no command frobnicate"],
    [["dotcor"], "there is no command dotcor\nDid you mean doctor? Try `iam-agent-proxy --help`."],
    [["polcy", "--level", "actions"], "there is no command polcy\nDid you mean policy? Try `iam-agent-proxy --help`."],
    [["run", "--isolte", "--", "true"], "Did you mean --isolate? Try `iam-agent-proxy run --help`."],
    [["--prot", "1"], "unknown argument --prot\nDid you mean --port? Try `iam-agent-proxy start --help`."],
    [["--prot", "1", "--mdoe", "enforce"], "Did you mean --port? Try `iam-agent-proxy start --help`."],
    [["run", "--isolate-with", "docker"], '--isolate-with must be one of bubblewrap, unshare, not "docker"'],
    [["start", "now"], "unknown argument now"],
    [["policy", "extra"], "unknown argument extra"],
    [["ca", "--port", "1"], "unknown argument --port"],
    [["--port"], "--port needs a value"],
    [["--policy"], "--policy needs a value"],
    [["policy", "--output"], "--output needs a value"],
    [["log", "-n"], "-n needs a value"],
    [["log", "-n", "few"], "--last must be a number"],
    [["env", "--port", "http"], "--port must be a number"],
    [["env", "--port", "0"], "--port must be 1 to 65535, not 0"],
    [["replay"], "--policy must be given"],
    [["check", "--json"], "--policy and --action must be given"],
    [["token"], "token needs to be told what for: eks, rds, dsql, codecommit"],
    [["doctor", "--client", "cobol"], '--client "cobol" is in no client\'s name: AWS CLI, Python boto3, '],
    [["--port", "abc"], "--port must be a number"],
    [["run", "--isolate=yes", "--", "true"], '--isolate is true or false, not "yes"'],
    [["--dual-enforce=1"], '--dual-enforce is true or false, not "1"'],
    [["--session-tags="], '--session-tags is true or false, not ""'],
    [["log", "-f=on"], '-f is true or false, not "on"'],
    [["run", "--no-env", "--", "true"], "--env has a value: there is no --no-env"],
    [["check", "--policy", "p.json", "--no-action"], "--action has a value: there is no --no-action"],
    [["policy", "--no-name"], "--name has a value: there is no --no-name"],
    [["policy", "--dir", "a", "--dir", "b"], '--dir must be given once, not ["a","b"]'],
    [["doctor", "--client", "a", "--client", "b"], '--client must be given once, not ["a","b"]'],
    [
      ["run", "--isolate", "--isolate-with", "unshare", "--isolate-with", "bubblewrap", "--", "true"],
      '--isolate-with must be given once, not ["unshare","bubblewrap"]',
    ],
    [["--port", "1", "--port", "2"], "--port must be given once, not [1,2]"],
    [["--mode", "enforced"], "mode"],
    [["--mode", "enforce"], "--mode enforce needs a policy"],
    [["--config", "absent.json"], "the config file absent.json cannot be read"],
    [["--upstream-map", "nonsense"], "--upstream-map takes PATTERN=HOST:PORT"],
    [["--upstream-ca", "absent.pem"], "--upstream-ca absent.pem cannot be read"],
    [["--profile", "iam-agent-proxy"], "gets its credentials from iam-agent-proxy itself"],
    [["--mode", "enforce", "--policy", "absent.json"], "the policy absent.json cannot be read"],
    [["policy", "--level", "everything"], "level"],
    [["policy", "--from-log", "a.log", "--activity", "b.jsonl"], "--from-log and --activity are mutually exclusive"],
  ])("%j", async (args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^iam-agent-proxy: /);
    expect(stderr).toMatch(/Try `iam-agent-proxy( [a-z]+)? --help`\.\n$/);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(existsSync(dir)).toBe(false);
  });
});

test("an option of the command of run, before two dashes, is told where it belongs", async () => {
  const { code, stderr } = await run("run", "aws", "s3", "ls", "--recursive");
  expect(code).toBe(2);
  expect(stderr).toContain("unknown argument --recursive");
  expect(stderr).toMatch(/stands behind two dashes: iam-agent-proxy run -- COMMAND --OPTION\n$/);
  expect((await run("run", "--recursive", "--", "aws")).stderr).not.toContain("two dashes");
});

test("what the system refuses is told without a stack", async () => {
  mkdirSync(dir);
  writeFileSync(join(dir, "ca.pem"), "");
  writeFileSync(join(dir, "agent"), "a file where a directory should be");
  const { code, stdout, stderr } = await run("env", "--port", "8080");
  expect(stderr).toMatch(/^iam-agent-proxy: EEXIST: .*agent'\n$/);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
});

describe("policy", () => {
  const [check] = decidedRecord().checks;
  const granted = [decidedRecord({ id: "1" }), finishedRecord({ id: "1" })];
  const denied = [
    decidedRecord({ id: "2", checks: check === undefined ? [] : [{ ...check, action: "s3:GetBucketAcl" }] }),
    finishedRecord({ id: "2", status: 403, errorCode: "AccessDenied" }),
  ];

  function record(records: readonly object[], more = ""): void {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, "activity.jsonl"), records.map((line) => `${JSON.stringify(line)}\n`).join("") + more);
  }

  test("is written to stdout, and what there is to know about it to stderr", async () => {
    record([...granted, ...denied]);
    const { code, stdout, stderr } = await run("policy");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      Version: "2012-10-17",
      Statement: [
        expect.objectContaining({
          Effect: "Allow",
          Action: ["s3:GetObject"],
          Resource: ["arn:aws:s3:::reports/2026/summary.csv"],
        }),
      ],
    });
    expect(stderr).toMatch(/^1 of 2 requests, 1 actions, \d+ characters\.\n/);
    expect(stderr).toContain("Left out: 1 × ");
  });

  test("takes in what AWS denied when asked to", async () => {
    record([...granted, ...denied]);
    const { stdout } = await run("policy", "--include-unanswered");
    expect(stdout).toContain("s3:GetBucketAcl");
  });

  test("in the compact form has the actions, on every resource", async () => {
    record(granted);
    const { stdout } = await run("policy", "--level", "actions");
    expect(JSON.parse(stdout)).toEqual({
      Version: "2012-10-17",
      Statement: [{ Sid: "ProxyRecordedActions", Effect: "Allow", Action: ["s3:GetObject"], Resource: "*" }],
    });
  });

  test("of a plain action log is the compact form, from the file named or the directory's own", async () => {
    mkdirSync(dir);
    const file = join(home, "other.log");
    writeFileSync(join(dir, "actions.log"), "s3:GetObject\nsts:GetCallerIdentity\ns3:GetObject\n");
    writeFileSync(file, "s3:PutObject\n");
    const own = await run("policy", "--from-log");
    expect(own.code).toBe(0);
    expect(JSON.parse(own.stdout)).toMatchObject({
      Statement: [{ Action: ["s3:GetObject", "sts:GetCallerIdentity"], Resource: "*" }],
    });
    for (const args of [["--from-log", file], [`--from-log=${file}`]]) {
      expect(JSON.parse((await run("policy", ...args)).stdout)).toMatchObject({
        Statement: [{ Action: ["s3:PutObject"] }],
      });
    }
  });

  test("reads the activity of another directory, or another file", async () => {
    record(granted);
    const moved = await runProgram(["policy", "--dir", dir], { HOME: "/nonexistent" });
    const named = await runProgram(["policy", "--activity", join(dir, "activity.jsonl")], { HOME: "/nonexistent" });
    const fromEnv = await runProgram(["policy"], { HOME: "/nonexistent", PROXY_DIR: dir });
    expect([moved.code, named.code, fromEnv.code]).toEqual([0, 0, 0]);
    expect(new Set([moved.stdout, named.stdout, fromEnv.stdout]).size).toBe(1);
  });

  test("passes over lines that are no records, telling the first ten with their number", async () => {
    record(granted, "torn\n".repeat(12));
    const { code, stderr } = await run("policy");
    expect(code).toBe(0);
    expect(stderr.match(/:\d+: passed over: it is not JSON/g)).toHaveLength(10);
    expect(stderr).toContain("activity.jsonl:3: passed over: it is not JSON");
    expect(stderr).toContain("activity.jsonl: 2 more lines passed over");
  });

  test("of what cannot be read exits with 1 and the system's reason, without a stack", async () => {
    const { code, stdout, stderr } = await run("policy", "--activity", home);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(`iam-agent-proxy: ${home} cannot be read: EISDIR: illegal operation on a directory, read\n`);
  });

  test("of nothing exits with 1", async () => {
    const absent = await run("policy");
    expect(absent).toMatchObject({ code: 1, stdout: "" });
    expect(absent.stderr).toContain(`there is no recording at ${join(dir, "activity.jsonl")}: run the proxy`);
    record([]);
    expect(await run("policy")).toMatchObject({ code: 1, stdout: "" });
    record(denied);
    expect(await run("policy")).toMatchObject({ code: 1, stdout: "" });
  });
});

describe("ca", () => {
  test("shows path, fingerprint, validity and how clients come to trust it", async () => {
    const authority = await CertificateAuthority.open({ dir, permittedDnsSuffixes: awsSuffixes });
    const { code, stdout, stderr } = await run("ca");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { fingerprintSha256 } = authority.describe();
    expect(stdout).toContain(join(dir, "ca.pem"));
    expect(stdout).toContain(fingerprintSha256);
    expect(stdout).toMatch(/Valid {9}\d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d\n/);
    for (const name of ["AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "keytool"])
      expect(stdout).toContain(name);
    expect(stdout).not.toContain("PRIVATE KEY");
  });

  test("without one exits with 1 and makes none", async () => {
    const { code, stderr } = await run("ca");
    expect(code).toBe(1);
    expect(stderr).toContain("Start iam-agent-proxy once to make one");
    expect(existsSync(dir)).toBe(false);
  });
});

describe("check", () => {
  const allowReports = {
    Version: "2012-10-17",
    Statement: [
      { Sid: "Read", Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::reports/*" },
      {
        Sid: "List",
        Effect: "Allow",
        Action: "s3:ListBucket",
        Resource: "arn:aws:s3:::reports",
        Condition: { StringLike: { "s3:prefix": "a/*" } },
      },
      { Effect: "Allow", Action: "s3:ListAllMyBuckets", Resource: "*" },
    ],
  };
  const write = (name: string, document: unknown): string => {
    const file = join(home, name);
    writeFileSync(file, JSON.stringify(document));
    return file;
  };
  const object = ["--action", "s3:GetObject", "--resource", "arn:aws:s3:::reports/k"];
  const ask = (...args: string[]) => run("check", "--policy", write("p.json", allowReports), ...args);

  test("prints the decision and why, and exits with 0 or 1 by it", async () => {
    const allowed = await ask(...object);
    expect(allowed).toMatchObject({ code: 0, stderr: "" });
    expect(allowed.stdout).toMatch(
      /^ALLOWED {2}s3:GetObject on "arn:aws:s3:::reports\/k"\n {2}allowed by statement Read in/,
    );
    const denied = await ask("--action", "s3:PutObject", "--resource", "arn:aws:s3:::reports/k");
    expect(denied).toMatchObject({ code: 1, stderr: "" });
    expect(denied.stdout).toMatch(
      /^DENIED {2}s3:PutObject .*\n {2}no identity-based policy allows the s3:PutObject action/,
    );
  });

  test("takes condition keys, and says which it was asked for and not given", async () => {
    const list = ["--action", "s3:ListBucket", "--resource", "arn:aws:s3:::reports"];
    expect((await ask(...list, "--context", "s3:prefix=a/b")).code).toBe(0);
    const other = await ask(...list, "--context", "s3:prefix=b/a=c");
    expect(other.code).toBe(1);
    expect(other.stdout).toContain('StringLike s3:prefix ["a/*"]: no (request: "b/a=c")');
    const absent = await ask(...list);
    expect(absent.code).toBe(1);
    expect(absent.stdout).toContain("asked for and not given, so taken as absent: s3:prefix");
  });

  test("a key given twice has two values", async () => {
    const tags = write("tags.json", {
      Version: "2012-10-17",
      Statement: {
        Effect: "Allow",
        Action: "ec2:CreateTags",
        Resource: "*",
        Condition: { "ForAllValues:StringEquals": { "aws:TagKeys": ["a", "b"] }, Null: { "aws:TagKeys": "false" } },
      },
    });
    const ask = (...keys: string[]) =>
      run("check", "--policy", tags, "--action", "ec2:CreateTags", ...keys.flatMap((key) => ["--context", key]));
    expect((await ask("aws:TagKeys=a", "aws:TagKeys=b")).code).toBe(0);
    expect((await ask('aws:TagKeys=["a"]')).code).toBe(0);
    expect((await ask("aws:TagKeys=a", "aws:TagKeys=c")).code).toBe(1);
  });

  test("without a resource, the action takes none", async () => {
    expect((await ask("--action", "s3:ListAllMyBuckets")).code).toBe(0);
    expect((await ask("--action", "s3:ListAllMyBuckets", "--resource", "*")).code).toBe(0);
    const forgotten = await ask("--action", "s3:GetObject");
    expect(forgotten.code).toBe(1);
    expect(forgotten.stderr).toContain("There is no --resource");
  });

  test("boundaries, session policies and the operator's own rule count", async () => {
    const other = write("other.json", {
      Version: "2012-10-17",
      Statement: { Effect: "Allow", Action: "ec2:*", Resource: "*" },
    });
    const boundary = await ask(...object, "--boundary", other);
    expect(boundary).toMatchObject({ code: 1 });
    expect(boundary.stdout).toContain("no permissions boundary allows");
    expect((await ask(...object, "--session-policy", other)).stdout).toContain("no session policy allows");
    const forbidden = await ask(...object, "--deny-action", "s3:Get*");
    expect(forbidden.code).toBe(1);
    expect(forbidden.stdout).toContain("the operator forbids s3:GetObject (--deny-action s3:Get*)");
    const identity = await ask("--action", "sts:GetCallerIdentity", "--deny-action", "sts:*");
    expect(identity.code).toBe(1);
    expect((await ask("--action", "sts:GetCallerIdentity")).code).toBe(0);
  });

  test("of a session of a role, the policies for it count, too, and are judged in any case", async () => {
    const statement = { Effect: "Allow", Action: "ec2:*", Resource: "*" };
    const other = write("role.json", { Version: "2012-10-17", Statement: statement });
    const role = ["--policy-for", `deploy=${other}`, "--role", "arn:aws:iam::123456789012:role/ci/deploy"];
    expect((await ask(...object, ...role.slice(0, 2))).code).toBe(0);
    const denied = await ask(...object, ...role);
    expect(denied.code).toBe(1);
    expect(denied.stdout).toContain("no policy for the role allows the s3:GetObject action");
    const byArn = write("by-arn.json", {
      Version: "2012-10-17",
      Statement: { ...statement, Condition: { StringEquals: { "aws:PrincipalArn": role[3] } } },
    });
    const asRole = ["check", "--policy", byArn, "--action", "ec2:DescribeInstances"];
    expect((await run(...asRole, ...role.slice(2))).code).toBe(0);
    expect((await run(...asRole)).code).toBe(1);
    const broken = write("broken.json", { Version: "2012-10-17", Statement: { Effect: "Permit" } });
    expect(await ask(...object, "--policy-for", `deploy=${broken}`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("broken.json"),
    });
    expect((await ask(...object, "--policy-for", "deploy")).stderr).toContain("must be ROLE-PATTERN=FILE");
    expect((await ask(...object, "--role", "deploy")).stderr).toContain("must be the ARN of a role");
  });

  test("as JSON there is the decision and every statement", async () => {
    const { code, stdout } = await ask(...object, "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      action: "s3:GetObject",
      decision: { outcome: "allowed", matchedStatements: [{ sid: "Read" }] },
      statements: [{ matches: "yes" }, { matches: "no" }, { matches: "no" }],
    });
  });

  test.each<[string, readonly string[], string]>([
    ["no action", ["--policy", "p.json"], "action"],
    ["no policy", ["--action", "s3:GetObject"], "policy"],
    ["a pattern for an action", ["--policy", "p.json", "--action", "s3:*"], "must be one action"],
    ["a context that is none", ["--policy", "PATH", "--action", "a:B", "--context", "s3:prefix"], "must be KEY=VALUE"],
    ["a file that is not there", ["--policy", "absent.json", "--action", "a:B"], "cannot be read"],
    [
      "a rule that names no action",
      ["--policy", "PATH", "--action", "a:B", "--deny-action", "Get"],
      "is not an action",
    ],
  ])("with %s exits with 2", async (_name, args, says) => {
    const path = write("p.json", allowReports);
    const { code, stdout, stderr } = await run("check", ...args.map((arg) => (arg === "PATH" ? path : arg)));
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(says);
  });

  test("with a policy that is not valid exits with 2, naming place and fix", async () => {
    const file = write("bad.json", {
      Version: "2012-10-17",
      Statement: { Effect: "allow", Action: "*", Resource: "*" },
    });
    const { code, stdout, stderr } = await run("check", "--policy", file, "--action", "s3:GetObject");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`${file}:1:`);
    expect(stderr).toContain('Statement.Effect: Effect must be Allow or Deny. Write "Allow" or "Deny", spelt so.');
  });

  test("--help has examples", async () => {
    const { code, stdout } = await run("check", "--help");
    expect(code).toBe(0);
    expect(stdout).toContain("--context s3:prefix=a/");
    expect(stdout).toContain("0 allowed, 1 denied, 2 wrong usage");
  });
});

describe("reload", () => {
  const policyOf = (Action: string): string =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ Sid: "Only", Effect: "Allow", Action, Resource: "*" }] });

  test("without a proxy exits with 1 and says so", async () => {
    const { code, stderr } = await run("reload");
    expect(code).toBe(1);
    expect(stderr).toContain(`no proxy answers at ${join(dir, "control.sock")}`);
  });

  test("and SIGHUP have the proxy read its policies again; what is not valid keeps the old", async () => {
    const file = join(home, "agent.json");
    writeFileSync(file, policyOf("s3:*"));
    const { child, output, ended } = await startProgram(["--mode", "enforce", "--policy", file], credentials(), {
      until: /Ctrl-C stops/,
    });
    expect((await run("reload")).stdout).toContain("nothing has changed");
    writeFileSync(file, policyOf("ec2:*"));
    const changed = await run("reload");
    expect(changed).toMatchObject({ code: 0, stderr: "" });
    expect(changed.stdout).toContain(`- statement Only in ${file}, + statement Only in ${file}`);

    writeFileSync(file, '{"Version"');
    const broken = await run("reload");
    expect(broken).toMatchObject({ code: 1, stdout: "" });
    expect(broken.stderr).toMatch(/the policies were not reloaded, version [0-9a-f]{12} stays: .*agent\.json:1:/);

    writeFileSync(file, policyOf("sqs:*"));
    const reloads = (): number => output().match(/policies reloaded/g)?.length ?? 0;
    const before = reloads();
    child.kill("SIGHUP");
    while (reloads() === before) await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill("SIGINT");
    expect(await ended).toBe(0);
    expect(existsSync(join(dir, "control.sock"))).toBe(false);
  });
});

describe("start", () => {
  test.each(["SIGINT", "SIGTERM"] as const)("runs until %s, and takes its profile away", async (signal) => {
    const { child, output, ended } = await startProgram([], credentials(), { until: /Ctrl-C stops/ });
    const config = join(home, ".aws", "config");
    expect(readFileSync(config, "utf8")).toContain("[profile iam-agent-proxy]");
    expect(output()).toContain("signs as    arn:aws:iam::123456789012:user/dev");
    child.kill(signal);
    expect(await ended).toBe(0);
    expect(existsSync(config)).toBe(false);
    expect(existsSync(join(dir, "creds.sock"))).toBe(false);
    expect(existsSync(join(dir, "control.sock"))).toBe(false);
    expect(statSync(join(dir, "activity.jsonl")).size).toBe(0);
  });

  test("that fails exits with 1 and says what to do", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    try {
      const { code, stderr, stdout } = await runProgram(["--port", String(port)], credentials());
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toContain(
        `port ${port} is taken, perhaps by another iam-agent-proxy. Stop that, or choose another`,
      );
      expect(stderr).not.toContain("--help");
    } finally {
      server.close();
    }
  });

  test("outlives the reader of its output, and still takes its profile away", async () => {
    const { child, output, ended } = await startProgram([], credentials(), { until: /Ctrl-C stops/ });
    const port = Number(/HTTPS_PROXY=http:\/\/localhost:(\d+)/.exec(output())?.[1]);
    child.stdout.destroy();
    child.stderr.destroy();
    for (let i = 0; i < 3; i++) {
      // Each is refused with a note on stderr.
      await fetch(`http://127.0.0.1:${port}/`).then(({ status }) => expect(status).toBe(400));
    }
    child.kill("SIGINT");
    expect(await ended).toBe(0);
    expect(existsSync(join(home, ".aws", "config"))).toBe(false);
  });

  test("as JSON prints one object", async () => {
    const { child, output, ended } = await startProgram(["--log-format", "json"], credentials(), { until: /\}\n/ });
    expect(JSON.parse(output())).toMatchObject({ type: "started", mode: "record", agent: "advisory" });
    child.kill("SIGINT");
    expect(await ended).toBe(0);
  });
});
