#!/usr/bin/env node
import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const help = `proxy-creds: print the agent credentials of a running iam-agent-proxy

  proxy-creds [--sock PATH]
  proxy-creds token eks --cluster-name NAME [--region REGION]
  proxy-creds token rds --hostname HOST --port PORT --username USER
  proxy-creds token dsql --hostname HOST [--admin]
  proxy-creds token codecommit get

For credential_process in ~/.aws/config. Prints one line of JSON on stdout.

token prints a token that works at a cluster, a database or a repository without the
proxy, if it was started with --allow-token: an ExecCredential for kubectl, a password
for rds and dsql, git's attributes for codecommit, which reads them on stdin.

  --signed      exchange the token on stdin, made with the agent's keys by aws eks
                get-token, aws rds generate-db-auth-token and the like
  --sock PATH   the proxy's socket; by default $PROXY_SOCK_PATH, or ~/.iam-agent-proxy/creds.sock
  --help        this text
  --version     the version

Exit status: 0 printed, 1 no credentials, 2 wrong usage.
`;

process.exitCode = await main();

/** What is not needed to print credentials is loaded when it is. */
async function main(): Promise<number> {
  const options = parse();
  if (options === undefined) return 2;
  const { values, positionals } = options;
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  if (values.version) {
    const { readFileSync } = await import("node:fs");
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    process.stdout.write(`${version}\n`);
    return 0;
  }
  const { PROXY_SOCK_PATH: fromEnvironment } = process.env;
  const socketPath = values.sock ?? (fromEnvironment || join(homedir(), ".iam-agent-proxy", "creds.sock"));
  const { fetchCredentials, VendingError } = await import("@iap/cred-vendor");
  try {
    if (positionals.length === 0) process.stdout.write(`${JSON.stringify(await fetchCredentials({ socketPath }))}\n`);
    else process.stdout.write(await token(options, socketPath));
    return 0;
  } catch (error) {
    if (error instanceof Error && error.name === "TokenUsageError") return misused(error.message);
    if (!(error instanceof VendingError)) throw error;
    process.stderr.write(`proxy-creds: ${error.message}\n`);
    return 1;
  }
}

async function token({ values, positionals }: Options, socketPath: string): Promise<string> {
  const { tokenText } = await import("./token.ts");
  const { "cluster-name": clusterName, ...others } = values;
  const [, kind = "", operation] = positionals;
  const { env } = process;
  return tokenText({ ...others, clusterName, kind, operation }, { socketPath, env, input: standardInput });
}

async function standardInput(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) text += chunk;
  return text;
}

type Options = NonNullable<ReturnType<typeof parse>>;

function parse() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        sock: { type: "string" },
        help: { type: "boolean", short: "h" },
        version: { type: "boolean" },
        "cluster-name": { type: "string" },
        region: { type: "string" },
        hostname: { type: "string" },
        port: { type: "string" },
        username: { type: "string" },
        admin: { type: "boolean" },
        signed: { type: "boolean" },
      },
    });
    const [command, , operation, ...more] = positionals;
    if (command !== undefined && command !== "token") throw new Error(`there is no command ${command}`);
    if (more.length > 0 || (operation !== undefined && positionals[1] !== "codecommit")) {
      throw new Error(`${more[0] ?? operation} is one word too many`);
    }
    const [of] = Object.keys(values).filter((name) => !["sock", "help", "version"].includes(name));
    if (command === undefined && of !== undefined) throw new Error(`--${of} goes with token`);
    if (values.sock === "") throw new Error("--sock needs a path");
    return { values, positionals };
  } catch (error) {
    misused((error as Error).message.split("\n")[0] ?? "");
    return undefined;
  }
}

function misused(why: string): number {
  process.stderr.write(`proxy-creds: ${why} (see proxy-creds --help)\n`);
  return 2;
}
