import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { BlockCoverage } from "../src/block-coverage.ts";
import { Corpus } from "../src/corpus.ts";
import { findTargets } from "../src/find-targets.ts";
import { hunt } from "../src/hunt.ts";
import { chanceFrom, mutate } from "../src/mutate.ts";

/**
 * `node scripts/fuzz.mjs --seconds 120` sets how long each target is hunted; without it, a moment, from one and the same
 * beginning. New inputs are kept where `IAP_FUZZ_KEEP` is set.
 */
const seconds = Number(process.env.IAP_FUZZ_SECONDS ?? 0.5);
const seed = Number(process.env.IAP_FUZZ_SEED ?? 20_261_124);
const runs = Math.max(300, Math.round(seconds * 50));

const targets = await findTargets();
const coverage = new BlockCoverage();
afterAll(() => coverage.close());

test("there are targets", () => {
  expect(targets.length).toBeGreaterThan(15);
});

describe.each(targets)("$name", (target) => {
  const corpus = new Corpus(target.name);

  test("every input that was ever kept", () => {
    for (const input of [...target.seeds, ...corpus.read()]) target.run(input);
  });

  test(`${runs} inputs by fast-check (seed ${seed})`, { timeout: 60_000 + seconds * 2000 }, () => {
    const parents = [...target.seeds, ...corpus.read()];
    const changed = fc
      .tuple(fc.constantFrom(...parents), fc.nat())
      .map(([parent, number]) => mutate(parent, parents, chanceFrom(number)));
    const inputs = fc.oneof(
      { weight: 3, arbitrary: changed },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
      { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 300 }).map((text) => Buffer.from(text, "utf8")) },
    );
    fc.assert(
      fc.property(inputs, (input) => void target.run(input)),
      { numRuns: runs, seed },
    );
  });

  test(`inputs led by what they reach, for ${seconds} s (seed ${seed})`, { timeout: 60_000 + seconds * 2000 }, () => {
    const {
      found,
      failure,
      runs: tried,
    } = hunt(target, {
      ...{ coverage, seconds, corpus: corpus.read() },
      chance: chanceFrom(seed),
    });
    if (process.env.IAP_FUZZ_KEEP) corpus.keep(failure === undefined ? found : [...found, failure.input]);
    if (failure !== undefined) {
      const shown = Buffer.from(failure.input);
      throw new Error(`${JSON.stringify(shown.toString("latin1"))} (base64 ${shown.toString("base64")})`, {
        cause: failure.error,
      });
    }
    expect(tried).toBeGreaterThan(0);
    if (seconds > 5) console.log(`${target.name}: ${tried} runs, ${found.length} new inputs, ${coverage.size} blocks`);
  });
});
