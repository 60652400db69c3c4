import type { CliProcess } from "../cli.ts";
import { type OptionName, readSettings } from "../options.ts";
import { startProxy } from "../proxy.ts";
import { Terminal } from "../terminal.ts";

/** Runs the proxy until SIGINT, SIGTERM or SIGHUP; a second one does not wait for requests under way. */
export async function start(
  flags: Partial<Record<OptionName, unknown>>,
  process: CliProcess,
  version: string,
): Promise<number> {
  const { env, stdout, stderr } = process;
  const settings = readSettings(flags, env);
  const terminal = new Terminal({
    format: settings.logFormat,
    color: settings.color ?? (stdout.isTTY === true && !env.NO_COLOR),
    stdout,
    stderr,
    now: () => new Date(),
  });
  // Who reads the output may leave (a pipe that ends first on Ctrl-C): the proxy goes on, and cleans up when it stops.
  for (const stream of [stdout, stderr]) stream.on("error", () => {});
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
  });
  const proxy = await startProxy({ settings, env, terminal, version });
  await stopped;
  const hurry = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  await proxy.close({ hurry });
  return 0;
}
