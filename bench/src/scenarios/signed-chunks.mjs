import { setTimeout } from "node:timers/promises";
import { withCleanup } from "../cleanup-stack.mjs";
import { rssBytes, watchRss } from "../process-usage.mjs";
import { row } from "../row.mjs";
import { startOurs, withCpu } from "../targets.mjs";

const warmUpBytes = 2 ** 20;
const settleMs = 500;

/** One body in signed chunks, which the proxy verifies and signs anew on the way; 1 GB. */
export function signedChunks(context) {
  return measure(context, context.quick ? { bytes: 2 ** 27, size: "128 MB" } : { bytes: 2 ** 30, size: "1 GB" });
}

/** The same with 5 GB, the most that S3 takes in one request. Only when asked for. */
export function huge(context) {
  return measure(context, { bytes: 5 * 2 ** 30, size: "5 GB" });
}

async function measure(context, { bytes, size }) {
  const { load, say } = context;
  say(`${size} in signed chunks`);
  const { cpuMs, flowMs, growth } = await withCleanup(async (stack) => {
    const target = await startOurs(context, stack);
    await load.call("aim", target.aim);
    await load.call("uploadInChunks", { bytes: warmUpBytes });
    await setTimeout(settleMs);
    const baseline = rssBytes(target.pid);
    const watch = watchRss(target.pid);
    const result = await withCpu(target, () => load.call("uploadInChunks", { bytes }));
    return { ...result, growth: (await watch.stop()) - baseline };
  });
  return [
    row(`${size} upload in signed chunks: CPU of the proxy`, {
      ours: [cpuMs / 1000 / (bytes / 2 ** 30)],
      format: (n) => `${n.toFixed(1)} s/GB`,
    }),
    row(`${size} upload in signed chunks: memory growth at most`, {
      ours: [growth / 2 ** 20],
      format: (n) => `${n.toFixed(0)} MB`,
      goal: { most: 40 },
    }),
    row(`${size} upload in signed chunks: rate`, {
      ours: [bytes / 1e6 / (flowMs / 1000)],
      format: (n) => `${n.toFixed(0)} MB/s`,
    }),
  ];
}
