import { UsageError } from "../usage-error.ts";
import type { AgentEnvironment } from "./agent-environment.ts";

/** The forms an environment can be written in. */
export const environmentFormats = ["bash", "zsh", "fish", "powershell", "dotenv", "docker", "json"] as const;

export type EnvironmentFormat = (typeof environmentFormats)[number];

/**
 * The commands that make a shell's environment the agent's, or the lines of a file that holds it. Files can set variables
 * only: what should be unset stands there as a comment. Throws `UsageError` for a value that the form cannot carry.
 */
export function environmentText(
  { set, unset }: Pick<AgentEnvironment, "set" | "unset">,
  format: EnvironmentFormat,
): string {
  const entries = Object.entries(set).sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = (write: (name: string, value: string) => string): readonly string[] =>
    entries.map(([name, value]) => write(name, value));
  switch (format) {
    case "bash":
    case "zsh":
      return text([
        ...(unset.length === 0 ? [] : [`unset ${unset.join(" ")}`]),
        ...lines((name, value) => `export ${name}=${shellWord(value)}`),
      ]);
    case "fish":
      return text([
        ...unset.map((name) => `set -e ${name}`),
        ...lines((name, value) => `set -gx ${name} '${value.replace(/[\\']/g, "\\$&")}'`),
      ]);
    case "powershell":
      return text([
        ...unset.map((name) => `Remove-Item Env:${name} -ErrorAction SilentlyContinue`),
        ...lines((name, value) => `$env:${name} = '${value.replace(/['\u2018\u2019\u201a\u201b]/g, "$&$&")}'`),
      ]);
    case "dotenv":
      return text([...comment(unset), ...lines((name, value) => `${name}=${dotenv(name, value)}`)]);
    case "docker":
      return text([...comment(unset), ...lines((name, value) => `${name}=${oneLine(name, value)}`)]);
    case "json":
      return `${JSON.stringify({ set: Object.fromEntries(entries), unset }, null, 2)}\n`;
  }
}

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

function comment(unset: readonly string[]): readonly string[] {
  return unset.length === 0 ? [] : [`# must not be set: ${unset.join(" ")}`];
}

/** A word of a POSIX shell: bare where it can be, else in single quotes. */
export function shellWord(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}

/** Bare, or in single quotes, which every reader takes literally. */
function dotenv(name: string, value: string): string {
  oneLine(name, value);
  if (/^[\w@%+=:,./-]*$/.test(value)) return value;
  if (!value.includes("'")) return `'${value}'`;
  if (!/["\\$`]/.test(value)) return `"${value}"`;
  throw new UsageError(
    `${name} holds quotes of both kinds, which readers of .env files read differently: use another path`,
  );
}

function oneLine(name: string, value: string): string {
  if (/[\r\n]/.test(value)) throw new UsageError(`${name} has a line break, which this format cannot carry`);
  return value;
}
