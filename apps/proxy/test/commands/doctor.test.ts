import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runProgram, startProgram } from "../program.ts";

let home: string;
let temporary: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "iap-doctor-test-"));
  temporary = join(home, "tmp");
  mkdirSync(temporary);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

test("stopped while a client does not answer, it ends that client and leaves nothing behind", async () => {
  const bin = join(home, "bin");
  mkdirSync(bin);
  writeFileSync(
    join(bin, "curl"),
    `#!/bin/sh\n[ "$1" = --version ] && exit 0\necho $$ > "${home}/pid"\nexec sleep 60\n`,
    {
      mode: 0o755,
    },
  );
  const { child, ended, output } = await startProgram(
    ["doctor", "--offline"],
    { HOME: home, TMPDIR: temporary, PATH: `${bin}:/usr/bin:/bin`, PROXY_PORT: "0" },
    { until: /This machine\n/ },
  );
  for (let i = 0; i < 200 && !readdirSync(home).includes("pid"); i++) await new Promise((done) => setTimeout(done, 50));
  expect(readdirSync(home)).toContain("pid");
  expect(readdirSync(temporary)).not.toEqual([]);
  child.kill("SIGINT");
  child.kill("SIGINT");
  expect(await ended).toBe(1);
  expect(output()).toContain("the doctor was stopped");
  expect(readdirSync(temporary)).toEqual([]);
});

test("--as-is without a certificate authority says what to do", async () => {
  const { code, stderr } = await runProgram(["doctor", "--client", "curl", "--as-is"], {
    HOME: home,
    TMPDIR: temporary,
  });
  expect(stderr).toMatch(
    /^iam-agent-proxy: --as-is takes the certificate authority of .*: start iam-agent-proxy once\n$/,
  );
  expect(code).toBe(1);
  expect(readdirSync(temporary)).toEqual([]);
});

test("in an agent's terminal the real credentials are not missed", async () => {
  const env = { HOME: home, TMPDIR: temporary, PROXY_PORT: "0", AWS_PROFILE: "iam-agent-proxy" };
  const { code, stdout } = await runProgram(["doctor", "--no-clients"], env);
  expect(stdout).toMatch(/^ {2}skipped {2}source +AWS_PROFILE is the agent's here/m);
  expect(code).toBe(0);
});
