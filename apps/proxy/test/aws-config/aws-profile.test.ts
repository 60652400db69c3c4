import { execFile, execFileSync } from "node:child_process";
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { AgentKeyRotation, KeyVendor, openInstallKey, serveCredentials } from "@iap/cred-vendor";
import fc from "fast-check";
import { credentialProcess } from "proxy-creds";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type InstallProfileOptions, installProfile, removeProfile } from "../../src/aws-config/aws-profile.ts";
import { AwsProfileError } from "../../src/aws-config/aws-profile-error.ts";
import { profileUsesProxy, readProfile, readProfileRegion } from "../../src/aws-config/read-profile.ts";

let dir: string;
let file: string;
let options: InstallProfileOptions;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "iap-profile-"));
  file = join(dir, "config");
  options = optionsFor(file, join(dir, "creds.sock"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test("keys under the profile's name in the credentials file, which would win over it, are refused", async () => {
  const credentialsFile = join(dir, "credentials");
  await writeFile(
    credentialsFile,
    "[default]\naws_access_key_id = AKIA1\n\n[ iam-agent-proxy ]\naws_access_key_id = AKIA2\n",
  );
  await expect(installProfile({ ...options, credentialsFile })).rejects.toMatchObject({ code: "userWritten" });
  await writeFile(credentialsFile, "[default]\naws_access_key_id = AKIA1\n");
  await installProfile({ ...options, credentialsFile });
  expect(await readProfile(file, "iam-agent-proxy")).toBeDefined();
});

describe("the profile comes and goes", () => {
  test.each([
    ["an ordinary file", "[default]\nregion = eu-west-1\n\n# mine\n[profile a]\noutput = json\n"],
    ["an empty file", ""],
    ["no line break at the end", "[default]\nregion = eu-west-1"],
    ["CRLF line endings", "[default]\r\nregion = eu-west-1\r\n"],
    ["CRLF and no line break at the end", "[default]\r\nregion = eu-west-1"],
    ["blank lines at the end", "[default]\n\n\n\n"],
    ["only a line break", "\n"],
    ["only a carriage return", "\r"],
    ["bytes that are not UTF-8", Buffer.from([0x23, 0xff, 0xfe, 0x0a, 0x5b, 0x61, 0x5d])],
    ["nested settings", "[profile a]\ns3 =\n  max_concurrent_requests = 3\n"],
  ])("%s is byte for byte what it was", async (_, content) => {
    await writeFile(file, content);
    await installProfile(options);
    expect((await readProfile(file, "iam-agent-proxy"))?.get("credential_process")).toBe(options.credentialProcess);
    expect(await removeProfile(options)).toBe(true);
    expect(await readFile(file)).toEqual(Buffer.from(content));
    expect(await readdir(dir)).toEqual(["config"]);
  });

  test("whatever the file held, installing and removing gives it back", async () => {
    await fc.assert(
      fc.asyncProperty(configTexts(), fc.nat(2), async (content, crashes) => {
        await writeFile(file, content, "latin1");
        for (let run = 0; run <= crashes; run++) await installProfile(options);
        const written = await readFile(file, "latin1");
        expect(written.match(/\[profile iam-agent-proxy\]/g)).toHaveLength(1);
        await removeProfile(options);
        expect(await readFile(file, "latin1")).toBe(content);
      }),
      { numRuns: 300 },
    );
  });

  test("what another program appends, prepends or changes meanwhile survives", async () => {
    const edits = fc.record({ before: configTexts(), after: configTexts(), appended: configTexts() });
    await fc.assert(
      fc.asyncProperty(edits, async ({ before, after, appended }) => {
        await writeFile(file, `${before}\n`, "latin1");
        await installProfile(options);
        const written = await readFile(file, "latin1");
        const addition = `\n# theirs\n[profile theirs]\n${appended}`;
        await writeFile(file, `# first\n${after}\n${written}${addition}`, "latin1");
        await removeProfile(options);
        expect(await readFile(file, "latin1")).toBe(`# first\n${after}\n${before}\n${addition}`);
      }),
      { numRuns: 100 },
    );
  });

  test("a setting after the profile's end is never given to the profile before it", async () => {
    await writeFile(file, "[profile a]\nregion = eu-west-1\n");
    await installProfile(options);
    await writeFile(file, `${await readFile(file, "utf8")}\noutput = json\n`);
    await removeProfile(options);
    expect(await readProfile(file, "a")).toEqual(new Map([["region", "eu-west-1"]]));
  });

  test("a file and a directory that were not there are gone again", async () => {
    const nested = { ...options, file: join(dir, ".aws", "config") };
    await installProfile(nested);
    expect((await stat(nested.file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(dir, ".aws"))).mode & 0o777).toBe(0o700);
    await installProfile(nested);
    await removeProfile(nested);
    expect(await readdir(dir)).toEqual([]);
  });

  test("a file that was not there stays when somebody else wrote to it", async () => {
    const nested = { ...options, file: join(dir, ".aws", "config") };
    await installProfile(nested);
    await writeFile(nested.file, `${await readFile(nested.file, "utf8")}\n[profile b]\n`);
    await removeProfile(nested);
    expect(await readFile(nested.file, "utf8")).toBe("\n[profile b]\n");
  });

  test("a directory that was not there stays when somebody else put a file in it", async () => {
    const nested = { ...options, file: join(dir, ".aws", "config") };
    await installProfile(nested);
    await writeFile(join(dir, ".aws", "credentials"), "");
    await removeProfile(nested);
    expect(await readdir(join(dir, ".aws"))).toEqual(["credentials"]);
  });

  test("an empty file that was there stays", async () => {
    await writeFile(file, "");
    await installProfile(options);
    await removeProfile(options);
    expect(await readFile(file, "utf8")).toBe("");
  });

  test("removing when there is nothing to remove changes nothing", async () => {
    expect(await removeProfile(options)).toBe(false);
    expect(await removeProfile({ ...options, file: join(dir, "no", "such", "config") })).toBe(false);
    expect(await readdir(dir)).toEqual([]);
    await writeFile(file, "[profile iam-agent-proxy]\nregion = eu-west-1\n");
    const before = await stat(file);
    expect(await removeProfile(options)).toBe(false);
    expect((await stat(file)).mtimeMs).toBe(before.mtimeMs);
  });
});

describe("the file stays the user's", () => {
  test("its mode is kept", async () => {
    await writeFile(file, "[default]\n");
    await chmod(file, 0o640);
    await installProfile(options);
    expect((await stat(file)).mode & 0o777).toBe(0o640);
    await removeProfile(options);
    expect((await stat(file)).mode & 0o777).toBe(0o640);
  });

  test("a symbolic link is written through, and stays one", async () => {
    await mkdir(join(dir, "dotfiles"));
    await writeFile(join(dir, "dotfiles", "aws"), "[default]\n");
    await symlink(join("dotfiles", "aws"), file);
    await installProfile(options);
    expect((await lstat(file)).isSymbolicLink()).toBe(true);
    expect(await readFile(join(dir, "dotfiles", "aws"), "utf8")).toContain("[profile iam-agent-proxy]");
    await removeProfile(options);
    expect(await readFile(join(dir, "dotfiles", "aws"), "utf8")).toBe("[default]\n");
    expect(await readdir(join(dir, "dotfiles"))).toEqual(["aws"]);
  });

  test("a relative link in a directory that is itself a link leads from where that directory is", async () => {
    await mkdir(join(dir, "dotfiles", "aws"), { recursive: true });
    await writeFile(join(dir, "dotfiles", "shared"), "[default]\n");
    await symlink(join("..", "shared"), join(dir, "dotfiles", "aws", "config"));
    await symlink(join("dotfiles", "aws"), join(dir, ".aws"));
    const linked = { ...options, file: join(dir, ".aws", "config") };
    await installProfile(linked);
    expect(await readFile(join(dir, "dotfiles", "shared"), "utf8")).toContain("[profile iam-agent-proxy]");
    await removeProfile(linked);
    expect(await readFile(join(dir, "dotfiles", "shared"), "utf8")).toBe("[default]\n");
    expect((await readdir(dir)).sort()).toEqual([".aws", "dotfiles"]);
  });

  test("what is no ordinary file, as /dev/null is none, is never replaced by one", async () => {
    execFileSync("mkfifo", [file]);
    await expect(installProfile(options)).rejects.toMatchObject({
      code: "unwritable",
      message: expect.stringContaining("AWS_CONFIG_FILE"),
    });
    expect((await lstat(file)).isFIFO()).toBe(true);
    expect(await readdir(dir)).toEqual(["config"]);
  });

  test("a symbolic link to a file that is not there yet stays, and the file goes again", async () => {
    await symlink(join(dir, "later"), file);
    await installProfile(options);
    expect(await readFile(join(dir, "later"), "utf8")).toContain("[profile iam-agent-proxy]");
    await removeProfile(options);
    expect(await readdir(dir)).toEqual(["config"]);
  });

  test("a symbolic link in a circle is an error", async () => {
    await symlink(file, file);
    await expect(installProfile(options)).rejects.toMatchObject({ code: "unwritable" });
  });

  test.each(["[profile iam-agent-proxy]", '[profile "iam-agent-proxy"]', "[ profile  iam-agent-proxy ] # mine"])(
    "a profile that the user wrote as %s is an error, and stays",
    async (header) => {
      const content = `[default]\n${header}\nregion = eu-west-1\n`;
      await writeFile(file, content);
      await expect(installProfile(options)).rejects.toThrow(/Rename or remove it/);
      await expect(installProfile(options)).rejects.toMatchObject({ code: "userWritten" });
      expect(await readFile(file, "utf8")).toBe(content);
      expect(await readdir(dir)).toEqual(["config"]);
    },
  );

  test("a directory that cannot be written is an error that names AWS_CONFIG_FILE", async () => {
    await writeFile(join(dir, "plain"), "");
    const wrong = { ...options, file: join(dir, "plain", "config") };
    await expect(installProfile(wrong)).rejects.toThrow(/AWS_CONFIG_FILE/);
    await expect(installProfile(wrong)).rejects.toBeInstanceOf(AwsProfileError);
  });

  test.each(["", " x", "a\nb", "a # b", "a ;b", "a\u0000b"])("the value %j is refused", async (region) => {
    await expect(installProfile({ ...options, region })).rejects.toMatchObject({ code: "invalidValue" });
    expect(await readdir(dir)).toEqual([]);
  });
});

describe("more than one proxy", () => {
  test("a profile that a crashed run left behind is replaced, and the file is what it was before that run", async () => {
    const content = "[default]\r\nregion = eu-west-1";
    await writeFile(file, content);
    await installProfile({ ...options, socketPath: join(dir, "old.sock"), region: "us-east-1" });
    await installProfile(options);
    expect(await readFile(file, "utf8")).not.toContain("old.sock");
    await removeProfile(options);
    expect(await readFile(file, "utf8")).toBe(content);
  });

  test("the profile of a live proxy is respected, by the one that starts and by the one that stops", async () => {
    await mkdir(join(dir, "a"), { mode: 0o700 });
    const vendor = new KeyVendor({ installKey: await openInstallKey(join(dir, "a", "install.key")) });
    const rotation = new AgentKeyRotation({ vendor, agent: "a", session: "s", ttlSeconds: 60 });
    const first = { ...options, socketPath: join(dir, "a", "creds.sock") };
    const server = await serveCredentials({
      socketPath: first.socketPath,
      current: () => rotation.current(new Date()),
    });
    await installProfile(first);
    const content = await readFile(file);
    await expect(installProfile(options)).rejects.toMatchObject({ code: "proxyRunning" });
    expect(await removeProfile(options)).toBe(false);
    expect(await readFile(file)).toEqual(content);
    await server.close();
    await installProfile(options);
    await removeProfile(options);
  });

  test("edits at the same time happen one after the other", async () => {
    await writeFile(file, "[default]\n");
    const profiles = Array.from({ length: 8 }, (_, i) => ({ ...options, name: `proxy-${i}` }));
    await Promise.all(profiles.map((profile) => installProfile(profile)));
    const text = await readFile(file, "utf8");
    for (const { name } of profiles) expect(text).toContain(`[profile ${name}]`);
    await Promise.all(profiles.map((profile) => removeProfile(profile)));
    expect(await readFile(file, "utf8")).toBe("[default]\n");
  });

  test("the lock of a process that died is broken", async () => {
    const child = execFile(process.execPath, ["-e", "0"]);
    await new Promise((done) => child.once("exit", done));
    await writeFile(`${file}.iam-agent-proxy.lock`, `${child.pid} crashed\n`);
    await installProfile(options);
    expect(await readdir(dir)).toEqual(["config"]);
  });

  test("while a program appends without the lock, the file stays whole", async () => {
    await writeFile(file, "[default]\n");
    const script = `const fs = require("node:fs");
      for (let i = 0; i < 200; i++) fs.appendFileSync(process.argv[1], "# line " + i + "\\n");`;
    const writer = promisify(execFile)(process.execPath, ["-e", script, file]);
    await installProfile(options);
    await writer;
    await removeProfile(options);
    expect(await readFile(file, "utf8")).toMatch(/^\[default\]\n(# line \d+\n)*$/);
  });
});

describe("what a real SDK makes of the profile", () => {
  const read = [
    "import json, botocore.session",
    "session = botocore.session.Session(profile='iam-agent-proxy')",
    "credentials = session.get_credentials().get_frozen_credentials()",
    "config = session.get_scoped_config()",
    "print(json.dumps([credentials.access_key, credentials.secret_key, credentials.token, config['region'], config['ca_bundle']]))",
  ].join("\n");

  test.skipIf(!available("python3", "-c", "import botocore"))(
    "botocore, where it is installed, gets the agent key from the socket, whatever the paths",
    { timeout: 30_000 },
    async () => {
      const home = join(dir, "it's a home");
      await mkdir(home, { mode: 0o700 });
      const vendor = new KeyVendor({ installKey: await openInstallKey(join(home, "install.key")) });
      const rotation = new AgentKeyRotation({ vendor, agent: "a", session: "s", ttlSeconds: 3600 });
      const socketPath = join(home, "creds.sock");
      const server = await serveCredentials({ socketPath, current: () => rotation.current(new Date()) });
      const profile = { ...optionsFor(join(home, "config"), socketPath), caBundle: join(home, "ca-bundle.pem") };
      await writeFile(profile.file, "[default]\r\nregion = us-west-2\r\ns3 =\r\n  max_queue_size = 3");
      await installProfile(profile);
      const env = { ...process.env, AWS_CONFIG_FILE: profile.file, AWS_SHARED_CREDENTIALS_FILE: join(home, "none") };
      const { stdout } = await promisify(execFile)("python3", ["-c", read], { env });
      await server.close();
      const { accessKeyId, secretAccessKey, sessionToken } = rotation.current(new Date()).credentials;
      expect(JSON.parse(stdout)).toEqual([accessKeyId, secretAccessKey, sessionToken, "eu-west-1", profile.caBundle]);
    },
  );
});

describe("reading profiles", () => {
  const config = [
    "[default]",
    "region=us-west-2 # comment",
    "[profile dev]",
    "Region = eu-central-1",
    "s3 =",
    "  region = nested",
    '[profile "with space"]',
    "region = ap-south-1",
    "[sso-session dev]",
    "region = wrong",
    "[profile none]",
    "",
  ].join("\n");

  test.each([
    ["default", "us-west-2"],
    ["dev", "eu-central-1"],
    ["with space", "ap-south-1"],
    ["none", undefined],
    ["absent", undefined],
  ])("the region of %s is %s", async (name, region) => {
    await writeFile(file, config);
    expect(await readProfileRegion(file, name)).toBe(region);
  });

  test("a file that is not there has no profiles", async () => {
    expect(await readProfile(join(dir, "absent"), "default")).toBeUndefined();
    expect(await profileUsesProxy(join(dir, "absent"), "default")).toBe(false);
  });

  test.each([
    ["the profile we write", "iam-agent-proxy", true],
    ["a profile on top of it", "role", true],
    ["a profile with the command by name", "named", true],
    ["a profile in a circle", "circle", false],
    ["a profile with another command", "other", false],
  ])("%s (%s) uses the proxy: %s", async (_, name, expected) => {
    await writeFile(
      file,
      [
        "[profile role]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = iam-agent-proxy",
        "[profile named]\ncredential_process = /usr/local/bin/proxy-creds --sock /x",
        "[profile circle]\nsource_profile = circle",
        "[profile other]\ncredential_process = /usr/bin/my-proxy-creds-tool",
        "",
      ].join("\n"),
    );
    await installProfile(options);
    expect(await profileUsesProxy(file, name)).toBe(expected);
  });
});

function optionsFor(path: string, socketPath: string): InstallProfileOptions {
  return {
    file: path,
    socketPath,
    credentialProcess: credentialProcess({ socketPath }),
    caBundle: "/home/ü ser/.iam-agent-proxy/ca-bundle.pem",
    region: "eu-west-1",
  };
}

function available(command: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore", timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

/** Configuration files as people and programs leave them, and some that nobody would. Never a profile of our name. */
function configTexts(): fc.Arbitrary<string> {
  const line = fc.oneof(
    fc.constantFrom("", " ", "[default]", "[profile a]", "[sso-session s]", "region = eu-west-1", "# note", "; note"),
    fc.constantFrom(
      "  nested = 1",
      "s3 =",
      "[profile",
      "]",
      "[]",
      "[profile iam-agent-proxy2]",
      "\ttab",
      "credential_process = x",
    ),
    fc.string({ unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 12 }),
  );
  return fc
    .tuple(fc.array(fc.tuple(line, fc.constantFrom("\n", "\n", "\r\n", "\n\n")), { maxLength: 8 }), fc.boolean())
    .map(([lines, cut]) => {
      const text = lines.map(([content, end]) => content + end).join("");
      return cut ? text.replace(/\r?\n$/, "") : text;
    });
}
