import type { BlockCoverage } from "./block-coverage.ts";
import type { FuzzTarget } from "./find-targets.ts";
import { type Chance, mutate } from "./mutate.ts";

export interface HuntOptions {
  readonly coverage: BlockCoverage;
  readonly chance: Chance;
  readonly seconds: number;
  /** What is known already. */
  readonly corpus: readonly Uint8Array[];
}

export interface Hunt {
  readonly runs: number;
  /** Inputs that reached what none before them did. */
  readonly found: readonly Uint8Array[];
  /** An input that goes wrong, as short as it could be made, and what is thrown. */
  readonly failure: { readonly input: Uint8Array; readonly error: Error } | undefined;
}

const batchSize = 64;
/** No input of a few kilobytes may take longer: it would stop the proxy for everybody. */
const tooSlowMs = 2_000;

/** Mutates inputs for a while, keeps those that reach new blocks of the code as parents of further ones, stops at a failure. */
export function hunt({ seeds, run }: FuzzTarget, { coverage, chance, seconds, corpus }: HuntOptions): Hunt {
  const parents: Uint8Array[] = [];
  const found: Uint8Array[] = [];
  let runs = 0;
  const fails = (input: Uint8Array): Error | undefined => {
    runs++;
    const begin = performance.now();
    try {
      run(input);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
    if (performance.now() - begin < tooSlowMs) return undefined;
    // It may have been the machine, which has others to serve: what counts is the processor's time.
    const before = process.cpuUsage();
    run(input);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 > tooSlowMs ? new Error(`it takes more than ${tooSlowMs} ms of work`) : undefined;
  };
  const failed = (input: Uint8Array, error: Error): Hunt => ({
    runs,
    found,
    failure: { input: shortest(input, error, fails), error },
  });

  for (const input of [...seeds, ...corpus]) {
    const error = fails(input);
    if (error !== undefined) return failed(input, error);
    parents.push(input);
  }
  coverage.note(coverage.news());
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const batch: Uint8Array[] = [];
    for (let i = 0; i < batchSize; i++) {
      // The latest are the least known.
      const parent = chance(2) === 0 ? Math.max(0, parents.length - 1 - chance(16)) : chance(parents.length);
      const input = mutate(parents[parent] as Uint8Array, parents, chance);
      const error = fails(input);
      if (error !== undefined) return failed(input, error);
      batch.push(input);
    }
    // Asking V8 costs more than a run: which input of a batch it was is looked for only where there is something new.
    if (coverage.news().length === 0) continue;
    for (const input of batch) {
      fails(input);
      const news = coverage.news();
      if (news.length === 0) continue;
      coverage.note(news);
      parents.push(input);
      found.push(input);
    }
  }
  return { runs, found, failure: undefined };
}

/** Takes out what can go while it still goes wrong in the same way. */
function shortest(input: Uint8Array, error: Error, fails: (input: Uint8Array) => Error | undefined): Uint8Array {
  let best = Buffer.from(input);
  for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length; ) {
      const candidate = Buffer.concat([best.subarray(0, at), best.subarray(at + size)]);
      if (fails(candidate)?.message === error.message) best = candidate;
      else at += size;
    }
  }
  return best;
}
