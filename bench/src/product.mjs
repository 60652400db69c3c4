import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { endWithUs } from "./end-with-us.mjs";
import { policyOf } from "./policy-of.mjs";
import { upstreamCredentials } from "./upstream-credentials.mjs";
import { fetchCredentials, proxyBin } from "./workspace.mjs";

const startTimeoutMs = 30_000;
const account = "123456789012";

/** The product in enforce mode, started as a user starts it, in a home folder of its own. */
export class Product {
  #child;

  constructor(child, { port, dir, startMs }) {
    this.#child = child;
    this.port = port;
    this.socketPath = join(dir, "creds.sock");
    this.activityFile = join(dir, "activity.jsonl");
    /** Whom its clients trust, PEM. */
    this.ca = readFileSync(join(dir, "ca.pem"), "utf8");
    /** From spawning it to its word that it listens, in milliseconds. */
    this.startMs = startMs;
  }

  /**
   * @param {object} options
   * @param {string} options.home A folder; what an earlier start made in it is used again.
   * @param {number} options.upstreamPort
   * @param {string} options.upstreamCa PEM.
   * @param {number} [options.statements] Of the policy that it enforces; 50.
   * @param {object} [options.policy] Another one.
   * @param {readonly string[]} [options.nodeArgs] For Node, before the program.
   * @param {string} [options.bin] Another build of it.
   * @param {readonly string[]} [options.args] Further arguments.
   */
  static async start({
    home,
    upstreamPort,
    upstreamCa,
    statements = 50,
    policy = policyOf(statements),
    nodeArgs = [],
    bin = proxyBin,
    args = [],
  }) {
    mkdirSync(home, { recursive: true });
    const [policyFile, caFile] = [join(home, "policy.json"), join(home, "upstream-ca.pem")];
    writeFileSync(policyFile, JSON.stringify(policy, null, 2));
    writeFileSync(caFile, upstreamCa);
    const command = [
      ...[...nodeArgs, bin, "start", "--host", "127.0.0.1", "--port", "0", "--mode", "enforce", "--policy", policyFile],
      ...["--account-id", account, "--principal-arn", `arn:aws:iam::${account}:user/bench`, "--region", "us-east-1"],
      ...["--upstream-map", `*.amazonaws.com=127.0.0.1:${upstreamPort}`, "--upstream-ca", caFile],
      ...args,
    ];
    const started = performance.now();
    const child = spawn(process.execPath, command, { env: env(home), stdio: ["ignore", "pipe", "pipe"] });
    endWithUs(child);
    try {
      const port = await listening(child);
      const startMs = performance.now() - started;
      return new Product(child, { port, dir: join(home, ".iam-agent-proxy"), startMs });
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  }

  get pid() {
    return this.#child.pid;
  }

  /** The key pair it vends to its agent. */
  async agentKeys() {
    const { AccessKeyId, SecretAccessKey, SessionToken } = await fetchCredentials({ socketPath: this.socketPath });
    return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  }

  /** Ctrl-C; throws unless it lived until now and ends well. */
  async [Symbol.asyncDispose]() {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) throw new Error(`iam-agent-proxy died (${exitCode ?? signalCode})`);
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGINT");
    const [code, signal] = await exited;
    if (code !== 0) throw new Error(`iam-agent-proxy ended with ${code ?? signal}`);
  }
}

function env(home) {
  return {
    HOME: home,
    PATH: process.env.PATH,
    AWS_ACCESS_KEY_ID: upstreamCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: upstreamCredentials.secretAccessKey,
  };
}

/** Resolves with the port that the start screen names, and reads what it writes from then on. */
function listening(child) {
  return new Promise((resolve, reject) => {
    let output = "";
    const timer = setTimeout(() => reject(new Error(`iam-agent-proxy does not listen: ${output}`)), startTimeoutMs);
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`iam-agent-proxy ended with ${code ?? signal}: ${output}`));
    });
    child.stderr.on("data", (data) => {
      output = (output + data).slice(-4000);
    });
    child.stdout.on("data", function read(data) {
      output += data;
      const port = /HTTPS_PROXY=http:\/\/localhost:(\d+)/.exec(output)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      child.stdout.off("data", read).resume();
      resolve(Number(port));
    });
  });
}
