/** What one look at something came to. */
export interface Check {
  readonly group: "setup" | "credentials" | "clients";
  /** What was looked at. */
  readonly name: string;
  readonly status: "ok" | "warning" | "problem" | "skipped";
  readonly message: string;
  /** What to do about it. */
  readonly fix?: string | undefined;
}

export interface ChecksTextOptions {
  readonly color: boolean;
  /** The longest name there may be. */
  readonly nameWidth: number;
}

/** The checks as lines for people, one at a time: a heading comes before the first of each group. */
export class ChecksText {
  readonly #options: ChecksTextOptions;
  #group: Check["group"] | undefined;

  constructor(options: ChecksTextOptions) {
    this.#options = options;
  }

  of({ group, name, status, message, fix }: Check): string {
    const { color, nameWidth } = this.#options;
    const heading = group === this.#group ? "" : `${this.#group === undefined ? "" : "\n"}${titles[group]}\n`;
    this.#group = group;
    const { word, code } = words[status];
    const shown = color ? `\u001b[${code}m${word}\u001b[0m` : word;
    const advice = fix === undefined ? "" : `${" ".repeat(nameWidth + 11)}→ ${fix}\n`;
    return `${heading}  ${shown}  ${name.padEnd(nameWidth)}  ${message}\n${advice}`;
  }
}

const titles: Readonly<Record<Check["group"], string>> = {
  setup: "This machine",
  credentials: "The real credentials",
  clients: "Clients, each through a proxy of the doctor's own",
};

const words: Readonly<Record<Check["status"], { readonly word: string; readonly code: number }>> = {
  ok: { word: "ok     ", code: 32 },
  warning: { word: "warning", code: 33 },
  problem: { word: "PROBLEM", code: 31 },
  skipped: { word: "skipped", code: 90 },
};
