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

/** The checks as lines for people. */
export function checksText(checks: readonly Check[], { color }: { readonly color: boolean }): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines: string[] = [];
  for (const group of ["setup", "credentials", "clients"] as const) {
    const own = checks.filter((check) => check.group === group);
    if (own.length === 0) continue;
    lines.push(`${lines.length === 0 ? "" : "\n"}${titles[group]}`);
    for (const { name, status, message, fix } of own) {
      const { word, code } = words[status];
      const shown = color ? `\u001b[${code}m${word}\u001b[0m` : word;
      lines.push(`  ${shown}  ${name.padEnd(width)}  ${message}`);
      if (fix !== undefined) lines.push(`${" ".repeat(width + 11)}→ ${fix}`);
    }
  }
  return `${lines.join("\n")}\n`;
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
