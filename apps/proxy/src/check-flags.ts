import { type OptionName, startOptions } from "./options.ts";
import { UsageError } from "./usage-error.ts";

/** What yargs knows of the options of a command: the names of those that are lists, and of those that are on or off. */
export interface KnownFlags {
  readonly array: readonly string[];
  readonly boolean: readonly string[];
}

/**
 * Refuses what yargs lets pass of a command line: a value for what is on or off, which it takes for off
 * (`--isolate=yes`), `--no-` before what has a value, a number that is none, and what is given twice and is no list.
 * `line` is the command line as it was typed. Throws `UsageError`.
 */
export function checkFlags(
  argv: Readonly<Record<string, unknown>>,
  { array, boolean }: KnownFlags,
  line: readonly string[],
): void {
  for (const [, name = "", text = ""] of line.map((arg) => /^--?([^=]+)=(.*)$/s.exec(arg) ?? [])) {
    if (typeof argv[name] === "boolean" && !/^(true|false)$/.test(text)) {
      throw new UsageError(`${dashed(name)} is true or false, not ${JSON.stringify(text)}`);
    }
  }
  for (const [name, value] of Object.entries(argv)) {
    // A letter is another name of an option; _ are the words that are none.
    if (name.length === 1 || boolean.includes(name)) continue;
    if ([value].flat().includes(false) && !startOptions[name as OptionName]?.canBeOff) {
      throw new UsageError(`--${name} has a value: there is no --no-${name}`);
    }
    if (Number.isNaN(value)) throw new UsageError(`--${name} must be a number`);
    if (Array.isArray(value) && !array.includes(name)) {
      throw new UsageError(`--${name} must be given once, not ${JSON.stringify(value)}`);
    }
  }
}

/** An option as it is typed. */
export function dashed(name: string): string {
  return `${name.length === 1 ? "-" : "--"}${name}`;
}
