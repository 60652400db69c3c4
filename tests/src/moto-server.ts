import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { scrubbedEnv } from "./agent-env.ts";
import { kill } from "./child.ts";
import { atEnd } from "./clean-up.ts";
import type { RealCredentials } from "./fake-aws/signature-oracle.ts";
import { tempDir } from "./temp-dir.ts";
import { TlsTerminator } from "./tls-terminator.ts";

const launcher = fileURLToPath(new URL("../clients/moto_launcher.py", import.meta.url));
const startTimeoutMs = 60_000;

/** moto, an AWS of other authors, over plain HTTP: it checks the signature of every request against keys it issued itself. */
export class MotoServer {
  readonly port: number;
  readonly #log: () => string;

  private constructor(port: number, log: () => string) {
    this.port = port;
    this.#log = log;
  }

  static async start(): Promise<MotoServer> {
    const home = tempDir("moto");
    const child = spawn("python3", [launcher], {
      env: { ...scrubbedEnv(home), PYTHONUNBUFFERED: "1", INITIAL_NO_AUTH_ACTION_COUNT: "inf" },
      cwd: home,
      stdio: ["ignore", "pipe", "pipe"],
    });
    atEnd(() => kill(child));
    let log = "";
    const keep = (chunk: Buffer) => {
      log += chunk.toString("utf8");
    };
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    const deadline = performance.now() + startTimeoutMs;
    for (;;) {
      const port = /Running on http:\/\/127\.0\.0\.1:(\d+)/.exec(log)?.[1];
      if (port) return new MotoServer(Number(port), () => log);
      if (child.exitCode !== null || performance.now() > deadline) {
        throw new Error(`moto does not start (exit code ${child.exitCode}):\n${log.slice(-4000)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** What it wrote: a line per request. */
  get log(): string {
    return this.#log();
  }

  /** Makes a user who may do everything, and from then on checks every signature. */
  async requireSignatures(): Promise<RealCredentials> {
    const UserName = "e2e";
    const PolicyDocument = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
    });
    await this.#iam({ Action: "CreateUser", UserName });
    const created = await this.#iam({ Action: "CreateAccessKey", UserName });
    await this.#iam({ Action: "PutUserPolicy", UserName, PolicyName: "everything", PolicyDocument });
    const headers = { "content-type": "application/octet-stream" };
    const reset = await fetch(`http://127.0.0.1:${this.port}/moto-api/reset-auth`, {
      method: "POST",
      headers,
      body: "0",
    });
    if (!reset.ok) throw new Error(`moto does not turn authentication on: ${reset.status} ${await reset.text()}`);
    return { accessKeyId: element(created, "AccessKeyId"), secretAccessKey: element(created, "SecretAccessKey") };
  }

  /** A call to IAM before signatures are required: moto reads the service from the credential scope, and no more. */
  async #iam(parameters: Readonly<Record<string, string>>): Promise<string> {
    const authorization =
      "AWS4-HMAC-SHA256 Credential=setup/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0";
    const body = new URLSearchParams({ Version: "2010-05-08", ...parameters });
    const answer = await fetch(`http://127.0.0.1:${this.port}/`, { method: "POST", headers: { authorization }, body });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`moto refuses ${parameters.Action}: ${answer.status} ${text}`);
    return text;
  }
}

/** moto, TLS before it, and the keys by which it checks every signature. */
export async function startMoto(): Promise<{
  readonly server: MotoServer;
  readonly tls: TlsTerminator;
  readonly keys: RealCredentials;
}> {
  const server = await MotoServer.start();
  const keys = await server.requireSignatures();
  return { server, tls: await TlsTerminator.start(server.port), keys };
}

function element(xml: string, name: string): string {
  const value = new RegExp(`<${name}>([^<]+)</${name}>`).exec(xml)?.[1];
  if (value === undefined) throw new Error(`No ${name} in moto's answer`);
  return value;
}
