import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ProgramResult, runProgram, startProgram } from "../program.ts";

const home = mkdtempSync(join(tmpdir(), "iap env "));
const dir = join(home, ".iam-agent-proxy");
const run = (...args: string[]): Promise<ProgramResult> => runProgram(["env", ...args], { HOME: home });
afterAll(() => rmSync(home, { recursive: true, force: true }));

test("without a proxy that runs it says how to start one", async () => {
  const { code, stdout, stderr } = await run();
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain("start the proxy first (iam-agent-proxy)");
});

describe("of a running proxy", () => {
  let proxy: Awaited<ReturnType<typeof startProgram>>;
  let port: string;

  beforeAll(async () => {
    const env = {
      HOME: home,
      PROXY_PORT: "0",
      PROXY_ACCOUNT_ID: "123456789012",
      PROXY_PRINCIPAL_ARN: "arn:aws:iam::123456789012:user/dev",
      AWS_ACCESS_KEY_ID: "AKIAREALREALREALREAL",
      AWS_SECRET_ACCESS_KEY: "real-secret",
      AWS_REGION: "eu-west-1",
    };
    proxy = await startProgram(["start"], env, { until: /writes the policy/ });
    port = /localhost:(\d+)/.exec(proxy.output())?.[1] ?? "";
  });
  afterAll(async () => {
    proxy.child.kill("SIGINT");
    await proxy.ended;
  });

  test("it is exports for a shell, quoted where a path needs it, with the port the proxy has", async () => {
    const { code, stdout } = await run("--format", "bash", "--env", "MINE=two words");
    expect(code).toBe(0);
    expect(stdout).toContain(`export HTTPS_PROXY=http://127.0.0.1:${port}\n`);
    expect(stdout).toContain(`export AWS_CONFIG_FILE='${join(dir, "agent", "aws-config")}'\n`);
    expect(stdout).toContain("export AWS_PROFILE=iam-agent-proxy\n");
    expect(stdout).toContain("export AWS_REGION=eu-west-1\n");
    expect(stdout).toContain("export MINE='two words'\n");
    expect(stdout).not.toContain("REAL");
    expect(stdout).not.toContain("export AWS_SECRET_ACCESS_KEY=");
  });

  test("for Docker it has the agent's key pair, names of the container's, and the command that takes it", async () => {
    const { code, stdout } = await run("--format", "docker");
    expect(code).toBe(0);
    expect(stdout.split("\n")[0]).toBe(
      `# docker run --env-file THIS_FILE -v '${join(dir, "agent")}:/run/iam-agent-proxy:ro' --add-host host.docker.internal:host-gateway IMAGE`,
    );
    expect(stdout).toMatch(/^AWS_ACCESS_KEY_ID=ASIA[A-Z2-7]{16}$/m);
    expect(stdout).toContain(`\nHTTPS_PROXY=http://host.docker.internal:${port}\n`);
    expect(stdout).toContain("\nAWS_CA_BUNDLE=/run/iam-agent-proxy/ca-bundle.pem\n");
    expect(stdout).not.toMatch(/^(AWS_CONFIG_FILE|AWS_SHARED_CREDENTIALS_FILE|PROXY_SOCK_PATH)=|REAL/m);
  });

  test("a host that Docker knows needs no --add-host", async () => {
    const { stdout } = await run("--format", "docker", "--proxy-host", "172.17.0.1");
    expect(stdout).toContain(`\nHTTPS_PROXY=http://172.17.0.1:${port}\n`);
    expect(stdout).not.toContain("--add-host");
  });
});
