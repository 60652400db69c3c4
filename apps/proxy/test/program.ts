import { type ChildProcessWithoutNullStreams, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));

export interface ProgramResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type ProgramEnvironment = Readonly<Record<string, string>>;

/** Runs the built program to its end. The environment is what is given, and nothing else. */
export function runProgram(args: readonly string[], env: ProgramEnvironment): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [main, ...args], { env, timeout: 30_000 }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr });
    });
  });
}

/** Starts the built program and waits until its stdout holds what is waited for. */
export async function startProgram(
  args: readonly string[],
  env: ProgramEnvironment,
  { until }: { readonly until: RegExp },
): Promise<{
  readonly child: ChildProcessWithoutNullStreams;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}> {
  const child = spawn(process.execPath, [main, ...args], { env });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const ended = once(child, "close").then(([code]) => code as number | null);
  await Promise.race([
    new Promise<void>((resolve) => {
      child.stdout.on("data", () => {
        if (until.test(text)) resolve();
      });
    }),
    ended.then((code) => Promise.reject(new Error(`the program ended with ${code}: ${text}`))),
  ]);
  return { child, output: () => text, ended };
}
