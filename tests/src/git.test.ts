import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Exited, run, runOk } from "./child.ts";
import { findClient } from "./client.ts";
import { FakeGitServer } from "./fake-git-server.ts";
import { type ProxyOptions, ProxyProcess } from "./proxy-process.ts";
import { targetKind } from "./target.ts";
import { tempDir } from "./temp-dir.ts";
import { sessionCredentials } from "./test-credentials.ts";

const git = await findClient("git with its HTTP server", "git", ["http-backend", "--help"]);
const cli = await findClient("the AWS CLI");
const url = "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/app";
const arn = "arn:aws:codecommit:us-east-1:123456789012:app";

describe.skipIf(git.skip || cli.skip || targetKind === "direct")(
  "git at CodeCommit, with AWS's credential helper",
  () => {
    const credentials = sessionCredentials();
    let server: FakeGitServer;
    let proxy: ProxyProcess;
    let work: string;

    beforeEach(async () => {
      const root = tempDir("repositories");
      work = tempDir("clones");
      await runOk("git", ["init", "--bare", "-b", "main", join(root, "app")], { env: { PATH: process.env.PATH } });
      server = await FakeGitServer.start({ credentials, root });
    });
    afterEach(() => proxy?.kill());

    async function start(options: Partial<ProxyOptions> = {}): Promise<void> {
      proxy = await ProxyProcess.start(server, { credentials, args: ["--agent", "ci"], ...options });
      const helper = "[credential]\n\thelper = !aws codecommit credential-helper $@\n\tUseHttpPath = true\n";
      writeFileSync(join(proxy.home, ".gitconfig"), `${helper}[user]\n\tname = a\n\temail = a@example.com\n`);
    }
    const client = (args: readonly string[], cwd = work): Promise<Exited> => {
      const bundle = join(proxy.dir, "ca-bundle.pem");
      const env = { ...proxy.env, AWS_CA_BUNDLE: bundle, GIT_SSL_CAINFO: bundle, GIT_TERMINAL_PROMPT: "0" };
      return run("git", args, { env: { ...env, HOME: proxy.home }, cwd });
    };
    const ok = async (args: readonly string[], cwd?: string): Promise<string> => {
      const { code, stdout, stderr } = await client(args, cwd);
      expect({ args, code, stderr }).toMatchObject({ code: 0 });
      return stdout + stderr;
    };
    async function pushSomething(bytes: number): Promise<Buffer> {
      await ok(["clone", url, "one"]);
      const one = join(work, "one");
      const content = randomBytes(bytes);
      writeFileSync(join(one, "file"), content);
      for (const args of [
        ["add", "."],
        ["commit", "-m", "c"],
        ["push", "origin", "HEAD:main"],
      ])
        await ok(args, one);
      return content;
    }
    const checks = () =>
      proxy.activity
        .filter(({ type, forwarded }) => type === "decided" && forwarded)
        .map(({ checks }) =>
          (checks as { action: string; resource: { arn: string } }[]).map(
            ({ action, resource }) => `${action} ${resource.arn}`,
          ),
        );

    test("clones and pushes with a password that the proxy makes anew, in a stream", async () => {
      await start();
      // Larger than what is ever read whole.
      const content = await pushSomething(40 << 20);
      await ok(["clone", url, "two"]);
      expect(readFileSync(join(work, "two", "file")).equals(content)).toBe(true);
      expect(server.refused).toEqual([]);
      expect(server.served.every(({ userAgent }) => /^git\/.* agent\/ci run\//.test(userAgent))).toBe(true);
      const seen = new Set(checks().flat());
      expect(seen).toEqual(new Set([`codecommit:GitPull ${arn}`, `codecommit:GitPush ${arn}`]));
      await proxy.stop();
      expect(proxy.stdout + proxy.stderr).not.toContain(credentials.sessionToken);
    });

    test("may pull where the policy allows it, and is told why it may not push", async () => {
      await start();
      await pushSomething(1000);
      await proxy.stop();
      const policy = {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "codecommit:GitPull", Resource: arn }],
      };
      await start({ mode: "enforce", policies: [policy] });
      await ok(["clone", url, "three"]);
      const three = join(work, "three");
      writeFileSync(join(three, "more"), "more");
      await ok(["add", "."], three);
      await ok(["commit", "-m", "m"], three);
      const { code, stderr } = await client(["push", "origin", "HEAD:main"], three);
      expect(code).not.toBe(0);
      expect(stderr).toContain("is not authorized to perform: codecommit:GitPush");
      const other = await client(["clone", url.replace("/app", "/other"), "four"]);
      expect(other.code).not.toBe(0);
      expect(other.stderr).toContain("403");
      await proxy.stop();
    });

    test("gets in with no other password, and nothing of it goes on", async () => {
      await start();
      mkdirSync(join(work, "x"));
      for (const password of ["ASIAOTHER:20260101T000000Z0000", "user:password"]) {
        const { code, stderr } = await client(["clone", url.replace("https://", `https://${password}@`), "five"]);
        expect(code).not.toBe(0);
        expect(stderr).toContain("403");
      }
      const curl = await run(
        "curl",
        [
          "-sS",
          "-o",
          "/dev/null",
          "-w",
          "%{http_code}",
          "--cacert",
          join(proxy.dir, "ca-bundle.pem"),
          `${url}/info/refs?service=git-upload-pack`,
        ],
        { env: proxy.env },
      );
      expect(curl.stdout).toBe("401");
      expect(server.served).toEqual([]);
      expect(server.refused).toEqual([]);
      await proxy.stop();
    });
  },
);
