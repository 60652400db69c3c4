import type { DecidedRecord } from "@iap/aws-core";
import { actionsOf } from "../recording/actions-of.ts";

export interface TerminalOptions {
  readonly format: "text" | "json";
  readonly color: boolean;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  readonly now: () => Date;
}

/** What the person at the terminal sees: results on stdout, a line for each action; diagnostics on stderr. */
export class Terminal {
  readonly #options: TerminalOptions;
  #clock = { second: "", text: "" };

  constructor(options: TerminalOptions) {
    this.#options = options;
  }

  /** The start screen; as JSON, its facts. */
  started(text: string, facts: Readonly<Record<string, unknown>>): void {
    const { stdout, format } = this.#options;
    stdout.write(format === "json" ? jsonLine({ type: "started", ...facts }) : `${text}\n`);
  }

  decided(record: DecidedRecord): void {
    const { stdout, format } = this.#options;
    if (format === "json") {
      const { time, id, agent, service, operations, region, decision, forwarded, host, method } = record;
      const actions = actionsOf(record);
      const word = verdict(record);
      stdout.write(
        jsonLine({
          type: "decided",
          time,
          id,
          verdict: word,
          actions,
          agent,
          service,
          operations,
          region,
          host,
          method,
          decision,
          forwarded,
        }),
      );
      return;
    }
    const word = verdict(record);
    const time = this.#clockOf(record.time);
    const because = word === "ALLOWED" || word === "UNKNOWN" ? "" : `  ${record.decision.reason}`;
    const actions = actionsOf(record);
    const subjects = actions.length > 0 ? actions : [`${record.method} ${record.host}`];
    for (const subject of subjects) {
      stdout.write(`[${time}] ${this.#paint(word)}  ${printable(subject)}${printable(because)}\n`);
    }
  }

  /** Something went well or is worth knowing. */
  note(message: string): void {
    this.#diagnostic("note", message);
  }

  /** Something needs mending. */
  warn(message: string): void {
    this.#diagnostic("warning", message);
  }

  /** A client broke off its TLS handshake with the proxy. */
  handshakeFailed(host: string, reason: string): void {
    this.warn(
      `no TLS with the client for ${host}: ${reason}. Give it the proxy's certificates: start it by \`iam-agent-proxy run -- COMMAND\`, or set what \`iam-agent-proxy env\` prints; \`iam-agent-proxy doctor\` tells which clients work, \`iam-agent-proxy ca\` says how others come to trust the certificate authority.`,
    );
  }

  #diagnostic(level: "note" | "warning", message: string): void {
    const { stderr, format, now } = this.#options;
    const text = printable(message);
    if (format === "json") stderr.write(jsonLine({ type: level, time: now().toISOString(), message }));
    else stderr.write(`[${clock(now())}] ${level === "warning" ? this.#paint("WARNING") : "note"}  ${text}\n`);
  }

  /** Told anew each second only. */
  #clockOf(time: string): string {
    const second = time.slice(0, 19);
    if (this.#clock.second !== second) this.#clock = { second, text: clock(new Date(time)) };
    return this.#clock.text;
  }

  #paint(word: string): string {
    const code = colors[word];
    return this.#options.color && code !== undefined ? `\u001b[${code}m${word}\u001b[0m` : word;
  }
}

const colors: Readonly<Record<string, number>> = {
  ALLOWED: 32,
  DENIED: 31,
  "WOULD DENY": 33,
  UNKNOWN: 35,
  WARNING: 33,
};

/** The word for what became of a request. */
export function verdict({
  decision,
  forwarded,
  marker,
}: DecidedRecord): "ALLOWED" | "DENIED" | "WOULD DENY" | "UNKNOWN" {
  if (!forwarded) return "DENIED";
  if (marker === "unknown") return "UNKNOWN";
  return decision.outcome === "allowed" ? "ALLOWED" : "WOULD DENY";
}

function clock(date: Date): string {
  return date.toTimeString().slice(0, 8);
}

/** What a request says may hold control characters; a terminal must not act on them. */
export function printable(text: string): string {
  return text.replace(unprintable, (char) => (char === "\n" ? " " : escaped(char)));
}

/** The same as JSON: it stands for the same value with these characters escaped. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value).replace(unprintable, escaped)}\n`;
}

const unprintable = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

function escaped(char: string): string {
  return char
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
