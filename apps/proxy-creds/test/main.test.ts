import { execFile } from "node:child_process";
import { createSecretKey } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AgentKeyRotation, type CredentialServer, KeyVendor, serveCredentials } from "@iap/cred-vendor";
import { proxyCredsPath } from "proxy-creds";
import { afterEach, beforeEach, expect, test } from "vitest";

const vendor = new KeyVendor({ installKey: createSecretKey(Buffer.alloc(32, 1)) });
const rotation = new AgentKeyRotation({ vendor, agent: "a", session: "s", ttlSeconds: 3600 });
let home: string;
let socketPath: string;
let server: CredentialServer | undefined;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "iap-creds-"));
  socketPath = join(home, ".iam-agent-proxy", "creds.sock");
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(home, { recursive: true, force: true });
});

async function serve(): Promise<void> {
  server = await serveCredentials({ socketPath, current: () => rotation.current(new Date()) });
}

interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  program = proxyCredsPath,
): Promise<Run> {
  return new Promise((done) => {
    // No PATH: the helper must not need one.
    execFile(process.execPath, [program, ...args], { env: { HOME: home, ...env } }, (error, stdout, stderr) => {
      done({ status: typeof error?.code === "number" ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

test("prints one line: exactly what credential_process must give", async () => {
  await serve();
  const { status, stdout, stderr } = await run([]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout.endsWith("}\n")).toBe(true);
  const { credentials, notAfter } = rotation.current(new Date());
  expect(JSON.parse(stdout)).toEqual({
    Version: 1,
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    SessionToken: credentials.sessionToken,
    Expiration: notAfter.toISOString().replace(".000Z", "Z"),
  });
});

test("takes the socket from --sock before PROXY_SOCK_PATH before the home directory", async () => {
  await serve();
  expect((await run(["--sock", socketPath], { PROXY_SOCK_PATH: "/nowhere" })).status).toBe(0);
  expect((await run([`--sock=${socketPath}`], { HOME: "/nowhere" })).status).toBe(0);
  expect((await run([], { PROXY_SOCK_PATH: socketPath, HOME: "/nowhere" })).status).toBe(0);
  expect((await run([], { PROXY_SOCK_PATH: "" })).status).toBe(0);
  const wrong = await run(["--sock", "/nowhere/creds.sock"], { PROXY_SOCK_PATH: socketPath });
  expect(wrong).toMatchObject({ status: 1, stdout: "" });
});

test("works through a symbolic link, as package managers install it", async () => {
  await serve();
  await mkdir(join(home, "bin"));
  await symlink(proxyCredsPath, join(home, "bin", "proxy-creds"));
  expect((await run([], {}, join(home, "bin", "proxy-creds"))).status).toBe(0);
});

test("without a proxy: one line on stderr that says what to do, and status 1", async () => {
  const { status, stdout, stderr } = await run([]);
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toBe(
    `proxy-creds: iam-agent-proxy is not running: there is no socket ${socketPath}. Start it in another terminal: iam-agent-proxy\n`,
  );
});

test("with something else behind the socket: one line, and status 1", async () => {
  await mkdir(join(home, ".iam-agent-proxy"));
  const other = createServer((socket) => socket.resume().end("hello\n"));
  await new Promise<void>((done) => other.listen(socketPath, done));
  const { status, stderr } = await run([]);
  expect(status).toBe(1);
  expect(stderr.split("\n")).toHaveLength(2);
  await new Promise((done) => other.close(done));
});

test.each([["--nope"], ["extra"], ["--sock"], ["--sock="]])(
  "wrong usage (%s): one line on stderr, and status 2",
  async (...args) => {
    const { status, stdout, stderr } = await run(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^proxy-creds: [^\n]+\(see proxy-creds --help\)\n$/);
  },
);

test("--help and --version print on stdout", async () => {
  expect((await run(["--help"])).stdout).toContain("--sock PATH");
  const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  expect(await run(["--version"])).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
});
