import { Session } from "node:inspector";

interface ScriptCoverage {
  readonly scriptId: string;
  readonly url: string;
  readonly functions: readonly {
    readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
  }[];
}

/** Which blocks of our code have run, as V8 counts them in this process. */
export class BlockCoverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  constructor() {
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** How many different blocks have been noted. */
  get size(): number {
    return this.#seen.size;
  }

  /** The blocks that ran since this was last asked and have not been noted. */
  news(): readonly string[] {
    const news: string[] = [];
    this.#session.post("Profiler.takePreciseCoverage", (error, answer) => {
      if (error !== null) throw error;
      for (const { scriptId, url, functions } of answer.result as readonly ScriptCoverage[]) {
        if (!/\/(?:packages|apps)\/[^/]+\/(?:src|dist)\//.test(url)) continue;
        for (const { ranges } of functions) {
          for (const { startOffset, endOffset, count } of ranges) {
            const block = `${scriptId}:${startOffset}:${endOffset}`;
            if (count > 0 && !this.#seen.has(block)) news.push(block);
          }
        }
      }
    });
    return news;
  }

  /** From now on these are not new. */
  note(blocks: readonly string[]): void {
    for (const block of blocks) this.#seen.add(block);
  }

  close(): void {
    this.#session.post("Profiler.stopPreciseCoverage");
    this.#session.disconnect();
  }
}
