import { join, resolve } from "node:path";
import { VendingError } from "@iap/cred-vendor";
import { type TokenArguments, TokenUsageError, tokenText } from "proxy-creds";
import type { CliProcess } from "../cli.ts";
import { defaultDir } from "../options.ts";
import { UsageError } from "../usage-error.ts";

/** What `token` is given, as yargs names it. */
export interface TokenCommandArguments extends Omit<TokenArguments, "clusterName"> {
  readonly "cluster-name"?: string | undefined;
  readonly sock?: string | undefined;
}

/** Prints a token that the running proxy makes of the real credentials, in the form of the tool that wants it. */
export async function printToken(
  args: TokenCommandArguments,
  { env, stdout }: CliProcess,
  input: () => Promise<string> = standardInput,
): Promise<number> {
  const { "cluster-name": clusterName, sock, ...others } = args;
  const socketPath = resolve(sock ?? (env.PROXY_SOCK_PATH || join(env.PROXY_DIR || defaultDir(env), "creds.sock")));
  try {
    stdout.write(await tokenText({ ...others, clusterName }, { socketPath, env, input }));
    return 0;
  } catch (error) {
    if (error instanceof TokenUsageError) throw new UsageError(error.message);
    if (error instanceof VendingError) throw new UsageError(error.message, { exitCode: 1 });
    throw error;
  }
}

async function standardInput(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) text += chunk;
  return text;
}
