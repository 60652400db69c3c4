import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import type { Writable } from "node:stream";
import { UsageError } from "../usage-error.ts";

/** What sends signals here, and takes listeners for them. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

export interface RunChildOptions {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly signals: SignalSource;
  /** What stands between takes signals by name on file descriptor 3, instead of getting them itself. */
  readonly byControl?: boolean | undefined;
}

/** Those a terminal sends to the whole foreground group: the command has them already. */
const fromTerminal: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT"];
const others: readonly NodeJS.Signals[] = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"];

/**
 * Runs a command in this process's place: same terminal, same group (so that Ctrl-C, Ctrl-Z and resizes reach it), signals
 * passed on. Resolves with its exit code, or 128 and its signal's number, as shells have it.
 */
export async function runChild(options: RunChildOptions): Promise<number> {
  const { command, env, signals, byControl = false } = options;
  const [file = "", ...args] = command;
  const passOn = new Map<NodeJS.Signals, () => void>(
    [...fromTerminal, ...others].map((signal) => [
      signal,
      () => {
        if (fromTerminal.includes(signal) && isForeground()) return;
        if (control === undefined) child.kill(signal);
        else control.write(`${signal}\n`);
      },
    ]),
  );
  // Before there is a child that could tell somebody that it is ready for them.
  for (const [signal, listener] of passOn) signals.on(signal, listener);
  const child = spawn(file, args, {
    env,
    stdio: ["inherit", "inherit", "inherit", ...(byControl ? ["pipe" as const] : [])],
  });
  const control = child.stdio[3] as Writable | undefined;
  control?.on("error", () => {});
  try {
    await once(child, "spawn");
  } catch (error) {
    for (const [signal, listener] of passOn) signals.off(signal, listener);
    throw cannotStart(file, env.PATH, error as NodeJS.ErrnoException);
  }
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  for (const [name, listener] of passOn) signals.off(name, listener);
  return code ?? 128 + constants.signals[signal as NodeJS.Signals];
}

/** What shells exit with when a command cannot be started: 127 not found, 126 not to be executed. */
export class CannotStartError extends UsageError {
  readonly shellCode: 126 | 127;

  constructor(message: string, shellCode: 126 | 127, options: ErrorOptions) {
    super(message, { exitCode: 1, ...options });
    this.shellCode = shellCode;
  }
}

function cannotStart(file: string, path: string | undefined, error: NodeJS.ErrnoException): Error {
  if (error.code === "ENOENT" || (error.code === "EACCES" && isNowhere(file, path))) {
    const message = `${file}: no such command. Give the command and its arguments after --: iam-agent-proxy run -- aws s3 ls`;
    return new CannotStartError(message, 127, { cause: error });
  }
  return new CannotStartError(`${file} cannot be started: ${error.message}`, 126, { cause: error });
}

/** Whether no directory of PATH has the command: a directory that may not be searched makes execvp(3) say EACCES then. */
function isNowhere(file: string, path = ""): boolean {
  return !file.includes("/") && path.split(delimiter).every((directory) => !existsSync(join(directory, file)));
}

/** Whether this process is in the foreground of a terminal, whose keys then reach the command by themselves. */
function isForeground(): boolean {
  try {
    // proc_pid_stat(5): after the command's name in parentheses, pgrp is the third field and tpgid the sixth.
    const stat = readFileSync("/proc/self/stat", "latin1");
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return group === foreground;
  } catch {
    return process.stdin.isTTY === true || process.stdout.isTTY === true;
  }
}
