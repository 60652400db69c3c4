import { mkdirSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CliProcess } from "../src/cli.ts";
import { runProgram } from "./program.ts";

let root: string;
let home: string;
let temporary: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "iap-d-"));
  home = join(root, "home");
  temporary = join(root, "t");
  mkdirSync(home);
  mkdirSync(temporary);
});
afterEach(() => rm(root, { recursive: true, force: true }));

function left(): readonly string[] {
  return [...readdirSync(home), ...readdirSync(temporary)];
}

interface Policy {
  readonly Statement: readonly { readonly Effect: string; readonly Action: readonly string[] }[];
}

function policyIn(stdout: string): Policy {
  return JSON.parse(/^\{\n[\s\S]*?^\}\n/m.exec(stdout)?.[0] ?? "") as Policy;
}

const recorded = [
  "dynamodb:PutItem",
  "s3:CreateBucket",
  "s3:GetObject",
  "s3:ListBucket",
  "s3:PutObject",
  "sqs:SendMessage",
];

/** What would lead the demo to other keys, files, proxies or options, if it looked. */
const hostile = {
  AWS_PROFILE: "production",
  AWS_ACCESS_KEY_ID: "AKIAPRODUCTIONPRODUC",
  AWS_SECRET_ACCESS_KEY: "production-secret",
  AWS_SESSION_TOKEN: "production-token",
  AWS_REGION: "eu-central-1",
  AWS_DEFAULT_REGION: "eu-central-1",
  AWS_CONFIG_FILE: "/nonexistent/config",
  AWS_SHARED_CREDENTIALS_FILE: "/nonexistent/credentials",
  AWS_CA_BUNDLE: "/nonexistent/bundle.pem",
  AWS_ENDPOINT_URL: "http://127.0.0.1:1",
  SSL_CERT_FILE: "/nonexistent/bundle.pem",
  HTTPS_PROXY: "http://127.0.0.1:1",
  HTTP_PROXY: "http://127.0.0.1:1",
  https_proxy: "http://127.0.0.1:1",
  ALL_PROXY: "http://127.0.0.1:1",
  NO_PROXY: "amazonaws.com",
  NODE_USE_ENV_PROXY: "1",
  PROXY_MODE: "enforce",
  ALLOWLIST_PATH: "/nonexistent/policy.json",
  PROXY_PORT: "1",
  PROXY_HOST: "192.0.2.1",
  PROXY_DIR: "/nonexistent/dir",
  PROXY_SOCK_PATH: "/nonexistent/creds.sock",
  PROXY_CONFIG: "/nonexistent/config.json",
  PROXY_UPSTREAM_MAP: "*=127.0.0.1:1",
  PROXY_KEYPAIR_TTL: "1",
  ACTION_LOG_PATH: "/nonexistent/actions.log",
};

describe("the demo goes as it should, and leaves nothing behind", () => {
  test.each<[string, () => Record<string, string>]>([
    ["with an empty home", () => ({ HOME: home })],
    ["without a home", () => ({})],
    ["with a home that is the empty string", () => ({ HOME: "" })],
    ["whatever the environment says of AWS and proxies", () => ({ HOME: home, ...hostile })],
  ])("%s", async (_what, env) => {
    const { code, stdout, stderr } = await runProgram(["demo"], { TMPDIR: temporary, ...env() });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(left()).toEqual([]);

    const { Statement } = policyIn(stdout);
    expect(Statement.every(({ Effect }) => Effect === "Allow")).toBe(true);
    expect(Statement.flatMap(({ Action }) => Action).sort()).toEqual(recorded);
    expect(stdout).toMatch(/proxy {2}\[[\d:]{8}\] ALLOWED {2}s3:PutObject\n/);
    expect(stdout).toContain("agent  GetCallerIdentity: 200  arn:aws:iam::123456789012:user/dev\n");
    const words = stdout.replace(/\s+/g, " ");
    expect(words).toMatch(
      /each with a valid signature of AKIA[A-Z2-7]{16}\. Of ASIA[A-Z2-7]{16} and its session token/,
    );
    expect(stdout).toMatch(/proxy {2}\[[\d:]{8}\] DENIED {2}s3:DeleteObject {2}no identity-based policy allows/);
    expect(stdout).toMatch(/proxy {2}\[[\d:]{8}\] DENIED {2}iam:ListUsers {2}no identity-based policy allows/);
    expect(stdout.match(/403 AccessDenied\n/g)).toHaveLength(2);
    expect(words).toContain(
      "User: arn:aws:iam::123456789012:user/dev is not authorized to perform: iam:ListUsers on resource: *",
    );
    for (const text of ["\u001b", "SecretAccessKey", "production"]) expect(stdout).not.toContain(text);
  });
});

test("--keep leaves its directory, with the policy and the logs", async () => {
  const { code, stdout } = await runProgram(["demo", "--keep"], { TMPDIR: temporary, HOME: home });
  expect(code).toBe(0);
  const [kept = ""] = left();
  expect(stdout).toContain(join(temporary, kept));
  expect(readdirSync(join(temporary, kept)).sort()).toEqual(["agent-policy.json", "fake-aws", "proxy"]);
  expect(readdirSync(join(temporary, kept, "proxy"))).toContain("activity.jsonl");
});

describe("stopped, the demo cleans up and ends", () => {
  test.each(["1  A fake AWS", "3  An agent", "agent  PutObject", "5  The proxy again", "DENIED"])(
    "at %j",
    async (moment) => {
      // The built one: its agent is a program of its own.
      const { runCli } = (await import(
        new URL("../dist/cli.js", import.meta.url).href
      )) as typeof import("../src/cli.ts");
      const listeners = new Map<string, () => void>();
      const output = { stdout: "", stderr: "" };
      const write = (name: "stdout" | "stderr") => ({
        on: () => {},
        write: (text: string) => {
          output[name] += text;
          if (text.includes(moment)) listeners.get("SIGINT")?.();
        },
      });
      const tmp = process.env.TMPDIR;
      process.env.TMPDIR = temporary;
      try {
        const process = {
          env: {},
          stdout: write("stdout"),
          stderr: write("stderr"),
          on: (signal: string, listener: () => void) => listeners.set(signal, listener),
        };
        // Only what a command uses of its streams is here.
        expect(await runCli(["demo"], process as unknown as CliProcess)).toBe(1);
      } finally {
        if (tmp === undefined) delete process.env.TMPDIR;
        else process.env.TMPDIR = tmp;
      }
      expect(output.stdout).toContain(moment);
      expect(output.stderr).toBe("iam-agent-proxy: the demo was stopped\n");
      expect(left()).toEqual([]);
    },
  );
});

describe("what goes wrong is said, exits with 1, and leaves nothing behind", () => {
  test("a temporary directory that is not there", async () => {
    const { code, stdout, stderr } = await runProgram(["demo"], { TMPDIR: join(root, "absent"), HOME: home });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^iam-agent-proxy: the demo cannot make a temporary directory: ENOENT.* Set TMPDIR/);
  });

  test("a temporary directory with a path too long for a socket", async () => {
    const long = join(temporary, "long".repeat(30));
    mkdirSync(long);
    const { code, stderr } = await runProgram(["demo"], { TMPDIR: long, HOME: home });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^iam-agent-proxy: .*socket/);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(readdirSync(long)).toEqual([]);
  });
});

test("the help of the program and of the command tell of it", async () => {
  expect((await runProgram(["--help"], { HOME: home })).stdout).toContain("iam-agent-proxy demo ");
  const { code, stdout } = await runProgram(["demo", "--help"], { HOME: home });
  expect(code).toBe(0);
  expect(stdout).toContain("--keep");
  expect(stdout).toMatch(/Examples:\n +iam-agent-proxy demo /);
  expect(stdout).not.toContain("--port");
});
