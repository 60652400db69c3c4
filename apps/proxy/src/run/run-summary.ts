import type { CallCount } from "./run-terminal.ts";

export interface RunSummary {
  /** As the activity log names the run. */
  readonly run: string;
  readonly command: readonly string[];
  readonly exitCode: number;
  readonly durationMs: number;
  readonly mode: string;
  readonly agent: "advisory" | "isolated";
  readonly requests: number;
  readonly denied: number;
  readonly calls: readonly CallCount[];
}

/** The commands to go on with. */
export function nextCommands({ run, mode, requests, denied }: RunSummary): readonly string[] {
  if (requests === 0) return ["iam-agent-proxy doctor"];
  if (mode === "record") return [`iam-agent-proxy policy --run ${run} > agent-policy.json`];
  return denied > 0 ? [`iam-agent-proxy log --run ${run}`, "iam-agent-proxy replay --policy edited-policy.json"] : [];
}

/** What is written to stderr when the command has ended. */
export function summaryText(summary: RunSummary, { color }: { readonly color: boolean }): string {
  const { requests, denied, calls, durationMs, agent } = summary;
  const seconds = (durationMs / 1000).toFixed(1);
  if (requests === 0) {
    const past = agent === "advisory" ? "it went past the proxy" : "its client does not find the proxy";
    return `\niam-agent-proxy: no AWS call came through in ${seconds} s. If the command made some, ${past}: \`iam-agent-proxy doctor\` finds out why.\n`;
  }
  const width = Math.max(...calls.map(({ verdict }) => verdict.length));
  const digits = Math.max(...calls.map(({ calls: count }) => String(count).length));
  const lines = calls.map(({ verdict, action, calls: count, reason }) => {
    const word = verdict.padEnd(width);
    const code = colors[verdict];
    const shown = color && code !== undefined ? `\u001b[${code}m${word}\u001b[0m` : word;
    const why = reason === undefined ? "" : `  ${plain(reason)}`;
    return `  ${shown}  ${String(count).padStart(digits)} × ${plain(action)}${why}`;
  });
  const next = nextCommands(summary).map((command) => `Next: ${command}`);
  const head = `iam-agent-proxy: ${count(requests, "AWS call")}, ${denied} denied, in ${seconds} s (${summary.mode}, ${agent})`;
  return `\n${[head, ...lines, ...next].join("\n")}\n`;
}

/** The same for machines: one line. */
export function summaryJson(summary: RunSummary): string {
  return `${JSON.stringify({ type: "summary", ...summary, next: nextCommands(summary) })}\n`;
}

const colors: Readonly<Record<CallCount["verdict"], number | undefined>> = {
  ALLOWED: 32,
  DENIED: 31,
  "WOULD DENY": 33,
  UNKNOWN: 35,
};

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** A request may have control characters in it; a terminal must not act on them. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, " ");
}
