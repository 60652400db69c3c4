import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { CliProcess } from "../cli.ts";
import { DemoTerminal } from "../demo/demo-terminal.ts";
import { Narrator } from "../demo/narrator.ts";
import { playDemo } from "../demo/play-demo.ts";
import { UsageError } from "../usage-error.ts";

export interface DemoArguments {
  /** Whether the temporary directory stays. */
  readonly keep?: boolean | undefined;
}

/**
 * Shows the whole product without an AWS account. Everything it makes is in one temporary directory, which it removes,
 * also when it is stopped. Resolves with 0 when all went as it should; throws `UsageError` with what did not.
 */
export async function demo({ keep = false }: DemoArguments, process: CliProcess, version: string): Promise<number> {
  const { env, stdout, stderr } = process;
  const startedAt = performance.now();
  // Who reads the output may leave: the demo still cleans up.
  for (const stream of [stdout, stderr]) stream.on("error", () => {});
  const stop = new AbortController();
  // A second one does not keep it from cleaning up, which takes no time.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
  const color = stdout.isTTY === true && !env.NO_COLOR;
  const narrator = new Narrator({ stdout, color, columns: Math.min(110, stdout.columns || 110) });
  // An agent that is ended halfway is nothing to warn of.
  const warnings = { write: (text: string) => stop.signal.aborted || stderr.write(text) };
  const terminal = new DemoTerminal({ narrator, color, stderr: warnings });
  const dir = await temporaryDirectory();
  const open: (() => Promise<unknown>)[] = [];
  try {
    await playDemo({ dir, version, narrator, terminal, signal: stop.signal, open });
  } catch (error) {
    if (stop.signal.aborted) throw new UsageError("the demo was stopped", { exitCode: 1, cause: error });
    throw error;
  } finally {
    for (const close of open.reverse()) await close().catch(() => {});
    if (keep) narrator.plain(`What the demo made is in ${dir}.`);
    else await rm(dir, { recursive: true, force: true });
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  narrator.plain(`All of it went as it should, in ${seconds} s${keep ? "" : ", and nothing is left behind"}. With your own AWS:

  AWS_PROFILE=dev iam-agent-proxy            record what your agent does
  iam-agent-proxy policy > policy.json       write the policy for that
  iam-agent-proxy --mode enforce --policy policy.json
                                             hold the agent to it
`);
  return 0;
}

async function temporaryDirectory(): Promise<string> {
  try {
    return await mkdtemp(join(resolve(tmpdir()), "iap-demo-"));
  } catch (error) {
    throw new UsageError(
      `the demo cannot make a temporary directory: ${(error as Error).message}. Set TMPDIR to a directory that can be written to.`,
      { exitCode: 1, cause: error },
    );
  }
}
