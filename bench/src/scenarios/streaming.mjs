import { setTimeout } from "node:timers/promises";
import { withCleanup } from "../cleanup-stack.mjs";
import { rssBytes, watchRss } from "../process-usage.mjs";
import { row } from "../row.mjs";
import { startOurs, startPeer, withCpu } from "../targets.mjs";

const directions = ["download", "upload"];
/** Little, so that the memory a transfer takes is not there already. */
const warmUpBytes = 2 ** 20;
const settleMs = 500;

/** One large body each way, whose receiver reads nothing at first and then all it can. */
export async function streaming(context) {
  const { quick, load, say } = context;
  const { rounds, bytes, stallMs, size } = quick
    ? { rounds: 1, bytes: 2 ** 27, stallMs: 500, size: "128 MB" }
    : { rounds: 3, bytes: 2 ** 30, stallMs: 2000, size: "1 GB" };
  const measured = { download: { ours: [], peer: [] }, upload: { ours: [], peer: [] } };
  for (let round = 1; round <= rounds; round++) {
    for (const direction of directions) {
      say(`streaming: round ${round} of ${rounds}, ${direction}`);
      for (const [name, start] of Object.entries({ ours: startOurs, peer: startPeer })) {
        measured[direction][name].push(await measure(start, direction));
      }
    }
  }
  return directions.flatMap((direction) => rowsOf(`${size} ${direction}`, bytes, measured[direction]));

  /** In a process of its own: memory that an earlier transfer left behind would hide what this one takes. */
  function measure(start, direction) {
    return withCleanup(async (stack) => {
      const target = await start(context, stack);
      await load.call("aim", target.aim);
      await load.call(direction, { bytes: warmUpBytes, stallMs: 0 });
      await setTimeout(settleMs);
      const baseline = rssBytes(target.pid);
      const watch = watchRss(target.pid);
      const result = await withCpu(target, () => load.call(direction, { bytes, stallMs }));
      return { ...result, growth: (await watch.stop()) - baseline };
    });
  }
}

function rowsOf(what, bytes, { ours, peer }) {
  const gigabytes = bytes / 2 ** 30;
  const both = (value) => ({ ours: ours.map(value), peer: peer.map(value) });
  return [
    row(`${what}: CPU of the proxy`, {
      ...both(({ cpuMs }) => cpuMs / 1000 / gigabytes),
      better: "less",
      format: (n) => `${n.toFixed(1)} s/GB`,
      goal: { most: 4 },
    }),
    row(`${what}: memory growth at most`, {
      ...highest(both(({ growth }) => growth / 2 ** 20)),
      format: (n) => `${n.toFixed(0)} MB`,
      goal: { most: 40 },
    }),
    row(`${what}: rate after the stall`, {
      ...both(({ flowMs }) => bytes / 1e6 / (flowMs / 1000)),
      better: "more",
      format: (n) => `${n.toFixed(0)} MB/s`,
    }),
  ];
}

/** Of memory it is the worst round that counts. */
function highest({ ours, peer }) {
  return { ours: [Math.max(...ours)], peer: [Math.max(...peer)] };
}
