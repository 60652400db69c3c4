import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scrubbedEnv } from "./agent-env.ts";
import { type Exited, run } from "./child.ts";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";
import { type ActivityLine, proxyBin } from "./proxy-process.ts";
import type { UpstreamAws } from "./target.ts";
import { tempDir } from "./temp-dir.ts";

export interface RunCommandOptions {
  /** Options of `run`, before `--`. */
  readonly args?: readonly string[] | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly cwd?: string | undefined;
  readonly timeoutMs?: number | undefined;
}

/** `iam-agent-proxy run`, as one user has it: a home folder, real credentials, AWS's names leading to the fake AWS. */
export class RunCommand {
  readonly home: string;
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;

  constructor(aws: UpstreamAws, credentials: RealCredentials, home: string = tempDir("run")) {
    this.home = home;
    this.dir = join(home, ".iam-agent-proxy");
    mkdirSync(home, { recursive: true });
    const ca = join(home, "upstream-ca.pem");
    writeFileSync(ca, aws.ca.certificate);
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    this.env = {
      ...scrubbedEnv(home),
      AWS_REGION: "us-east-1",
      AWS_PAGER: "",
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      ...(sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }),
      PROXY_UPSTREAM_MAP: `*.amazonaws.com=127.0.0.1:${aws.port}`,
      PROXY_UPSTREAM_CA: ca,
      PROXY_ACCOUNT_ID: "123456789012",
    };
  }

  /** The command line that runs a command behind a proxy. */
  line(command: readonly string[], args: readonly string[] = []): readonly string[] {
    return [process.execPath, proxyBin, "run", ...args, "--", ...command];
  }

  run(command: readonly string[], options: RunCommandOptions = {}): Promise<Exited> {
    const { args = [], env = {}, cwd = this.home, timeoutMs = 60_000 } = options;
    const [file, ...rest] = this.line(command, args);
    return run(file as string, rest, { env: { ...this.env, ...env }, cwd, timeoutMs });
  }

  /** Directories of runs that are there. */
  get runs(): readonly string[] {
    const path = join(this.dir, "runs");
    return existsSync(path) ? readdirSync(path) : [];
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
}
