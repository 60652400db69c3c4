import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Credentials } from "@iap/aws-core";
import { CertificateAuthority } from "@iap/ca-manager";
import { fetchCredentials } from "@iap/cred-vendor";
import { presign } from "@iap/sigv4";
import { FakeAws } from "../fake-aws/fake-aws.ts";
import { readSettings } from "../options.ts";
import { startProxy } from "../proxy.ts";
import { agentEnvironment, applied } from "../run/agent-environment.ts";
import { writeAgentFiles } from "../run/agent-files.ts";
import { openJvmDoor } from "../run/jvm-door.ts";
import { ProxyPassword } from "../run/proxy-password.ts";
import { proxyUrl, proxyVariables } from "../upstream/upstream-proxy.ts";
import { UsageError } from "../usage-error.ts";
import type { Check } from "./check.ts";
import { type DoctorClient, javaProgram } from "./clients.ts";
import { DoctorTerminal } from "./doctor-terminal.ts";

export interface CheckClientsOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /**
   * Whether clients get this environment as it is, but for the proxy's port and an agent key pair, instead of the one
   * that `run` makes of it. Its certificates are those of the proxy in `dir`.
   */
  readonly asIs: boolean;
  readonly dir: string;
  readonly clients: readonly DoctorClient[];
  /** Told of each check as it is made. */
  readonly onCheck: (check: Check) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

const region = "us-east-1";
const host = `sts.${region}.amazonaws.com`;
const timeoutMs = 30_000;

/**
 * Lets each client found here ask STS who it is, through a proxy of the doctor's own and a fake AWS: what arrives there,
 * signed anew, was intercepted. Nothing leaves the machine but what goes past the proxy, and that has fake keys. What it
 * makes is removed in the end, also when `signal` ends it; it throws `UsageError` then, and where there is no authority
 * in `dir` for `asIs`.
 */
export async function checkClients(options: CheckClientsOptions): Promise<void> {
  const { env, version, asIs, clients, onCheck, signal } = options;
  const dir = await mkdtemp(join(tmpdir(), "iap-doctor-"));
  const undo: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true, force: true })];
  try {
    const credentials = new Credentials({
      accessKeyId: `AKIA${randomBytes(8).toString("hex").toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString("base64"),
    });
    const authority = await CertificateAuthority.create({
      dir: join(dir, "aws"),
      permittedDnsSuffixes: ["amazonaws.com"],
      years: 1,
    });
    const principal = { account: "123456789012", userName: "doctor", userId: "AIDADOCTORDOCTORDOCT" };
    const aws = await FakeAws.start({ authority, credentials, principal });
    undo.push(() => aws.close());
    const proxyDir = join(dir, "proxy");
    await mkdir(proxyDir, { mode: 0o700 });
    if (asIs) {
      // Signed by the same authority, what its terminal trusts is trusted here.
      for (const file of ["ca.pem", "ca-intermediate.pem", "ca.key"]) {
        await copyFile(join(options.dir, file), join(proxyDir, file)).catch((cause: Error) => {
          throw new UsageError(
            `--as-is takes the certificate authority of ${options.dir}, and ${cause.message}: start iam-agent-proxy once`,
            { exitCode: 1, cause },
          );
        });
      }
    }
    const settings = readSettings(
      {
        host: ["127.0.0.1"],
        port: 0,
        dir: proxyDir,
        region,
        tunnel: "deny",
        "upstream-map": [`*.amazonaws.com=127.0.0.1:${aws.port}`],
        "upstream-ca": authority.path,
        "account-id": principal.account,
        "principal-arn": `arn:aws:iam::${principal.account}:user/${principal.userName}`,
      },
      {},
    );
    const terminal = new DoctorTerminal();
    const password = new ProxyPassword();
    const { accessKeyId, secretAccessKey } = credentials;
    const proxy = await startProxy({
      settings,
      env: { HOME: dir },
      terminal,
      version,
      provider: async () => ({ accessKeyId, secretAccessKey }),
      forOneRun: { agent: "advisory", authorizeConnect: asIs ? () => true : password.accepts },
    });
    undo.push(() => proxy.close({ hurry: Promise.resolve() }));
    const vended = await fetchCredentials({ socketPath: settings.sock });
    const staticKeys = {
      accessKeyId: vended.AccessKeyId,
      secretAccessKey: vended.SecretAccessKey,
      sessionToken: vended.SessionToken,
    };
    let clientEnv: Record<string, string>;
    if (asIs) clientEnv = asItIs(env, proxy.port, staticKeys);
    else {
      const accept = (socket: Socket): void => proxy.accept(socket);
      const door =
        process.platform === "linux"
          ? await openJvmDoor({ isOurs: (environment) => password.isIn(environment), accept })
          : undefined;
      if (door !== undefined) undo.push(() => door.close());
      const files = await writeAgentFiles({
        dir: join(dir, "agent"),
        socketPath: settings.sock,
        rootCertificate: proxy.rootCertificate,
        inherited: env,
        region,
      });
      const changes = agentEnvironment({
        inherited: env,
        proxyUrl: password.url("127.0.0.1", proxy.port),
        jvmProxy: { host: "127.0.0.1", port: door?.port ?? proxy.port },
        files,
        region,
      });
      clientEnv = applied(changes, env);
    }
    const javaFile = join(dir, "Ask.java");
    await writeFile(javaFile, javaProgram);
    const keys = new Credentials(staticKeys);
    for (const client of clients) {
      const check = await checkClient(client, { clientEnv, terminal, javaFile, asIs, keys, signal });
      if (signal.aborted) throw new UsageError("the doctor was stopped", { exitCode: 1 });
      onCheck(check);
    }
  } finally {
    for (const step of undo.reverse()) await step().catch(() => {});
  }
}

interface CheckClientOptions {
  readonly clientEnv: Record<string, string>;
  readonly terminal: DoctorTerminal;
  readonly javaFile: string;
  readonly asIs: boolean;
  readonly keys: Credentials;
  readonly signal: AbortSignal;
}

async function checkClient(client: DoctorClient, options: CheckClientOptions): Promise<Check> {
  const { clientEnv, terminal, javaFile, asIs, keys, signal } = options;
  const { name } = client;
  const check = (status: Check["status"], message: string, fix?: string): Check => ({
    group: "clients",
    name,
    status,
    message,
    fix,
  });
  if ((await exitOf(client.find, clientEnv, signal)).code !== 0) return check("skipped", "not on this machine");
  const url = `https://${host}${
    presign(
      {
        httpVersion: "1.1",
        method: "GET",
        target: "/?Action=GetCallerIdentity&Version=2011-06-15",
        headers: [["Host", host]],
        host,
      },
      { credentials: keys, region, service: "sts", now: new Date(), expiresSeconds: 300, payload: emptySha256 },
    ).target
  }`;
  terminal.forget();
  const { code, output } = await exitOf(client.ask({ url, javaFile }), clientEnv, signal);
  if (terminal.forwarded > 0) {
    return code === 0
      ? check("ok", "intercepted: its request arrived, verified and signed anew")
      : check("warning", `intercepted, but it ended with ${code}: ${lastLine(output)}`);
  }
  const environment = asIs
    ? 'its certificates are named by variables: eval "$(iam-agent-proxy env)" in this terminal'
    : "it reads no variable that names certificates: make it trust the proxy's ca.pem by its own settings";
  const [handshake] = terminal.handshakes;
  if (handshake !== undefined) {
    return check("problem", `CA not trusted: ${handshake}`, environment);
  }
  const [refused] = [...terminal.refused, ...terminal.notes];
  if (refused !== undefined) return check("problem", `it came, and was refused: ${refused}`);
  if (code !== 0 && certificateWords.test(output)) {
    return check("problem", `CA not trusted: ${lastLine(output)}`, environment);
  }
  if (client.fails?.saying.test(output)) {
    return check("problem", `failed before it sent anything: ${lastLine(output)}`, client.fails.fix);
  }
  return check(
    "problem",
    `bypassed: nothing of it came through the proxy${code === 0 ? "" : ` (${lastLine(output)})`}`,
    client.bypassed ??
      'it must have HTTPS_PROXY, and no NO_PROXY for AWS: eval "$(iam-agent-proxy env)" in its terminal, or start it by `iam-agent-proxy run`',
  );
}

const emptySha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const certificateWords = /certificate|self[- ]signed|PKIX|unable to get (local )?issuer/i;

/** This terminal's own environment, with the running proxy's port exchanged for the doctor's and fake keys to sign with. */
function asItIs(
  env: CheckClientsOptions["env"],
  port: number,
  keys: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken: string },
): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined) all[name] = value;
  for (const name of [...proxyVariables, "http_proxy", "HTTP_PROXY"]) {
    const url = proxyUrl((all[name] ?? "").trim());
    if (url === undefined || !/^(localhost|127\.|\[::1\])/.test(url.hostname)) continue;
    url.port = String(port);
    all[name] = url.href.replace(/\/$/, "");
  }
  if (all.JAVA_TOOL_OPTIONS !== undefined) {
    all.JAVA_TOOL_OPTIONS = all.JAVA_TOOL_OPTIONS.replace(/(-Dhttps?\.proxyPort=)\d+/g, `$1${port}`);
  }
  delete all.AWS_PROFILE;
  delete all.AWS_DEFAULT_PROFILE;
  return {
    ...all,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_SESSION_TOKEN: keys.sessionToken,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_STS_REGIONAL_ENDPOINTS: "regional",
  };
}

/** Runs a command to its end, which a signal makes come soon; 127 where there is none. */
function exitOf(
  [file = "", ...args]: readonly string[],
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<{ readonly code: number | string; readonly output: string }> {
  return new Promise((done) => {
    const child = spawn(file, args, { env, signal, killSignal: "SIGKILL", stdio: ["ignore", "pipe", "pipe"] });
    const late = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    const finish = (code: number | string): void => {
      clearTimeout(late);
      done({ code, output });
    };
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output = (output + chunk.toString("utf8")).slice(-8000);
      });
    }
    child.once("error", () => finish(127));
    child.once("close", (code, signal) => finish(code ?? signal ?? 1));
  });
}

function lastLine(output: string): string {
  const lines = output.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("Picked up JAVA_TOOL"));
  return (lines.at(-1) ?? "it said nothing").trim().slice(0, 200);
}
