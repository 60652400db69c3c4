import { expect, test } from "vitest";
import { nearestWord } from "../src/nearest-word.ts";

test.each([
  ["prot", ["host", "port", "policy"], "port"],
  ["isolte", ["isolate", "isolate-with"], "isolate"],
  ["strat", ["start", "start-up"], "start"],
  ["dotcor", ["doctor", "demo"], "doctor"],
  ["x", ["run", "env"], undefined],
  ["frobnicate", ["run", "env", "doctor"], undefined],
  ["", ["run"], undefined],
])("%s of %j: %s", (misspelled, words, meant) => {
  expect(nearestWord(misspelled, words)).toBe(meant);
});
