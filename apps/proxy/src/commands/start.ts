import { closeSync, openSync } from "node:fs";
import type { CliProcess } from "../cli.ts";
import { type OptionName, readSettings } from "../options.ts";
import { type RunningProxy, startProxy } from "../proxy.ts";
import { BatchedOutput } from "../terminal/batched-output.ts";
import { Terminal } from "../terminal/terminal.ts";

/**
 * Runs the proxy until SIGINT or SIGTERM; a second one does not wait for requests under way. SIGHUP reloads the policies,
 * but for the one that says that the terminal it was started from is gone: that stops it.
 */
export async function start(
  flags: Partial<Record<OptionName, unknown>>,
  process: CliProcess,
  version: string,
): Promise<number> {
  const { env, stdout, stderr } = process;
  const settings = readSettings(flags, env);
  const lines = new BatchedOutput(stdout);
  const terminal = new Terminal({
    format: settings.logFormat,
    color: settings.color ?? (stdout.isTTY === true && !env.NO_COLOR),
    stdout: lines,
    // In the order in which things happened, for whoever sees both on one screen.
    stderr: {
      write: (text) => {
        lines.flush();
        stderr.write(text);
      },
    },
    now: () => new Date(),
  });
  // Who reads the output may leave (a pipe that ends first on Ctrl-C): the proxy goes on, and cleans up when it stops.
  for (const stream of [stdout, stderr]) stream.on("error", () => {});
  let running: RunningProxy | undefined;
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
    process.on("SIGHUP", () => {
      if (stdout.isTTY === true && isTerminalGone()) resolve();
      else void running?.reload();
    });
  });
  const proxy = await startProxy({ settings, env, terminal, version });
  running = proxy;
  await stopped;
  const hurry = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  await proxy.close({ hurry });
  lines.flush();
  return 0;
}

/** A process whose terminal has hung up cannot open it any more. */
function isTerminalGone(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return false;
  } catch {
    return true;
  }
}
