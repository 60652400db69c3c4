import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { proxyCredsPath } from "proxy-creds";
import { afterAll, describe, expect, test } from "vitest";
import { refuseLoops } from "../src/refuse-loops.ts";
import { UsageError } from "../src/usage-error.ts";

const dir = mkdtempSync(join(tmpdir(), "iap-loops-"));
const configFile = join(dir, "config");
writeFileSync(
  configFile,
  `[default]
region = eu-west-1

[profile dev]
region = eu-west-1

[profile behind]
credential_process = ${proxyCredsPath}

[profile chained]
role_arn = arn:aws:iam::123456789012:role/r
source_profile = behind
`,
);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function check(more: { profile?: string; port?: number; env?: Record<string, string> } = {}): Promise<void> {
  return refuseLoops({ configFile, profile: "dev", port: 8080, env: {}, ...more });
}

describe("the real credentials", () => {
  test.each(["iam-agent-proxy", "behind", "chained"])(
    "may not come from the proxy itself (profile %s)",
    async (profile) => {
      await expect(check({ profile })).rejects.toThrow(UsageError);
      await expect(check({ profile })).rejects.toThrow(
        `the profile ${profile} gets its credentials from iam-agent-proxy itself. Start the proxy where AWS_PROFILE`,
      );
    },
  );

  test.each(["default", "dev", "not-there"])("may come from elsewhere (profile %s)", async (profile) => {
    await check({ profile });
  });

  test("may come from a machine without a config file", async () => {
    await refuseLoops({ configFile: join(dir, "absent"), profile: "default", port: 8080, env: {} });
  });
});

describe("the way to AWS", () => {
  test.each([
    "http://localhost:8080",
    "http://LOCALHOST:8080/",
    "http://127.0.0.1:8080",
    "http://127.1.2.3:8080",
    "http://[::1]:8080",
    "http://0.0.0.0:8080",
    "localhost:8080",
    "http://user:pass@localhost:8080",
  ])("may not lead through the proxy itself (%s)", async (proxy) => {
    for (const name of ["HTTPS_PROXY", "https_proxy"]) {
      await expect(check({ env: { [name]: proxy } })).rejects.toThrow(
        `${name} of this terminal is this proxy itself (port 8080)`,
      );
    }
  });

  test.each([
    "",
    "http://localhost:8081",
    "http://proxy.corp:8080",
    "http://127.0.0.1.nip.io:8080",
    "http://[",
    "none",
  ])("may be another (%s)", async (proxy) => {
    await check({ env: { HTTPS_PROXY: proxy, https_proxy: proxy } });
  });

  test("is not known to lead here when any free port is taken", async () => {
    await check({ port: 0, env: { HTTPS_PROXY: "http://localhost:0" } });
  });

  test("through port 80 needs no port in the address", async () => {
    await expect(check({ port: 80, env: { HTTPS_PROXY: "http://localhost" } })).rejects.toThrow(UsageError);
  });
});
