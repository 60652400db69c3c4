import { parseArgs } from "node:util";

/**
 * The command line: `--quick`, `--only NAME`, `--write`.
 * @param {readonly string[]} args
 * @param {readonly string[]} names Of the scenarios.
 */
export function parseArguments(args, names) {
  const { values } = parseArgs({
    args: [...args],
    options: { quick: { type: "boolean" }, only: { type: "string" }, write: { type: "boolean" } },
  });
  const { quick = false, only, write = false } = values;
  if (only !== undefined && !names.includes(only)) {
    throw new Error(`--only ${only} is none of ${names.join(", ")}`);
  }
  if (write && (quick || only !== undefined)) {
    throw new Error("--write is for a whole run: leave --quick and --only out");
  }
  return { quick, only, write };
}
