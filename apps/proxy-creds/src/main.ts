#!/usr/bin/env node
import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const help = `proxy-creds: print the agent credentials of a running iam-agent-proxy

  proxy-creds [--sock PATH]

For credential_process in ~/.aws/config. Prints one line of JSON on stdout.

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
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }
  if (options.version) {
    const { readFileSync } = await import("node:fs");
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    process.stdout.write(`${version}\n`);
    return 0;
  }
  const { PROXY_SOCK_PATH: fromEnvironment } = process.env;
  const socketPath = options.sock ?? (fromEnvironment || join(homedir(), ".iam-agent-proxy", "creds.sock"));
  const { fetchCredentials, VendingError } = await import("@iap/cred-vendor");
  try {
    process.stdout.write(`${JSON.stringify(await fetchCredentials({ socketPath }))}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof VendingError)) throw error;
    process.stderr.write(`proxy-creds: ${error.message}\n`);
    return 1;
  }
}

function parse(): { sock?: string | undefined; help?: boolean | undefined; version?: boolean | undefined } | undefined {
  try {
    const { values } = parseArgs({
      options: {
        sock: { type: "string" },
        help: { type: "boolean", short: "h" },
        version: { type: "boolean" },
      },
    });
    if (values.sock === "") throw new Error("--sock needs a path");
    return values;
  } catch (error) {
    process.stderr.write(`proxy-creds: ${(error as Error).message.split("\n")[0]} (see proxy-creds --help)\n`);
    return undefined;
  }
}
