import type { AgentResult } from "./agent-line.ts";

export interface NarratorOptions {
  readonly stdout: { write(text: string): unknown };
  readonly color: boolean;
  /** How long a line may be. */
  readonly columns: number;
}

type Kind = "step" | "remark" | "log" | "plain";

/** Tells the demo's story: numbered steps, and under them what the proxy and the agent say, line by line. */
export class Narrator {
  readonly #options: NarratorOptions;
  #steps = 0;
  #last: Kind | undefined;

  constructor(options: NarratorOptions) {
    this.#options = options;
  }

  /** The next step: what is done, and what it is about. */
  step(text: string): void {
    this.#steps++;
    const [first = "", ...rest] = this.#wrapped(text, 3);
    this.#write("step", [`${this.#bold(String(this.#steps))}  ${first}`, ...rest.map((line) => `   ${line}`)]);
  }

  /** A remark under a step. */
  say(text: string): void {
    this.#write(
      "remark",
      this.#wrapped(text, 3).map((line) => `   ${line}`),
    );
  }

  /** A line of the proxy's terminal. */
  proxy(line: string): void {
    this.#write("log", [`   ${this.#bold("proxy")}  ${line.trimEnd()}`]);
  }

  /** What came of a call of the agent. */
  agent({ operation, subject, status, found, code, message }: AgentResult): void {
    const call = subject === "" ? operation : `${operation} ${subject}`;
    const outcome = code === undefined ? `${status}${found === undefined ? "" : `  ${found}`}` : `${status} ${code}`;
    const why = message === undefined ? [] : this.#wrapped(message, 10).map((line) => `          ${line}`);
    this.#write("log", [`   ${this.#bold("agent")}  ${call}: ${outcome}`, ...why]);
  }

  /** Text as it is. */
  plain(text: string): void {
    this.#write("plain", text.trimEnd().split("\n"));
  }

  /** An empty line stands between all but lines of a log. */
  #write(kind: Kind, lines: readonly string[]): void {
    const apart = this.#last !== undefined && !(kind === "log" && this.#last === "log");
    this.#last = kind;
    this.#options.stdout.write(`${apart ? "\n" : ""}${lines.join("\n")}\n`);
  }

  #wrapped(text: string, indent: number): readonly string[] {
    const width = this.#options.columns - indent;
    const lines: string[] = [];
    for (const word of text.split(" ")) {
      const last = lines.at(-1);
      if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
      else lines[lines.length - 1] = `${last} ${word}`;
    }
    return lines;
  }

  #bold(text: string): string {
    return this.#options.color ? `\u001b[1m${text}\u001b[0m` : text;
  }
}
