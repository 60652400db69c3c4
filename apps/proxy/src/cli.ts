import { readFileSync } from "node:fs";
import yargs, { type Argv } from "yargs";
import { showCertificateAuthority } from "./commands/ca.ts";
import { demo } from "./commands/demo.ts";
import { writePolicy } from "./commands/policy.ts";
import { start } from "./commands/start.ts";
import { defaultDir, type OptionName, type OptionSpec, startOptions } from "./options.ts";
import { UsageError } from "./usage-error.ts";

/** What a command has of the process it runs in. */
export interface CliProcess {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WritableStream & {
    readonly isTTY?: boolean | undefined;
    readonly columns?: number | undefined;
  };
  readonly stderr: NodeJS.WritableStream;
  once(signal: "SIGINT" | "SIGTERM" | "SIGHUP", listener: () => void): unknown;
}

/** Runs a command line and resolves with the exit code: 0 done, 1 could not be done, 2 wrong usage. */
export async function runCli(args: readonly string[], process: CliProcess): Promise<number> {
  let code = 0;
  const { env, stdout, stderr } = process;
  const command = (run: () => Promise<number> | number) => async (): Promise<void> => {
    code = await run();
  };
  const cli = yargs()
    .scriptName("iam-agent-proxy")
    .usage(
      "$0 [start]   give an agent AWS without keys: run the proxy\n" +
        "$0 policy    write the least-privilege policy of what was recorded\n" +
        "$0 ca        show the certificate authority and how to trust it\n" +
        "$0 demo      see all of it work, without an AWS account",
    )
    .command(
      ["start", "$0"],
      "Run the proxy until Ctrl-C",
      (y) => startCommandOptions(y),
      (argv) => command(() => start(argv as Partial<Record<OptionName, unknown>>, process, version()))(),
    )
    .command(
      "policy",
      "Write an IAM policy for the recorded requests to stdout",
      (y) =>
        dirOption(y, env)
          .option("level", {
            choices: ["resources", "actions"] as const,
            default: "resources" as const,
            describe: 'resources: exact ARNs; actions: the compact form with "Resource": "*"',
          })
          .option("activity", {
            type: "string",
            requiresArg: true,
            describe: "Activity log to read [default: DIR/activity.jsonl]",
          })
          .option("from-log", {
            type: "string",
            describe: "Read a plain actions.log instead, FILE or DIR/actions.log; gives the compact form",
          })
          .option("include-unanswered", {
            type: "boolean",
            describe: "Also requests that AWS denied, or whose outcome is not known",
          })
          .conflicts("from-log", ["activity", "include-unanswered"])
          .example("$0 policy > agent-policy.json", "everything recorded so far")
          .example("$0 policy --level actions", "the compact form, without resources"),
      (argv) => command(() => writePolicy(argv, process))(),
    )
    .command(
      "ca",
      "Show the certificate authority: path, fingerprint, expiry, how to trust it",
      (y) => dirOption(y, env),
      (argv) => command(() => showCertificateAuthority(argv, process))(),
    )
    .command(
      "demo",
      "Show record, policy and enforce at work against a fake AWS on this machine",
      (y) =>
        y
          .option("keep", { type: "boolean", describe: "Leave the temporary directory: logs, policy, certificates" })
          .example("$0 demo", "a few seconds; needs no AWS account and no network, and touches nothing of yours"),
      (argv) => command(() => demo(argv, process, version()))(),
    )
    .example("$0", "record what an agent does, on port 8080")
    .example("$0 policy > agent-policy.json", "the policy that would have allowed exactly that")
    .example("$0 --mode enforce --policy agent-policy.json", "hold the agent to it")
    .epilogue(
      "A flag wins over its environment variable, which wins over the config file.\n" +
        "Exit status: 0 stopped or done, 1 could not be done, 2 wrong usage.",
    )
    .version(version())
    .help()
    .alias("help", "h")
    .strict()
    .wrap(Math.min(110, stdout.columns || 110))
    .parserConfiguration({ "camel-case-expansion": false, "duplicate-arguments-array": true, "greedy-arrays": false })
    .exitProcess(false)
    .fail((message, error) => {
      // What yargs itself finds wrong with a command line is its YError; others are those of a command.
      throw error === undefined || error?.name === "YError" ? new UsageError(message ?? error.message) : error;
    });
  try {
    await cli.parseAsync(args, {}, (_error, _argv, output) => {
      if (output) stdout.write(`${output}\n`);
    });
    return code;
  } catch (error) {
    if (!(error instanceof UsageError)) {
      stderr.write(`iam-agent-proxy: ${(error as Error).stack ?? error}\n`);
      return 1;
    }
    stderr.write(`iam-agent-proxy: ${error.message}\n`);
    if (error.exitCode === 2) stderr.write("Try `iam-agent-proxy --help`.\n");
    return error.exitCode;
  }
}

function dirOption<T>(y: Argv<T>, env: CliProcess["env"]): Argv<T & { dir: string }> {
  return y.option("dir", {
    type: "string",
    requiresArg: true,
    default: env.PROXY_DIR || defaultDir(env),
    describe: startOptions.dir.describe,
  });
}

function startCommandOptions(y: Argv): Argv {
  for (const [name, spec] of Object.entries(startOptions) as [OptionName, OptionSpec][]) {
    const { type, describe, choices, env, placeholder, defaultText } = spec;
    const shown = `${placeholder === undefined ? "" : `${placeholder}: `}${describe}${defaultText === undefined ? "" : ` [default: ${defaultText}]`} [env: ${env}]`;
    y.option(name, {
      type: type === "list" ? "array" : type,
      string: type === "list" || type === "string",
      requiresArg: type !== "boolean",
      describe: shown,
      ...(choices === undefined ? {} : { choices }),
    });
  }
  return y;
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return version;
}
