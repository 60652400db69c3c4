import { mkdir } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { constants, homedir } from "node:os";
import { join, resolve } from "node:path";
import { fetchCredentials } from "@iap/cred-vendor";
import type { CliProcess } from "../cli.ts";
import { type OptionName, readSettings, type Settings, startOptions } from "../options.ts";
import { startProxy } from "../proxy.ts";
import { agentEnvironment, applied, type StaticKeys } from "../run/agent-environment.ts";
import { writeAgentFiles } from "../run/agent-files.ts";
import { assignments } from "../run/assignments.ts";
import { closeInheritedDescriptors } from "../run/inherited-descriptors.ts";
import { type Isolation, isolate } from "../run/isolation.ts";
import { openJvmDoor } from "../run/jvm-door.ts";
import { ProxyPassword } from "../run/proxy-password.ts";
import { CannotStartError, runChild } from "../run/run-child.ts";
import { openRunDirectory } from "../run/run-directory.ts";
import { type RunSummary, summaryJson, summaryText } from "../run/run-summary.ts";
import { RunTerminal } from "../run/run-terminal.ts";
import { UsageError } from "../usage-error.ts";

/** The options of `run` besides those of `start`. */
export interface RunArguments extends Partial<Record<OptionName, unknown>> {
  readonly isolate?: boolean | undefined;
  readonly "isolate-with"?: "bubblewrap" | "unshare" | undefined;
  readonly writable?: readonly string[] | undefined;
  readonly keep?: readonly string[] | undefined;
  readonly env?: readonly string[] | undefined;
  /** False by --no-aws-ca-bundle. */
  readonly "aws-ca-bundle"?: boolean | undefined;
  readonly "static-keys"?: boolean | undefined;
  readonly verbose?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/**
 * Runs a command behind a proxy of its own and resolves with the command's exit code: 128 and the signal's number where
 * one ended it, 126 and 127 where it could not be started. Everything made for it is gone afterwards but the recording.
 */
export async function run(
  args: RunArguments,
  command: readonly string[],
  io: CliProcess,
  version: string,
): Promise<number> {
  if (command.length === 0) throw new UsageError("run needs a command: iam-agent-proxy run -- aws s3 ls");
  const { isolate: isolated = false } = args;
  if (!isolated && (args["isolate-with"] !== undefined || args.writable !== undefined)) {
    throw new UsageError("--isolate-with and --writable say how a command is isolated: add --isolate");
  }
  const set = assignments(args.env ?? []);
  const settings = readSettings(startFlags(args), io.env, isolated ? { tunnel: "deny" } : {});
  for (const stream of [io.stdout, io.stderr]) stream.on("error", () => {});
  const sharesScreen = io.stderr.isTTY === true;
  const terminal = new RunTerminal({
    stderr: io.stderr,
    format: args.json ? "json" : "text",
    color: settings.color ?? (sharesScreen && !io.env.NO_COLOR),
    verbose: args.verbose ?? false,
    sharesScreen,
  });

  // Until the command runs, a signal ends what is being prepared.
  let stoppedBy: NodeJS.Signals | undefined;
  const stops = (["SIGINT", "SIGTERM", "SIGHUP"] as const).map((signal) => {
    const listener = (): void => {
      stoppedBy ??= signal;
    };
    io.on(signal, listener);
    return () => io.off(signal, listener);
  });
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const prepared = await prepare({ args, settings, set, io, terminal, version, undo });
    if (stoppedBy !== undefined) return 128 + constants.signals[stoppedBy];
    return await runPrepared(prepared, command, { args, io, terminal });
  } catch (error) {
    if (!(error instanceof CannotStartError)) throw error;
    io.stderr.write(`iam-agent-proxy: ${error.message}\n`);
    return error.shellCode;
  } finally {
    for (const step of undo.reverse()) await step().catch(() => {});
    for (const stop of stops) stop();
  }
}

interface PrepareOptions {
  readonly args: RunArguments;
  readonly settings: Settings;
  readonly set: Readonly<Record<string, string>>;
  readonly io: CliProcess;
  readonly terminal: RunTerminal;
  readonly version: string;
  /** Takes what has to be undone in the end, last first. */
  readonly undo: (() => Promise<unknown>)[];
}

interface Prepared {
  readonly env: Readonly<Record<string, string>>;
  readonly isolation: Isolation | undefined;
  readonly proxy: { readonly port: number; readonly socketPath: string; readonly run: string; readonly mode: string };
}

/** Starts the proxy and makes the command's environment and files, isolated if that is asked for. */
async function prepare({ args, settings, set, io, terminal, version, undo }: PrepareOptions): Promise<Prepared> {
  const { env } = io;
  const dir = resolve(settings.dir);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const runDir = await openRunDirectory(dir);
  undo.push(() => runDir.remove());
  const isolation = args.isolate
    ? await isolate({
        env,
        home: env.HOME || homedir(),
        proxyDir: dir,
        runDir: runDir.path,
        workingDirectory: process.cwd(),
        writable: args.writable ?? [],
        tool: args["isolate-with"],
      })
    : undefined;

  const password = new ProxyPassword();
  const sock = join(runDir.path, "creds.sock");
  const proxy = await startProxy({
    settings: { ...settings, dir, hosts: ["127.0.0.1"], port: 0, sock },
    env,
    terminal,
    version,
    forOneRun: { agent: isolation === undefined ? "advisory" : "isolated", authorizeConnect: password.accepts },
  });
  undo.push(() => proxy.close({ hurry: Promise.resolve() }));
  const { port, region, rootCertificate, run } = proxy;
  const accept = (socket: Socket): void => proxy.accept(socket);
  const socketPath = join(runDir.path, "proxy.sock");
  let jvmPort = port;
  if (isolation !== undefined) {
    const door = await openSocket(socketPath, accept);
    undo.push(async () => door.close());
  } else if (process.platform === "linux") {
    const door = await openJvmDoor({ isOurs: (environment) => password.isIn(environment), accept });
    undo.push(() => door.close());
    jvmPort = door.port;
  }

  const awsCaBundle = args["aws-ca-bundle"] ?? true;
  const files = await writeAgentFiles({
    dir: runDir.path,
    socketPath: sock,
    rootCertificate,
    inherited: env,
    region,
    caBundleInProfile: awsCaBundle,
    proxyCreds: isolation?.proxyCreds,
  });
  const changes = agentEnvironment({
    inherited: env,
    proxyUrl: password.url("127.0.0.1", port),
    jvmProxy: { host: "127.0.0.1", port: jvmPort },
    files,
    region,
    keep: args.keep,
    set: { ...(isolation === undefined ? {} : isolatedVariables), ...set },
    awsCaBundle,
    staticKeys: args["static-keys"] ? await staticKeys(sock) : undefined,
  });
  for (const warning of changes.warnings) terminal.warn(warning);
  if (!args.quiet) {
    const where =
      isolation === undefined
        ? "advisory: it could reach AWS, and your files, past the proxy if it tried"
        : `isolated (${isolation.tool}): the proxy is its only way out`;
    terminal.note(`${settings.mode} mode, signing as ${terminal.facts.signsAs}; the command is ${where}`);
    if (isolation?.writesHere === false) {
      terminal.note(
        "the home directory is shown read-only: start the command in a directory of its own, or name what it may write to with --writable PATH",
      );
    }
  }
  return { env: applied(changes, env), isolation, proxy: { port, socketPath, run, mode: settings.mode } };
}

/** Runs the command and tells what became of it. */
async function runPrepared(
  { env, isolation, proxy }: Prepared,
  command: readonly string[],
  { args, io, terminal }: Pick<PrepareOptions, "args" | "io" | "terminal">,
): Promise<number> {
  terminal.hold();
  if (isolation !== undefined) closeInheritedDescriptors();
  const startedAt = performance.now();
  const exitCode = await runChild({
    command: isolation === undefined ? command : isolation.wrap(command, proxy),
    env,
    signals: io,
    byControl: isolation !== undefined,
  }).finally(() => terminal.release());
  const summary: RunSummary = {
    run: proxy.run,
    command,
    exitCode,
    durationMs: Math.round(performance.now() - startedAt),
    mode: proxy.mode,
    agent: isolation === undefined ? "advisory" : "isolated",
    ...terminal.totals,
    calls: terminal.counts,
  };
  if (args.json) io.stderr.write(summaryJson(summary));
  else if (!args.quiet) io.stderr.write(summaryText(summary, { color: terminal.color }));
  return exitCode;
}

/** Caches go where an isolated command may write. */
const isolatedVariables: Readonly<Record<string, string>> = {
  TMPDIR: "/tmp",
  XDG_CACHE_HOME: "/tmp/.cache",
  npm_config_cache: "/tmp/.npm",
};

async function staticKeys(socketPath: string): Promise<StaticKeys> {
  const { AccessKeyId, SecretAccessKey, SessionToken } = await fetchCredentials({ socketPath });
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

/** The options that are `start`'s too; where it listens is this command's own affair. */
function startFlags(args: RunArguments): Partial<Record<OptionName, unknown>> {
  const flags = Object.fromEntries(
    Object.keys(startOptions).map((name) => [name, args[name as OptionName]]),
  ) as Partial<Record<OptionName, unknown>>;
  return { ...flags, host: ["127.0.0.1"], port: 0 };
}

async function openSocket(path: string, accept: (socket: Socket) => void): Promise<Server> {
  const server = createServer(accept);
  await new Promise<void>((done, fail) => {
    server.once("error", fail);
    server.listen({ path }, done);
  });
  return server;
}
