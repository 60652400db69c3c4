import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "./child.ts";
import { atEnd } from "./clean-up.ts";
import { findClient } from "./client.ts";
import { FakeAws } from "./fake-aws.ts";
import { RunCommand } from "./run-command.ts";
import { targetKind } from "./target.ts";
import { tempDir } from "./temp-dir.ts";
import { sessionCredentials } from "./test-credentials.ts";

const hostile = fileURLToPath(new URL("../clients/hostile.mjs", import.meta.url));
const cli = await findClient("the AWS CLI");
const secret = "REALSECRETREALSECRETREALSECRET0123456789";

/** Which tools isolate on this machine: asked of the product, for a kernel may forbid them. */
const works = new Map<string, string>();
for (const tool of ["bubblewrap", "unshare"]) {
  const aws = await FakeAws.start({ credentials: sessionCredentials() });
  const probe = await new RunCommand(aws, sessionCredentials()).run(["true"], {
    args: ["--isolate", "--isolate-with", tool, "--quiet"],
  });
  await aws.close();
  works.set(tool, probe.code === 0 ? "" : probe.stderr.trim().split("\n").at(-1)?.slice(0, 200) || "it fails");
}

describe.skipIf(targetKind === "direct")("what isolates", () => {
  for (const [tool, why] of works) {
    if (why === "") test(`${tool} works here`, () => {});
    else test.skip(`${tool} does not work here: ${why}`, () => {});
  }

  test("a command that cannot be isolated is not run, and the message says what to do", async () => {
    const aws = await FakeAws.start({ credentials: sessionCredentials() });
    const user = new RunCommand(aws, sessionCredentials());
    const tools = tempDir("tools");
    writeFileSync(join(tools, "bwrap"), "#!/bin/sh\necho 'bwrap: no user namespaces' >&2\nexit 1\n", { mode: 0o755 });
    const { code, stdout, stderr } = await user.run(["echo", "ran"], {
      args: ["--isolate", "--isolate-with", "bubblewrap"],
      env: { PATH: `${tools}:${process.env.PATH}` },
    });
    await aws.close();
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("cannot be isolated here, and was not started");
    expect(stderr).toContain("bwrap: no user namespaces");
    expect(stderr).toContain("apt install bubblewrap");
    expect(user.runs).toEqual([]);
  });
});

describe.each([...works].filter(([, why]) => why === ""))("run --isolate with %s", (tool) => {
  const credentials = sessionCredentials();
  let fake: FakeAws;
  let user: RunCommand;
  let project: string;
  let outside: Server;
  const servers: Server[] = [];
  let seen: Record<string, string>;

  beforeAll(async () => {
    fake = await FakeAws.start({ credentials });
    // Not in /tmp, where HOME may be, and which an isolated command has anew: there it could see nothing whatever else is done.
    const home = mkdtempSync(join(userInfo().homedir, ".iap-"));
    atEnd(() => rmSync(home, { recursive: true, force: true }));
    user = new RunCommand(fake, credentials, home);
    project = join(user.home, "project");
    for (const path of [project, join(user.home, ".aws", "sso", "cache"), join(user.home, "dotfiles")]) {
      mkdirSync(path, { recursive: true });
    }
    writeFileSync(join(user.home, "dotfiles", "credentials"), `[default]\naws_secret_access_key = ${secret}\n`);
    symlinkSync(join(user.home, "dotfiles", "credentials"), join(user.home, ".aws", "credentials"));
    writeFileSync(join(user.home, ".aws", "config"), `[default]\nregion = us-east-1\n# ${secret}\n`);
    writeFileSync(join(user.home, ".aws", "sso", "cache", "token.json"), secret);
    copyFileSync(hostile, join(project, "hostile.mjs"));
    outside = createServer((socket) => socket.end("outside")).listen(0, "0.0.0.0");
    await new Promise((listening) => outside.once("listening", listening));
    const { port } = outside.address() as { port: number };
    mkdirSync(join(user.home, ".agent"));
    mkdirSync(join(user.home, ".config"));
    writeFileSync(join(user.home, ".netrc"), secret);
    for (const path of [join(user.home, ".agent", "agent.sock"), join(project, "in.sock"), "\0iap-hostile"]) {
      const server = createServer((socket) => socket.end("outside")).listen(path);
      await new Promise((listening) => server.once("listening", listening));
      servers.push(server);
    }
    // What tools do that refresh credentials, while the command runs.
    const change = setInterval(() => {
      if (!existsSync(join(project, "ready"))) return;
      clearInterval(change);
      writeFileSync(join(user.home, ".netrc.new"), secret);
      renameSync(join(user.home, ".netrc.new"), join(user.home, ".netrc"));
      for (const path of [".ssh/id", ".config/gh/hosts.yml"]) {
        mkdirSync(join(user.home, path, ".."), { recursive: true });
        writeFileSync(join(user.home, path), secret);
      }
      writeFileSync(join(project, "changed"), "");
    }, 50);
    atEnd(() => clearInterval(change));
    // A shell leaves a descriptor open beyond those that Node keeps from its children.
    const line = user.line(
      [process.execPath, "hostile.mjs", user.home, String(port), secret],
      ["--isolate", "--isolate-with", tool, "--writable", join(user.home, "dotfiles")],
    );
    const { stdout, stderr } = await run(
      "bash",
      ["-c", `exec 200<${user.home}/.aws/credentials; exec "$@"`, "-", ...line],
      {
        cwd: project,
        env: { ...user.env, SECRET_OUTSIDE: secret },
        timeoutMs: 100_000,
      },
    );
    try {
      seen = JSON.parse(stdout) as Record<string, string>;
    } catch {
      throw new Error(`${stdout}\n${stderr}`);
    }
  });
  afterAll(async () => {
    for (const server of [outside, ...servers]) server?.close();
    expect(user.runs).toEqual([]);
  });

  test.each([
    "TCP to an address of the internet",
    "TCP to this machine's other loopback ports",
    "TCP to the metadata service",
    "TCP to the container credentials service",
    "IPv6 to the metadata service",
    "UDP to a name server",
    "a name looked up",
    "HTTP to the metadata service through the proxy",
    "a tunnel to a host that is not AWS",
    "a tunnel to an IP address",
    "a tunnel to this machine",
    "the shared credentials file",
    "the file the credentials link to",
    "the AWS configuration",
    "the SSO cache",
    "the proxy's CA key",
    "the proxy's install key",
    "the proxy's activity log",
    "the secret in another process's environment",
    "a signal to another process",
    "a socket of another program in the home directory",
    "a socket of another program in the working directory",
    "an abstract socket",
    "a virtual socket to the machine's host",
    "packets of any kind",
    "io_uring, which no filter sees",
    "characters typed into the terminal",
    "the kernel's keyrings",
    "a descriptor that was open outside",
    "credentials that are replaced, or come to be, while it runs",
    "a startup file in the home directory",
    "the files of its own run",
    "mounts taken away",
    "a namespace of its own to see more",
  ])("the hostile command fails at %s", (attempt) => {
    expect(seen[attempt]).toBeDefined();
    expect(seen[attempt]).toMatch(/^failed: /);
  });

  test("it sees two processes of its own run and no other", () => {
    expect(Number(seen["processes seen"])).toBeLessThan(8);
  });

  test("its only network interface is loopback", () => {
    expect(seen.interfaces).toBe("lo");
  });

  test("it writes in its working directory, and that stays", () => {
    expect(seen["a file in the working directory"]).toBe("done");
    expect(readFileSync(join(project, "left.txt"), "utf8")).toBe("left");
  });

  test("nothing of it is in AWS", () => {
    expect(fake.problems).toEqual([]);
  });

  test.skipIf(cli.skip)("the AWS CLI works all the same", async () => {
    const { code, stdout, stderr } = await user.run(["aws", "sts", "get-caller-identity"], {
      args: ["--isolate", "--isolate-with", tool],
      cwd: project,
    });
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ Account: fake.account });
    expect(stderr).toContain(`isolated (${tool})`);
    expect(stderr).toContain("(record, isolated)");
  });

  test("a token that its run allows is had with nothing but the socket", async () => {
    const program = `"$0" "\${PROXY_SOCK_PATH%/*}/proxy-creds/dist/main.js"`;
    const names = "--hostname orders.c0ffee012345.us-east-1.rds.amazonaws.com --port 5432 --username app";
    const { code, stdout, stderr } = await user.run(
      ["sh", "-c", `${program} token rds ${names}; ${program} token eks --cluster-name prod`, process.execPath],
      { args: ["--isolate", "--isolate-with", tool, "--allow-token", "rds"], cwd: project },
    );
    expect(code).toBe(1);
    expect(stdout).toMatch(/^orders\..*X-Amz-Signature=[0-9a-f]{64}\n$/);
    expect(stdout).toContain(credentials.accessKeyId);
    expect(stderr).toContain("--allow-token eks");
  });

  test("exit codes and signals pass", async () => {
    const isolated = ["--isolate", "--isolate-with", tool, "--quiet"];
    expect((await user.run(["sh", "-c", "exit 7"], { args: isolated, cwd: project })).code).toBe(7);
    expect((await user.run(["sh", "-c", "kill -TERM $$"], { args: isolated, cwd: project })).code).toBe(143);
    expect((await user.run(["no-such-command"], { args: isolated, cwd: project })).code).toBe(127);
  });

  test("in the home directory it writes nothing, and is told what to do", async () => {
    const { stderr } = await user.run(["sh", "-c", "echo x >.profile"], {
      args: ["--isolate", "--isolate-with", tool],
      cwd: user.home,
    });
    expect(stderr).toMatch(/\.profile: Read-only file system/);
    expect(stderr).toContain("--writable PATH");
  });

  test("a working directory with credentials in it is refused", async () => {
    const { code, stderr } = await user.run(["true"], {
      args: ["--isolate", "--isolate-with", tool],
      cwd: join(user.home, ".aws"),
    });
    expect(code).toBe(2);
    expect(stderr).toContain("which an isolated command must not see");
  });

  test("two homes do not share a run", async () => {
    const other = new RunCommand(fake, credentials, tempDir("other"));
    const { stdout } = await other.run(["sh", "-c", "ls ~/.iam-agent-proxy ~/.iam-agent-proxy/runs | wc -l"], {
      args: ["--isolate", "--isolate-with", tool, "--quiet"],
    });
    expect(Number(stdout)).toBeLessThan(6);
  });
});
