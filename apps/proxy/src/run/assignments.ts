import { UsageError } from "../usage-error.ts";

/** What `VAR=value` options set. */
export function assignments(options: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    options.map((option) => {
      const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(option) ?? [];
      if (name === undefined) throw new UsageError(`--env takes VAR=value, not ${JSON.stringify(option)}`);
      return [name, value as string];
    }),
  );
}
