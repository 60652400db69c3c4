import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

export interface RunOptions {
  /** The whole environment: nothing is inherited. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string | undefined;
  readonly input?: string | Buffer | undefined;
  /** The child is killed, and `run` throws, after this long. Default 60 s. */
  readonly timeoutMs?: number | undefined;
}

/** How a child process ended, and what it wrote. */
export interface Exited {
  readonly command: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end without blocking the event loop: the servers it talks to live in this process. */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<Exited> {
  const { env, cwd, input, timeoutMs = 60_000 } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, cwd, stdio: ["pipe", "pipe", "pipe"] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on("error", () => {}); // the child may close its input unread
    child.stdin.end(input);
    const line = [command, ...args].join(" ");
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, timeoutMs);
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const exited = { command: line, code, signal, stdout: text(stdout), stderr: text(stderr) };
      if (timedOut) reject(new Error(`No end after ${timeoutMs} ms: ${describe(exited)}`));
      else resolve(exited);
    });
  });
}

/** Runs a command that must exit 0, and returns what it wrote on stdout. */
export async function runOk(command: string, args: readonly string[], options: RunOptions): Promise<string> {
  const exited = await run(command, args, options);
  if (exited.code !== 0) throw new Error(describe(exited));
  return exited.stdout;
}

/** Kills a child that has not ended, and waits until it has: its folder can go then. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** The end of a process as a failure message. */
export function describe({ command, code, signal, stdout, stderr }: Exited): string {
  const tail = (name: string, value: string) => (value === "" ? "" : `\n--- ${name}\n${value.slice(-6000)}`);
  return `${command}\nexited with ${code ?? signal}${tail("stdout", stdout)}${tail("stderr", stderr)}`;
}

function text(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString("utf8");
}
