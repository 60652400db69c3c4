import type { DecidedRecord } from "@iap/aws-core";
import { actionsOf } from "../recording/actions-of.ts";
import { Terminal, verdict } from "../terminal/terminal.ts";

export interface RunTerminalOptions {
  readonly stderr: { write(text: string): unknown };
  readonly format: "text" | "json";
  readonly color: boolean;
  /** Shows each decision as it is made; by default only the summary tells of them. */
  readonly verbose: boolean;
  /** Whether the command draws on the same screen: what there is to say waits until it has ended. */
  readonly sharesScreen: boolean;
}

/** So many calls of one action with one outcome. */
export interface CallCount {
  readonly verdict: ReturnType<typeof verdict>;
  readonly action: string;
  readonly calls: number;
  /** Why, for what was not simply allowed. */
  readonly reason?: string | undefined;
}

/** The proxy's terminal beside a command that has stdout, and perhaps the screen, for itself. It counts what the summary tells. */
export class RunTerminal extends Terminal {
  readonly color: boolean;
  readonly #verbose: boolean;
  readonly #held: string[] = [];
  readonly #stderr: RunTerminalOptions["stderr"];
  readonly #counts = new Map<string, { readonly first: Omit<CallCount, "calls">; calls: number }>();
  #holding = false;
  #requests = 0;
  #denied = 0;
  #facts: Readonly<Record<string, unknown>> = {};

  constructor({ stderr, format, color, verbose, sharesScreen }: RunTerminalOptions) {
    const write = (text: string): void => {
      if (this.#holding && sharesScreen) this.#held.push(text);
      else stderr.write(text);
    };
    super({ format, color, stdout: { write }, stderr: { write }, now: () => new Date() });
    this.color = color;
    this.#stderr = stderr;
    this.#verbose = verbose;
  }

  /** What the start screen would have told. */
  get facts(): Readonly<Record<string, unknown>> {
    return this.#facts;
  }

  /** Requests that were judged, and how many of them were not let through. */
  get totals(): { readonly requests: number; readonly denied: number } {
    return { requests: this.#requests, denied: this.#denied };
  }

  /** In the order in which they first came. */
  get counts(): readonly CallCount[] {
    return [...this.#counts.values()].map(({ first, calls }) => ({ ...first, calls }));
  }

  /** The command has the screen. */
  hold(): void {
    this.#holding = true;
  }

  /** It has given it back: what waited is written, each line once. */
  release(): void {
    this.#holding = false;
    for (const text of new Set(this.#held.splice(0))) this.#stderr.write(text);
  }

  override started(_text: string, facts: Readonly<Record<string, unknown>>): void {
    this.#facts = facts;
  }

  override decided(record: DecidedRecord): void {
    const word = verdict(record);
    this.#requests++;
    if (!record.forwarded) this.#denied++;
    const actions = actionsOf(record);
    for (const action of actions.length > 0 ? actions : [`${record.method} ${record.host}`]) {
      const key = `${word} ${action}`;
      const known = this.#counts.get(key);
      if (known !== undefined) known.calls++;
      else if (this.#counts.size < maxCounts) {
        const reason = word === "ALLOWED" ? undefined : record.decision.reason;
        this.#counts.set(key, { first: { verdict: word, action, reason }, calls: 1 });
      }
    }
    if (this.#verbose) super.decided(record);
  }
}

/** Different actions that are counted one by one: a command may ask for any number of hosts. */
const maxCounts = 2000;
