import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

/**
 * How many requests an activity log says were decided in enforce mode, allowed and forwarded, and how many of all ended
 * with an answer.
 * @param {string} file
 */
export async function countRecords(file) {
  let [allowed, answered] = [0, 0];
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const { type, mode, decision, forwarded, outcome } = JSON.parse(line);
    if (type === "decided" && mode === "enforce" && decision.outcome === "allowed" && forwarded) allowed += 1;
    if (type === "finished" && outcome === "answered") answered += 1;
  }
  return { allowed, answered };
}
