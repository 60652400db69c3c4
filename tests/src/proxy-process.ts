import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { agentEnv, awsConfigFile, scrubbedEnv } from "./agent-env.ts";
import { describe, type Exited, kill, runOk } from "./child.ts";
import { atEnd } from "./clean-up.ts";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";
import type { Target, UpstreamAws } from "./target.ts";
import { tempDir } from "./temp-dir.ts";

/** The built program; `IAP_PROXY_BIN` names another build of it. */
export const proxyBin: string =
  process.env.IAP_PROXY_BIN ?? fileURLToPath(new URL("../../apps/proxy/dist/main.js", import.meta.url));

const startTimeoutMs = 20_000;
const stopTimeoutMs = 15_000;

export interface ProxyOptions {
  /** The keys it re-signs with, given to it by environment variables; `undefined` gives it none. */
  readonly credentials: RealCredentials | undefined;
  readonly mode?: "record" | "shadow" | "enforce" | undefined;
  /** Policy documents, each written to a file of its own. */
  readonly policies?: readonly unknown[] | undefined;
  /** Where it listens; a free port by default. */
  readonly port?: number | undefined;
  /** Continue in the folder of an earlier run. */
  readonly home?: string | undefined;
  readonly args?: readonly string[] | undefined;
  /** Whether AWS's names lead to the fake AWS (the default); if not, the environment says how it is reached. */
  readonly mapped?: boolean | undefined;
  /** Further environment of the program. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** A command that ends by executing its arguments, the program among them, in another surrounding. */
  readonly through?: readonly string[] | undefined;
}

/** A line of `activity.jsonl`. */
export interface ActivityLine {
  readonly type: "decided" | "finished";
  readonly id: string;
  readonly [name: string]: unknown;
}

/** The product, started as a user starts it: its own home folder, real sockets, stopped by Ctrl-C. */
export class ProxyProcess implements Target {
  readonly home: string;
  readonly dir: string;
  readonly port: number;
  readonly env: NodeJS.ProcessEnv;
  readonly #child: ChildProcess;
  readonly #output: Output;

  private constructor(home: string, dir: string, port: number, child: ChildProcess, output: Output) {
    this.home = home;
    this.dir = dir;
    this.port = port;
    this.#child = child;
    this.#output = output;
    this.env = agentEnv({ home, profile: "iam-agent-proxy", proxyPort: port, caFile: join(dir, "ca.pem") });
  }

  static async start(aws: UpstreamAws, options: ProxyOptions): Promise<ProxyProcess> {
    const {
      credentials,
      mode = "record",
      policies = [],
      home = tempDir("proxy"),
      args = [],
      env = {},
      mapped = true,
      port: listenOn = 0,
      through = [],
    } = options;
    if (!existsSync(proxyBin)) throw new Error(`${proxyBin} is not there: build the workspace first (npm run build)`);
    const dir = join(home, ".iam-agent-proxy");
    const upstreamCa = join(home, "upstream-ca.pem");
    mkdirSync(home, { recursive: true });
    writeFileSync(upstreamCa, aws.ca.certificate);
    const policyArgs = policies.flatMap((policy, index) => {
      const file = join(home, `policy-${index}.json`);
      writeFileSync(file, JSON.stringify(policy, null, 2));
      return ["--policy", file];
    });
    const command = [
      ...[
        proxyBin,
        "start",
        "--port",
        String(listenOn),
        "--host",
        "127.0.0.1",
        "--dir",
        dir,
        "--mode",
        mode,
        ...policyArgs,
      ],
      ...(mapped ? ["--upstream-map", `*.amazonaws.com=127.0.0.1:${aws.port}`] : []),
      ...["--upstream-ca", upstreamCa, "--account-id", "123456789012", "--no-color", ...args],
    ];
    const [program, ...rest] = [...through, process.execPath, ...command];
    const child = spawn(program as string, rest, {
      env: { ...scrubbedEnv(home), AWS_REGION: "us-east-1", ...credentialEnv(credentials), ...env },
      cwd: home,
      stdio: ["ignore", "pipe", "pipe"],
    });
    atEnd(() => kill(child));
    const output = new Output(child, `iam-agent-proxy ${command.slice(1).join(" ")}`);
    const started = await output.waitFor(
      /HTTPS_PROXY=http:\/\/[^:\s]+:(\d+)|"type":"started".*?"port":(\d+)/,
      startTimeoutMs,
    );
    const port = Number(started[1] ?? started[2]);
    return new ProxyProcess(home, dir, port, child, output);
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Everything written on stdout up to now. */
  get stdout(): string {
    return this.#output.stdout;
  }

  get stderr(): string {
    return this.#output.stderr;
  }

  /** Resolves with the match when stdout holds it. */
  waitForStdout(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#output.waitFor(pattern, stopTimeoutMs);
  }

  /** Resolves when what was written on stderr after that many characters matches. */
  async waitForStderr(pattern: RegExp, after = 0): Promise<void> {
    const deadline = performance.now() + stopTimeoutMs;
    while (!pattern.test(this.stderr.slice(after))) {
      if (performance.now() > deadline) throw new Error(`No ${pattern} on stderr:\n${this.stderr.slice(after)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The lines of `activity.jsonl`. */
  get activity(): readonly ActivityLine[] {
    const file = join(this.dir, "activity.jsonl");
    if (!existsSync(file)) return [];
    return readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as ActivityLine);
  }

  /** The lines of `actions.log`. */
  get actions(): readonly string[] {
    const file = join(this.dir, "actions.log");
    return existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
  }

  /** What `iam-agent-proxy policy` makes of the recording. */
  async policy(...args: readonly string[]): Promise<unknown> {
    const env = scrubbedEnv(this.home);
    return JSON.parse(await runOk(process.execPath, [proxyBin, "policy", "--dir", this.dir, ...args], { env }));
  }

  /** Runs the profile's `credential_process`, as an SDK does. */
  async agentCredentials(): Promise<RealCredentials> {
    const config = readFileSync(this.env.AWS_CONFIG_FILE ?? awsConfigFile(this.home), "utf8");
    const section = config.slice(config.indexOf("[profile iam-agent-proxy]"));
    const command = /^credential_process\s*=\s*(.+)$/m.exec(section)?.[1];
    if (!command) throw new Error(`No credential_process in the profile:\n${section}`);
    const json: unknown = JSON.parse(await runOk("/bin/sh", ["-c", command], { env: this.env, timeoutMs: 10_000 }));
    const { AccessKeyId, SecretAccessKey, SessionToken } = json as Record<string, string>;
    return {
      accessKeyId: AccessKeyId as string,
      secretAccessKey: SecretAccessKey as string,
      sessionToken: SessionToken as string,
    };
  }

  /** Ctrl-C (or another signal); it must exit 0 by itself. */
  async stop(signal: "SIGINT" | "SIGTERM" = "SIGINT"): Promise<Exited> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
    const exited = await this.#output.end(stopTimeoutMs);
    if (exited.code !== 0) throw new Error(`It must exit 0 on ${signal}: ${describe(exited)}`);
    return exited;
  }

  /** Ends it whatever state it is in; so does the end of the test file. */
  kill(): Promise<void> {
    return kill(this.#child);
  }
}

function credentialEnv(credentials: RealCredentials | undefined): NodeJS.ProcessEnv {
  if (!credentials) return { AWS_EC2_METADATA_DISABLED: "true" };
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }),
  };
}

/** What a process writes, kept, and waited for. */
class Output {
  stdout = "";
  stderr = "";
  readonly #child: ChildProcess;
  readonly #command: string;
  readonly #closed: Promise<unknown>;

  constructor(child: ChildProcess, command: string) {
    this.#child = child;
    this.#command = command;
    this.#closed = once(child, "close");
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
  }

  #exited(): Exited {
    const { exitCode: code, signalCode: signal } = this.#child;
    return { command: this.#command, code, signal, stdout: this.stdout, stderr: this.stderr };
  }

  async waitFor(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const match = pattern.exec(this.stdout);
      if (match) return match;
      const { exitCode, signalCode } = this.#child;
      if (exitCode !== null || signalCode !== null) {
        await this.#closed;
        throw new Error(`It ended before it wrote ${pattern}: ${describe(this.#exited())}`);
      }
      if (performance.now() > deadline) {
        this.#child.kill("SIGKILL");
        throw new Error(`No ${pattern} on stdout in ${timeoutMs} ms: ${describe(this.#exited())}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async end(timeoutMs: number): Promise<Exited> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), timeoutMs);
    await this.#closed;
    clearTimeout(timer);
    return this.#exited();
  }
}
