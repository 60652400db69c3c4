import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { withCleanup } from "../cleanup-stack.mjs";
import { Product } from "../product.mjs";
import { row } from "../row.mjs";
import { targetOf, withCpu } from "../targets.mjs";

const clients = 64;

/** The requests of `requests` at a proxy of two workers, beside one of one: the load and the upstream share their cores. */
export function workers(context) {
  const { quick, load, say, dir, upstream } = context;
  const { warmUpMs, rounds, ms } = quick
    ? { warmUpMs: 800, rounds: 2, ms: 700 }
    : { warmUpMs: 2500, rounds: 7, ms: 2000 };
  return withCleanup(async (stack) => {
    const start = async (count) =>
      targetOf(
        stack.use(
          await Product.start({ home: mkdtempSync(join(dir, "w")), ...upstream, args: ["--workers", String(count)] }),
        ),
      );
    const measured = new Map([
      [await start(2), []],
      [await start(1), []],
    ]);
    for (let round = 0; round <= rounds; round++) {
      say(round === 0 ? "workers: warming up" : `workers: round ${round} of ${rounds}`);
      for (const [target, runs] of measured) {
        await load.call("aim", target.aim);
        await load.call("open", { count: clients });
        const run = await withCpu(target, () => load.call("run", { ms: round === 0 ? warmUpMs : ms }));
        await load.call("close");
        if (round > 0) runs.push(run);
      }
    }
    const [two, one] = measured.values();
    const both = (value) => ({ ours: two.map(value), beside: one.map(value) });
    return [
      row("request, 64 clients, 2 workers beside 1: rate", {
        ...both(({ perSecond }) => perSecond),
        better: "more",
        format: (n) => `${n.toFixed(0)} /s`,
      }),
      row("request, 64 clients, 2 workers beside 1: CPU of all its processes", {
        ...both(({ cpuMs, requests }) => (cpuMs * 1000) / requests),
        better: "less",
        format: (n) => `${n.toFixed(0)} µs`,
      }),
    ];
  });
}
