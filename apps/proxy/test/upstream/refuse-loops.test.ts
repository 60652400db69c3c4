import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { proxyCredsPath } from "proxy-creds";
import { afterAll, describe, expect, test } from "vitest";
import { refuseOwnCredentials, refuseOwnProxy } from "../../src/upstream/refuse-loops.ts";
import { UsageError } from "../../src/usage-error.ts";

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

function refuse(more: { hosts?: readonly string[]; port?: number; env: Record<string, string> }): void {
  refuseOwnProxy({ hosts: ["127.0.0.1", "::1"], port: 8080, ...more });
}

describe("the real credentials", () => {
  test.each(["iam-agent-proxy", "behind", "chained"])(
    "may not come from the proxy itself (profile %s)",
    async (profile) => {
      const refused = refuseOwnCredentials({ configFile, profile });
      await expect(refused).rejects.toThrow(UsageError);
      await expect(refused).rejects.toThrow(
        `the profile ${profile} gets its credentials from iam-agent-proxy itself. Start the proxy where AWS_PROFILE`,
      );
    },
  );

  test.each(["default", "dev", "not-there"])("may come from elsewhere (profile %s)", async (profile) => {
    await refuseOwnCredentials({ configFile, profile });
  });

  test("may come from a machine without a config file", async () => {
    await refuseOwnCredentials({ configFile: join(dir, "absent"), profile: "default" });
  });
});

describe("the way to AWS", () => {
  test.each([
    "http://localhost:8080",
    "http://LOCALHOST:8080/",
    "http://localhost.:8080",
    "http://proxy.localhost:8080",
    "https://localhost:8080",
    "http://127.0.0.1:8080",
    "http://127.1.2.3:8080",
    "http://[::1]:8080",
    "http://[::ffff:127.0.0.1]:8080",
    "http://0.0.0.0:8080",
    "localhost:8080",
    "http://user:pass@localhost:8080",
  ])("may not lead through the proxy itself (%s)", (proxy) => {
    for (const name of ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]) {
      expect(() => refuse({ env: { [name]: proxy } })).toThrow(
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
  ])("may be another (%s)", (proxy) => {
    refuse({ env: { HTTPS_PROXY: proxy, https_proxy: proxy } });
  });

  test("may not lead to an address that the proxy listens on", () => {
    const env = { HTTPS_PROXY: "http://10.1.2.3:8080" };
    refuse({ env });
    expect(() => refuse({ env, hosts: ["10.1.2.3"] })).toThrow(UsageError);
  });

  test("may not lead to an address or the name of this machine when the proxy listens on all of them", () => {
    const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    const names = [hostname(), ...own.filter(({ family }) => family === "IPv4").map(({ address }) => address)];
    for (const name of names) {
      expect(() => refuse({ env: { HTTPS_PROXY: `http://${name}:8080` }, hosts: ["0.0.0.0"] })).toThrow(UsageError);
    }
  });

  test("is judged once the port is known, where any free one is taken", () => {
    refuse({ port: 0, env: { HTTPS_PROXY: "http://localhost:0" } });
  });

  test("through port 80 needs no port in the address", () => {
    expect(() => refuse({ port: 80, env: { HTTPS_PROXY: "http://localhost" } })).toThrow(UsageError);
    expect(() => refuse({ port: 443, env: { HTTPS_PROXY: "https://localhost" } })).toThrow(UsageError);
  });
});
