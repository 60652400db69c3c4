import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { awsConfigFile } from "./agent-env.ts";
import { FakeAws } from "./fake-aws.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { targetKind } from "./target.ts";
import { tempDir } from "./temp-dir.ts";
import { sessionCredentials } from "./test-credentials.ts";

const config = `# my profiles ; do not touch
[default]
region=eu-central-1

; work
[profile work]
sso_session = corp
  output   =   json
s3 =
    max_concurrent_requests = 20

[profile iam-agent-proxy-not]
region = eu-west-3   # a name that only begins like ours


[sso-session corp]
sso_start_url = https://corp.awsapps.com/start`;

const contents = {
  "with comments, nested values and no newline at its end": config,
  "with a newline at its end": `${config}\n`,
  "with CRLF line ends": `${config}\n`.replaceAll("\n", "\r\n"),
  "that is empty": "",
};

describe.skipIf(targetKind === "direct")("~/.aws/config", () => {
  const credentials = sessionCredentials();
  let fake: FakeAws;
  let proxy: ProxyProcess | undefined;

  beforeAll(async () => {
    fake = await FakeAws.start({ credentials });
  });
  const homeWith = (text: string): string => {
    const home = tempDir("home");
    mkdirSync(join(home, ".aws"));
    writeFileSync(awsConfigFile(home), text, { mode: 0o640 });
    chmodSync(awsConfigFile(home), 0o640);
    return home;
  };
  const read = (home: string): string => readFileSync(awsConfigFile(home), "latin1");

  test.each(Object.entries(contents))(
    "%s has the profile while the proxy runs, and is byte for byte as before after Ctrl-C",
    async (_name, text) => {
      const home = homeWith(text);
      proxy = await ProxyProcess.start(fake, { credentials, home });
      const during = read(home);
      expect(during).toContain("[profile iam-agent-proxy]");
      expect(during).toMatch(/^credential_process *= *.*proxy-creds/m);
      expect(during).toContain(join(home, ".iam-agent-proxy", "ca-bundle.pem"));
      expect(during.startsWith(text)).toBe(true);
      await proxy.stop("SIGINT");
      expect(read(home)).toBe(text);
      expect(statSync(awsConfigFile(home)).mode & 0o777).toBe(0o640);
    },
  );

  test("is restored on SIGTERM too", async () => {
    const home = homeWith(config);
    proxy = await ProxyProcess.start(fake, { credentials, home });
    await proxy.stop("SIGTERM");
    expect(read(home)).toBe(config);
  });

  test("that does not exist is there for the run only", async () => {
    proxy = await ProxyProcess.start(fake, { credentials });
    expect(read(proxy.home)).toContain("[profile iam-agent-proxy]");
    await proxy.stop();
    expect(existsSync(awsConfigFile(proxy.home)) ? read(proxy.home) : "").toBe("");
  });

  test("stays a symbolic link", async () => {
    const home = tempDir("home");
    mkdirSync(join(home, ".aws"));
    writeFileSync(join(home, "dotfiles-config"), config);
    symlinkSync(join(home, "dotfiles-config"), awsConfigFile(home));
    proxy = await ProxyProcess.start(fake, { credentials, home });
    expect(readFileSync(join(home, "dotfiles-config"), "utf8")).toContain("[profile iam-agent-proxy]");
    await proxy.stop();
    expect(readFileSync(join(home, "dotfiles-config"), "utf8")).toBe(config);
    expect(statSync(awsConfigFile(home)).isFile()).toBe(true);
  });

  test("keeps what another program wrote meanwhile", async () => {
    const home = homeWith(`${config}\n`);
    proxy = await ProxyProcess.start(fake, { credentials, home });
    writeFileSync(awsConfigFile(home), `${read(home)}\n[profile new]\nregion = us-west-2\n`);
    await proxy.stop();
    const after = read(home);
    expect(after).not.toContain("[profile iam-agent-proxy]");
    expect(after).toContain("[profile new]\nregion = us-west-2\n");
    expect(after.startsWith(config)).toBe(true);
  });

  test("is clean again after a crash and one more run", async () => {
    const home = homeWith(`${config}\n`);
    proxy = await ProxyProcess.start(fake, { credentials, home });
    await proxy.kill();
    expect(read(home)).toContain("[profile iam-agent-proxy]");
    proxy = await ProxyProcess.start(fake, { credentials, home });
    expect(read(home).match(/\[profile iam-agent-proxy\]/g)).toHaveLength(1);
    await proxy.agentCredentials();
    await proxy.stop();
    expect(read(home)).toBe(`${config}\n`);
  });

  test("elsewhere by AWS_CONFIG_FILE is the one that is edited", async () => {
    const home = homeWith(config);
    const elsewhere = join(home, "elsewhere.ini");
    writeFileSync(elsewhere, "[default]\nregion = sa-east-1\n");
    proxy = await ProxyProcess.start(fake, { credentials, home, env: { AWS_CONFIG_FILE: elsewhere } });
    expect(read(home)).toBe(config);
    expect(readFileSync(elsewhere, "utf8")).toContain("[profile iam-agent-proxy]");
    await proxy.stop();
    expect(read(home)).toBe(config);
    expect(readFileSync(elsewhere, "utf8")).toBe("[default]\nregion = sa-east-1\n");
  });
});
