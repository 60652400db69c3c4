import { createReadStream, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";

/**
 * How many requests an activity log says were decided in enforce mode, allowed and forwarded, and how many of all ended
 * with an answer. Counted in the file and in those it was renamed to when it was full.
 * @param {string} file
 */
export async function countRecords(file) {
  const stem = basename(file, ".jsonl");
  const names = readdirSync(dirname(file)).filter((name) => name.startsWith(stem) && name.endsWith(".jsonl"));
  let [allowed, answered] = [0, 0];
  for (const name of names) {
    for await (const line of createInterface({ input: createReadStream(join(dirname(file), name)) })) {
      const { type, mode, decision, forwarded, outcome } = JSON.parse(line);
      if (type === "decided" && mode === "enforce" && decision.outcome === "allowed" && forwarded) allowed += 1;
      if (type === "finished" && outcome === "answered") answered += 1;
    }
  }
  return { allowed, answered };
}
