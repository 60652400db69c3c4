import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join, resolve } from "node:path";
import { ask, fetchCredentials, VendingError } from "@iap/cred-vendor";
import { readProfileRegion } from "../aws-config/read-profile.ts";
import type { CliProcess } from "../cli.ts";
import { type AgentFilePaths, agentEnvironment, agentProfile } from "../run/agent-environment.ts";
import { writeAgentFiles } from "../run/agent-files.ts";
import { assignments } from "../run/assignments.ts";
import { type EnvironmentFormat, environmentFormats, environmentText, shellWord } from "../run/environment-text.ts";
import { UsageError } from "../usage-error.ts";

export interface EnvArguments {
  readonly dir: string;
  /** By the shell of $SHELL, else bash. */
  readonly format?: EnvironmentFormat | undefined;
  /** Where the running proxy listens; asked of it by default. */
  readonly port?: number | undefined;
  /** The host by which the agent reaches the proxy. */
  readonly "proxy-host"?: string | undefined;
  readonly sock?: string | undefined;
  /** Where a container has the files of `DIR/agent`. */
  readonly mount?: string | undefined;
  readonly keep?: readonly string[] | undefined;
  readonly env?: readonly string[] | undefined;
  readonly "aws-ca-bundle"?: boolean | undefined;
  readonly "static-keys"?: boolean | undefined;
}

/** What Docker Desktop calls its host, and others where --add-host says so. */
const dockerHost = "host.docker.internal";

/** Writes the environment of an agent of the running proxy to stdout: for a shell to evaluate, or as a file. */
export async function printEnvironment(args: EnvArguments, { env, stdout, stderr }: CliProcess): Promise<number> {
  if (args.port !== undefined && !(Number.isInteger(args.port) && args.port > 0 && args.port <= 65_535)) {
    throw new UsageError(`--port must be 1 to 65535, not ${args.port}`);
  }
  const dir = resolve(args.dir);
  const format = args.format ?? shellOf(env.SHELL);
  const docker = format === "docker";
  const socketPath = resolve(args.sock ?? (env.PROXY_SOCK_PATH || join(dir, "creds.sock")));
  const root = await readFile(join(dir, "ca.pem"), "utf8").catch((cause: Error) => {
    throw new UsageError(`there is no certificate authority in ${dir} yet: start the proxy first (iam-agent-proxy)`, {
      exitCode: 1,
      cause,
    });
  });
  const port = args.port ?? (await runningPort(socketPath));
  const awsCaBundle = args["aws-ca-bundle"] ?? true;
  const configFile = env.AWS_CONFIG_FILE || join(env.HOME || homedir(), ".aws", "config");
  const region = await readProfileRegion(configFile, agentProfile);
  const written = await writeAgentFiles({
    dir: join(dir, "agent"),
    socketPath,
    rootCertificate: root,
    inherited: env,
    region,
    caBundleInProfile: awsCaBundle,
  });
  const mount = args.mount ?? "/run/iam-agent-proxy";
  const host = args["proxy-host"] ?? (docker ? dockerHost : "127.0.0.1");
  const { set, unset, warnings } = agentEnvironment({
    // A container has an environment of its own.
    inherited: docker ? {} : env,
    proxyUrl: `http://${host}:${port}`,
    jvmProxy: { host, port },
    files: docker ? mounted(written, mount) : written,
    region,
    keep: args.keep,
    set: assignments(args.env ?? []),
    awsCaBundle,
    staticKeys: docker || args["static-keys"] ? await staticKeys(socketPath) : undefined,
  });
  for (const warning of warnings) stderr.write(`iam-agent-proxy: ${warning}\n`);
  if (docker) {
    // Neither a socket nor the helper is in a container.
    const { AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE, PROXY_SOCK_PATH, ...rest } = set;
    stdout.write(
      `# docker run --env-file THIS_FILE -v ${shellWord(`${join(dir, "agent")}:${mount}:ro`)}${host === dockerHost ? ` --add-host ${host}:host-gateway` : ""} IMAGE\n` +
        "# The proxy must listen where containers reach it: iam-agent-proxy --host 127.0.0.1 --host 172.17.0.1\n" +
        "# The key pair below ends with --keypair-ttl (an hour by default), and is worth nothing elsewhere.\n",
    );
    stdout.write(environmentText({ set: rest, unset }, format));
  } else stdout.write(environmentText({ set, unset }, format));
  return 0;
}

function shellOf(shell: string | undefined): EnvironmentFormat {
  const name = basename(shell ?? "").replace(/^pwsh$/, "powershell");
  return environmentFormats.find((format) => format === name) ?? "bash";
}

/** Where the proxy of a socket listens. Throws `UsageError` when it does not run. */
async function runningPort(socketPath: string): Promise<number> {
  try {
    const { port } = (await ask("status", {}, { socketPath })) as { readonly port: number };
    return port;
  } catch (error) {
    if (!(error instanceof VendingError)) throw error;
    throw new UsageError(`${error.message}, or say where it will listen with --port.`, { exitCode: 1, cause: error });
  }
}

async function staticKeys(
  socketPath: string,
): Promise<{ readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken: string }> {
  try {
    const { AccessKeyId, SecretAccessKey, SessionToken } = await fetchCredentials({ socketPath });
    return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  } catch (error) {
    if (!(error instanceof VendingError)) throw error;
    throw new UsageError(error.message, { exitCode: 1, cause: error });
  }
}

/** The files by their names in a container. */
function mounted(files: AgentFilePaths, mount: string): AgentFilePaths {
  return Object.fromEntries(
    Object.entries(files).map(([name, path]) => [name, `${mount}/${basename(path)}`]),
  ) as unknown as AgentFilePaths;
}
