import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { UsageError } from "../usage-error.ts";
import type { AgentLine, AgentResult } from "./agent-line.ts";

/** Everything the demo's agent is given. */
export interface AgentEnvironment {
  readonly HTTPS_PROXY: string;
  readonly PROXY_SOCK_PATH: string;
  /** Makes Node trust the proxy's authority. */
  readonly NODE_EXTRA_CA_CERTS: string;
}

export interface RunAgentOptions {
  readonly does: "errand" | "strays";
  readonly env: AgentEnvironment;
  /** Told each line as it comes. */
  readonly onLine: (line: AgentLine) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

const program = fileURLToPath(new URL("./agent-main.js", import.meta.url));
const timeoutMs = 20_000;

/** Runs the agent, a process with an environment of its own, to its end. Throws `UsageError` when it fails, with what it said. */
export async function runAgent({ does, env, onLine, signal }: RunAgentOptions): Promise<readonly AgentResult[]> {
  const child = spawn(process.execPath, [program, does], {
    env: { ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: timeoutMs,
    signal,
  });
  const results: AgentResult[] = [];
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint += chunk.toString("utf8");
  });
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line = JSON.parse(text) as AgentLine;
    if ("operation" in line) results.push(line);
    onLine(line);
  });
  // Rejects when the child cannot be started, or is ended by the signal.
  const [code, killedBy] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  if (code !== 0) {
    const how = killedBy ?? `exit code ${code}`;
    throw new UsageError(`the demo's agent ended with ${how}: ${complaint.trim() || "it said nothing"}`, {
      exitCode: 1,
    });
  }
  return results;
}
