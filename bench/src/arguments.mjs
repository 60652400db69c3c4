import { parseArgs } from "node:util";

/**
 * The command line: `--quick`, `--only NAME` (repeatable), `--write`.
 * @param {readonly string[]} args
 * @param {readonly string[]} names Of the scenarios.
 */
export function parseArguments(args, names) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean" },
      only: { type: "string", multiple: true },
      write: { type: "boolean" },
    },
  });
  const { quick = false, only, write = false } = values;
  for (const name of only ?? []) {
    if (!names.includes(name)) throw new Error(`--only ${name} is none of ${names.join(", ")}`);
  }
  if (write && (quick || only !== undefined)) {
    throw new Error("--write is for a whole run: leave --quick and --only out");
  }
  return { quick, only, write };
}
