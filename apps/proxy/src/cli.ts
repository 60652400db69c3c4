import { readFileSync } from "node:fs";
import { Writable } from "node:stream";
import yargs, { type Argv } from "yargs";
import { checkFlags, dashed, type KnownFlags } from "./check-flags.ts";
import type { CheckArguments } from "./commands/check.ts";
import { type CompletionArguments, completionShells } from "./commands/completion.ts";
import type { DoctorArguments } from "./commands/doctor.ts";
import type { EnvArguments } from "./commands/env.ts";
import type { RunArguments } from "./commands/run.ts";
import type { TokenCommandArguments } from "./commands/token.ts";
import { dirOption } from "./dir-option.ts";
import { nearestWord } from "./nearest-word.ts";
import { type OptionName, type OptionSpec, startOptions } from "./options.ts";
import { environmentFormats } from "./run/environment-text.ts";
import { tokenKinds } from "./tokens/token-subject.ts";
import { UsageError } from "./usage-error.ts";

/** What a command has of the process it runs in. */
export interface CliProcess {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WritableStream & {
    readonly isTTY?: boolean | undefined;
    readonly columns?: number | undefined;
  };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean | undefined };
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
  once(signal: "SIGINT" | "SIGTERM" | "SIGHUP", listener: () => void): unknown;
}

/**
 * Runs a command line and resolves with the exit code: 0 done, 1 could not be done, 2 wrong usage. What a command is
 * made of is loaded when it runs: others do not wait for it.
 */
export async function runCli(line: readonly string[], process: CliProcess): Promise<number> {
  let code = 0;
  // What follows -- is a command of the user's: none of it is for us.
  const dashes = line[0] === "run" ? line.indexOf("--") : -1;
  const [args, commandLine] = dashes < 0 ? [completed(line), []] : [line.slice(0, dashes), line.slice(dashes + 1)];
  const asksTop = args[0]?.startsWith("-") && args.some((arg) => arg === "--help" || arg === "-h");
  const { env, stdout, stderr } = process;
  const command = (run: () => Promise<number> | number) => async (): Promise<void> => {
    code = await run();
  };
  const cli = yargs()
    .scriptName("iam-agent-proxy")
    .usage(
      "$0 [COMMAND] [OPTIONS]\n\n" +
        "Gives an AI agent AWS without giving it keys. Without a command it runs the proxy, as start does.",
    )
    .command(
      ["start", "$0"],
      "Run the proxy until Ctrl-C",
      // The help of all commands is not the place for the options of one.
      (y) =>
        asksTop
          ? y
          : startCommandOptions(y)
              .example("$0 start --profile dev --port 8081", "record, signing with the credentials of a profile")
              .example(
                "$0 start --mode shadow --policy agent-policy.json",
                "say what a policy would deny, and let it pass",
              )
              .example("$0 start --config proxy.json", "the options from a file")
              .epilogue(`A flag wins over its environment variable, which wins over the config file.\n${exitStatus}`),
      (argv) =>
        command(async () =>
          (await import("./commands/start.ts")).start(argv as Partial<Record<OptionName, unknown>>, process, version()),
        )(),
    )
    .command(
      "run [command..]",
      "Run a command behind a proxy of its own, and tell what it did: run [options] -- COMMAND",
      (y) => runCommandOptions(y),
      (argv) =>
        command(async () => {
          const { run } = await import("./commands/run.ts");
          const { command: before = [], ...given } = argv as RunArguments & { readonly command?: readonly string[] };
          return run(given, [...before, ...commandLine], process, version());
        })(),
    )
    .command(
      "env",
      'Print the environment of an agent of the running proxy: eval "$(iam-agent-proxy env)"',
      (y) =>
        agentOptions(dirOption(y, env))
          .option("format", {
            choices: environmentFormats,
            describe: "For which shell, or as which kind of file [default: by $SHELL, else bash]",
          })
          .option("port", {
            type: "number",
            requiresArg: true,
            describe: "Where the proxy listens [default: asked of it]",
          })
          .option("proxy-host", {
            type: "string",
            requiresArg: true,
            describe: "Host by which the agent reaches it [default: 127.0.0.1; host.docker.internal for docker]",
          })
          .option("sock", {
            type: "string",
            requiresArg: true,
            describe: "The proxy's socket [default: DIR/creds.sock]",
          })
          .option("mount", {
            type: "string",
            requiresArg: true,
            describe: "Where a container has DIR/agent [default: /run/iam-agent-proxy]",
          })
          .example('eval "$($0 env)"', "put this shell behind the proxy")
          .example("$0 env --format fish | source", "the same in fish")
          .example("$0 env --format docker > agent.env", "for docker run --env-file; the file says how")
          .epilogue(exitStatus),
      (argv) =>
        command(async () =>
          (await import("./commands/env.ts")).printEnvironment(argv as unknown as EnvArguments, process),
        )(),
    )
    .command(
      "doctor",
      "Prove that each AWS client found here is intercepted, and look for what else is wrong",
      (y) =>
        startCommandOptions(
          y
            .option("client", {
              type: "string",
              requiresArg: true,
              describe: "Try only clients with this in their names",
            })
            .option("as-is", {
              type: "boolean",
              describe: "Give clients this terminal's environment as it is, not the one that run would make of it",
            })
            .option("clients", { type: "boolean", describe: "Try clients; --no-clients leaves that out" })
            .option("offline", { type: "boolean", describe: "Do not ask AWS whose the credentials are" })
            .option("json", { type: "boolean", describe: "The checks as JSON" })
            .group(["client", "as-is", "clients", "offline", "json"], "Options of doctor:"),
          ["profile", "port", "region", "sock", "upstream-map", "upstream-ca", "dir", "config", "color"],
        )
          .example("$0 doctor", "all there is to look at")
          .example("$0 doctor --client boto3 --as-is", "is boto3 in this terminal intercepted?")
          .epilogue("Exit status: 0 no problem, 1 problems, 2 wrong usage."),
      (argv) =>
        command(async () =>
          (await import("./commands/doctor.ts")).doctor(argv as DoctorArguments, process, version()),
        )(),
    )
    .command(
      "policy",
      "Write an IAM policy for the recorded requests to stdout",
      async (y) => (await import("./commands/policy.ts")).policyOptions(y, env),
      (argv) => command(async () => (await import("./commands/policy.ts")).writePolicy(argv, process))(),
    )
    .command(
      "check",
      "Ask policies whether they allow an action on a resource, and why",
      (y) =>
        y
          .option("policy", { ...files, demandOption: true, describe: "IAM policy JSON; repeatable: any may allow" })
          .option("boundary", { ...files, describe: "Permissions boundary; repeatable: each must allow" })
          .option("session-policy", { ...files, describe: "Session policy; repeatable: together they must allow" })
          .option("policy-for", { ...files, describe: "ROLE-PATTERN=FILE: policy for sessions of roles; repeatable" })
          .option("role", {
            type: "string",
            requiresArg: true,
            describe: "Ask for a session of this role, by its ARN, as an agent gets it by AssumeRole",
          })
          .option("deny-action", { ...files, describe: "Action denied whatever a policy says; repeatable" })
          .option("action", { type: "string", requiresArg: true, demandOption: true, describe: "Like s3:GetObject" })
          .option("resource", {
            type: "string",
            requiresArg: true,
            describe: 'An ARN; without one, or as "*", an action that takes no resource',
          })
          .option("context", {
            ...files,
            describe:
              "KEY=VALUE of a condition key; repeatable, and a key given twice has two values; others are absent",
          })
          .option("json", { type: "boolean", describe: "The decision and how every statement came out, as JSON" })
          // As examples they would be broken where the help is narrow, and could not be copied.
          .epilogue(
            "Examples:\n" +
              "  $0 check --policy p.json --action s3:GetObject --resource arn:aws:s3:::b/k\n" +
              "  $0 check --policy p.json --action s3:ListBucket --resource arn:aws:s3:::b \\\n        --context s3:prefix=a/\n" +
              "  $0 check --policy p.json --boundary b.json --action sqs:ListQueues --json\n\n" +
              "Exit status: 0 allowed, 1 denied, 2 wrong usage or a policy that is not valid.",
          ),
      // `as`: yargs has made sure of what the options say.
      (argv) =>
        command(async () =>
          (await import("./commands/check.ts")).check(argv as unknown as CheckArguments, process, new Date()),
        )(),
    )
    .command(
      "reload",
      "Have the running proxy read its policy files again, without dropping a connection",
      (y) =>
        dirOption(y, env)
          .example("$0 reload", "after a policy was edited; says which statements were added and removed")
          .epilogue(
            "Exit status: 0 reloaded, 1 not: the new policies are not valid and the old ones stay, or no proxy runs.",
          ),
      (argv) => command(async () => (await import("./commands/reload.ts")).reload(argv, process))(),
    )
    .command(
      "log",
      "Show the recorded requests, or follow them",
      async (y) => (await import("./commands/log.ts")).logOptions(y, env),
      (argv) => command(async () => (await import("./commands/log.ts")).showLog(argv, process))(),
    )
    .command(
      "replay",
      "Say which recorded requests a policy would deny, and by what",
      async (y) => (await import("./commands/replay.ts")).replayOptions(y, env),
      (argv) => command(async () => (await import("./commands/replay.ts")).replay(argv, process))(),
    )
    .command(
      "diff",
      "Compare a policy with the recorded requests: unused, missing, equal",
      async (y) => (await import("./commands/diff.ts")).diffOptions(y, env),
      (argv) => command(async () => (await import("./commands/diff.ts")).diff(argv, process))(),
    )
    .command(
      "merge",
      "Widen a policy by the recorded requests, and keep what is in it",
      async (y) => (await import("./commands/merge.ts")).mergeOptions(y, env),
      (argv) => command(async () => (await import("./commands/merge.ts")).merge(argv, process))(),
    )
    .command(
      "token <kind> [operation]",
      "Print a token for an EKS cluster, a database or a CodeCommit repository, made of the real credentials",
      (y) =>
        y
          .positional("kind", { choices: tokenKinds, demandOption: true, describe: "What the token is for" })
          .positional("operation", { type: "string", describe: "codecommit: what git asks for: get, store, erase" })
          .option("cluster-name", { ...word, describe: "eks: the cluster" })
          .option("region", {
            ...word,
            describe: "eks: whose STS is asked [default: $AWS_REGION, $AWS_DEFAULT_REGION, the proxy's]",
          })
          .option("hostname", { ...word, describe: "rds, dsql: the endpoint of the database" })
          .option("port", { ...word, describe: "rds: its port" })
          .option("username", { ...word, describe: "rds: the database user" })
          .option("admin", { type: "boolean", describe: "dsql: for the role admin" })
          .option("signed", {
            type: "boolean",
            describe: "Exchange the token on standard input, which was made with the agent's keys",
          })
          .option("sock", { ...word, describe: "The proxy's socket [default: $PROXY_SOCK_PATH, or DIR/creds.sock]" })
          .example("$0 token eks --cluster-name prod", "an ExecCredential, for the exec plugin of a kubeconfig")
          .example("aws rds generate-db-auth-token ... | $0 token rds --signed", "the same of the real credentials")
          .example("git config credential.helper '!$0 token codecommit'", "and credential.UseHttpPath true")
          .epilogue(
            "The proxy must have been started with --allow-token: what is printed works without it, for up to 15 minutes.\n" +
              "Exit status: 0 printed, 1 refused, or no proxy runs, 2 wrong usage.",
          ),
      // `as`: yargs has made sure of what the options say.
      (argv) =>
        command(async () =>
          (await import("./commands/token.ts")).printToken(argv as unknown as TokenCommandArguments, process),
        )(),
    )
    .command(
      "ca",
      "Show the certificate authority: path, fingerprint, expiry, how to trust it",
      (y) =>
        dirOption(y, env)
          .example("$0 ca", "and what to give to clients that have settings of their own")
          .epilogue("Exit status: 0 shown, 1 there is none, 2 wrong usage."),
      (argv) => command(async () => (await import("./commands/ca.ts")).showCertificateAuthority(argv, process))(),
    )
    .command(
      "resolve [file]",
      "Tell which IAM actions and resources a request needs; nothing is sent",
      (y) =>
        y
          .positional("file", {
            type: "string",
            describe: "A raw HTTP request or a curl command [default: standard input]",
          })
          .option("account-id", {
            type: "string",
            requiresArg: true,
            describe: "Account of the caller, for ARNs that name it",
          })
          .example("$0 resolve request.http", "JSON: operation, checks, condition keys")
          .example("echo 'curl https://b.s3.amazonaws.com/k' | $0 resolve", "a curl command")
          .epilogue("Exit status: 0 printed, 2 wrong usage, or a request that AWS would refuse."),
      (argv) => command(async () => (await import("./commands/resolve.ts")).resolveRequest(argv, process))(),
    )
    .command(
      "demo",
      "Show record, policy and enforce at work against a fake AWS on this machine",
      (y) =>
        y
          .option("keep", { type: "boolean", describe: "Leave the temporary directory: logs, policy, certificates" })
          .example("$0 demo", "a few seconds; needs no AWS account and no network, and touches nothing of yours")
          .epilogue("Exit status: 0 all went as it should, 1 something did not, or it was stopped, 2 wrong usage."),
      (argv) => command(async () => (await import("./commands/demo.ts")).demo(argv, process, version()))(),
    )
    .command(
      "completion [shell]",
      "Print a script that makes a shell complete commands and options",
      (y) =>
        y
          .positional("shell", { choices: completionShells, describe: "[default: by $SHELL, else bash]" })
          .example('eval "$($0 completion bash)"', "in ~/.bashrc; the same with zsh, in ~/.zshrc after compinit")
          .example("$0 completion fish | source", "in ~/.config/fish/config.fish")
          .epilogue(exitStatus),
      (argv) =>
        command(async () =>
          (await import("./commands/completion.ts")).printCompletion(argv as CompletionArguments, process),
        )(),
    )
    // What the scripts ask; its own command for a script is not ours.
    .completion("completion-script", false)
    .example("$0", "record what an agent does, on port 8080")
    .example("$0 run -- aws s3 ls", "put one command behind a proxy of its own")
    .example("$0 policy > agent-policy.json", "the policy that would have allowed exactly that")
    .example("$0 --mode enforce --policy agent-policy.json", "hold the agent to it")
    .example("$0 reload", "after the policy was edited")
    .epilogue(`The options of start, which may stand without a command: $0 start --help\n${exitStatus}`)
    // `as`: the types are of an older yargs, which told the aliases here.
    .check((argv, known) => {
      checkFlags(argv, known as unknown as KnownFlags, args);
      return true;
    }, true)
    .version(version())
    .help()
    .alias("help", "h")
    .strict()
    .wrap(Math.min(110, stdout.columns || 110))
    .parserConfiguration({ "camel-case-expansion": false, "duplicate-arguments-array": true, "greedy-arrays": false })
    .exitProcess(false)
    .fail((message, error) => {
      // What yargs itself finds wrong with a command line is its YError; others are those of a command.
      throw error ?? new UsageError(message);
    });
  try {
    await cli.parseAsync(args, {}, (_error, _argv, output) => {
      if (output) stdout.write(`${output}\n`);
    });
    return code;
  } catch (error) {
    const usage = asUsageError(error as Error);
    if (usage === undefined) {
      stderr.write(`iam-agent-proxy: ${(error as Error).stack ?? error}\n`);
      return 1;
    }
    stderr.write(`iam-agent-proxy: ${worded(usage.message, args)}\n`);
    if (usage.exitCode === 2) stderr.write(`${await advice(usage.message, args, process)}\n`);
    if (args[0] === "run" && dashes < 0 && usage.message.startsWith("Unknown argument")) {
      stderr.write("What is for the command stands behind two dashes: iam-agent-proxy run -- COMMAND --OPTION\n");
    }
    return usage.exitCode;
  }
}

const exitStatus = "Exit status: 0 stopped or done, 1 could not be done, 2 wrong usage.";

/** What the user can mend: also what yargs finds wrong with the line (its YError), and what the system refuses. */
function asUsageError(error: Error & { readonly syscall?: string }): UsageError | undefined {
  if (error instanceof UsageError) return error;
  if (error.name === "YError") return new UsageError(error.message);
  return error.syscall === undefined ? undefined : new UsageError(error.message, { exitCode: 1, cause: error });
}

/** `help policy` in full, and what a shell asks (`--get-yargs-completions iam-agent-proxy --mode ''`): without a command the options are those of start. */
function completed(line: readonly string[]): readonly string[] {
  if (line[0] === "help") return [...line.slice(1), "--help"];
  const [ask, program = "", first = "", ...rest] = line;
  if (ask !== "--get-yargs-completions" || !first.startsWith("-")) return line;
  return [ask, program, "start", first, ...rest];
}

/** What yargs finds wrong, in the words of the other messages. */
function worded(message: string, args: readonly string[]): string {
  const flag = (name: string): string => `--${name.trim()}`;
  return message
    .replace(
      /^Invalid values:\n {2}Argument: (.+), Given: (.+), Choices: (.+)$/s,
      (_, name: string, given: string, choices: string) =>
        `${args.some((arg) => arg.startsWith(`--${name}`)) ? "--" : ""}${name} must be one of ${choices.replaceAll('"', "")}, not ${given}`,
    )
    .replace(/^Not enough arguments following: (.+)$/, (_, name: string) => `${dashed(name)} needs a value`)
    .replace(/^Not enough non-option arguments.*$/, `${args[0]} needs to be told what for: ${tokenKinds.join(", ")}`)
    .replace(
      /^Missing required arguments?: (.+)$/,
      (_, names: string) => `${names.split(",").map(flag).join(" and ")} must be given`,
    )
    .replace(/^Arguments (\S+) and (\S+) are mutually exclusive$/, "--$1 and --$2 are mutually exclusive")
    .replace(/^Unknown (?:argument|command)s?: (.+)$/, (_, names: string) => {
      const unknown = unknownWord(names, args);
      return args[0] === unknown
        ? `there is no command ${unknown}`
        : `unknown argument ${args.includes(unknown) ? unknown : dashed(unknown)}`;
    });
}

/** The one that most likely made the others unknown. */
function unknownWord(names: string, args: readonly string[]): string {
  const all = names.split(", ");
  return all.find((name) => name === args[0]) ?? (all[0] as string);
}

/** Where to read on after a wrong usage, and what was most likely meant by a word that is not known. */
async function advice(message: string, args: readonly string[], process: CliProcess): Promise<string> {
  const top = await helpOf([], process);
  const commands = [...new Set([...top.matchAll(/^ {2}iam-agent-proxy ([a-z]+)/gm)].map(([, name = ""]) => name))];
  // Without a command the options are those of start.
  const first = args[0]?.startsWith("-") ? "start" : args[0];
  const command = commands.filter((name) => name === first);
  const help = `Try \`${["iam-agent-proxy", ...command].join(" ")} --help\`.`;
  const names = /^Unknown (?:argument|command)s?: (.+)$/.exec(message)?.[1];
  if (names === undefined) return help;
  const unknown = unknownWord(names, args);
  const ownHelp = await helpOf(command, process);
  const options = [...ownHelp.matchAll(/^ .*?--([a-z][a-z0-9-]+)/gm)].map(([, name = ""]) => name);
  const meant = args.includes(unknown) ? nearestWord(unknown, commands) : nearestWord(unknown, options);
  if (meant === undefined) return help;
  return `Did you mean ${args.includes(unknown) ? meant : `--${meant}`}? ${help}`;
}

async function helpOf(command: readonly string[], process: CliProcess): Promise<string> {
  let text = "";
  const stdout = new Writable({
    write: (chunk, _encoding, done) => {
      text += String(chunk);
      done();
    },
  });
  await runCli([...command, "--help"], { ...process, stdout });
  return text;
}

/** An option of one word. */
const word = { type: "string", requiresArg: true } as const;

/** An option that may be given several times. */
const files = { type: "array", string: true, requiresArg: true } as const;

/** What `run` and `env` have in common. */
function agentOptions(y: Argv): Argv {
  return y
    .option("keep", {
      type: "array",
      string: true,
      requiresArg: true,
      describe: "VAR: leave this variable as it is, even one with credentials; repeatable",
    })
    .option("env", { type: "array", string: true, requiresArg: true, describe: "VAR=value: set this too; repeatable" })
    .option("aws-ca-bundle", {
      type: "boolean",
      describe: "Set AWS_CA_BUNDLE; --no-aws-ca-bundle for rclone up to 1.60 and version 4.1 of Terraform's provider",
    })
    .option("static-keys", {
      type: "boolean",
      describe: "Give the agent's key pair as variables, for tools that know no credential_process; it is not renewed",
    });
}

function runCommandOptions(y: Argv): Argv {
  agentOptions(y)
    .usage(
      "$0 run [options] -- COMMAND\n\n" +
        "Run a command behind a proxy of its own, with all that its clients need and nothing real, and tell what it did.\n" +
        "Its exit status is the command's.",
    )
    .positional("command", { type: "string", array: true, describe: "The command and its arguments, best after --" })
    .option("isolate", {
      type: "boolean",
      describe: "Leave the command no way out but the proxy, and no credentials to read (Linux); or do not run it",
    })
    .option("isolate-with", {
      choices: ["bubblewrap", "unshare"] as const,
      describe: "Isolate by this tool [default: the first that works]",
    })
    .option("writable", {
      type: "array",
      string: true,
      requiresArg: true,
      describe: "PATH: an isolated command may write there, besides its working directory; repeatable",
    })
    .option("verbose", { type: "boolean", describe: "Show each decision on stderr as it is made" })
    .option("quiet", { type: "boolean", describe: "Say nothing on stderr but warnings" })
    .option("json", { type: "boolean", describe: "Diagnostics and the summary as lines of JSON, on stderr" })
    .group(
      [
        ...["isolate", "isolate-with", "writable", "keep", "env", "aws-ca-bundle", "static-keys"],
        ...["verbose", "quiet", "json"],
      ],
      "Options of run:",
    );
  const elsewhere: readonly OptionName[] = ["host", "port", "endpoint-port", "workers", "sock", "log-format"];
  return startCommandOptions(
    y,
    optionNames.filter((name) => !elsewhere.includes(name)),
  )
    .example("$0 run -- aws s3 ls", "record what it does")
    .example("$0 run --mode enforce --policy agent-policy.json -- claude", "hold an agent to a policy")
    .example(
      "$0 run --isolate --tunnel-host api.anthropic.com --writable ~/.claude -- claude",
      "and leave it no way round",
    )
    .epilogue(
      "Exit status: the command's; 126 or 127 where it could not be started, 128 and the signal's number where one ended it; 1 where the proxy could not be started, 2 for wrong usage.",
    );
}

const optionNames = Object.keys(startOptions) as readonly OptionName[];

/** Options of `start`, under their headings. */
function startCommandOptions(y: Argv, names: readonly OptionName[] = optionNames): Argv {
  for (const name of names) {
    const { group, type, describe, choices, env, placeholder, defaultText }: OptionSpec = startOptions[name];
    const shown = `${placeholder === undefined ? "" : `${placeholder}: `}${describe}${defaultText === undefined ? "" : ` [default: ${defaultText}]`} [env: ${env}]`;
    y.option(name, {
      type: type === "list" ? "array" : type,
      string: type === "list" || type === "string",
      requiresArg: type !== "boolean",
      describe: shown,
      group: `${group}:`,
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
