import { setTimeout } from "node:timers/promises";
import { withCleanup } from "../cleanup-stack.mjs";
import { countRecords } from "../count-records.mjs";
import { row } from "../row.mjs";
import { direct, startOurs, startPeer, withCpu } from "../targets.mjs";

const counts = [1, 64];

/** The last records are on disk by then. */
const settleMs = 300;

/** Small requests on connections that are kept: 1 KB from S3, one request at a time on each connection. */
export function requests(context) {
  const { quick, load, say } = context;
  const { warmUpMs, rounds, ms } = quick
    ? { warmUpMs: 800, rounds: 2, ms: { 1: 400, 64: 1000 } }
    : { warmUpMs: 2500, rounds: 7, ms: { 1: 1000, 64: 2500 } };

  return withCleanup(async (stack) => {
    const ours = await startOurs(context, stack);
    const targets = [direct(context), ours, await startPeer(context, stack)];
    let made = 0;
    for (const target of targets) await measure(target, 64, warmUpMs);
    const measured = new Map(counts.map((count) => [count, { direct: [], ours: [], peer: [] }]));
    for (let round = 1; round <= rounds; round++) {
      say(`requests: round ${round} of ${rounds}`);
      for (const count of counts) {
        for (const target of targets) measured.get(count)[target.name].push(await measure(target, count, ms[count]));
      }
    }
    await checkRecords();
    return counts.flatMap((count) => rowsOf(count, measured.get(count)));

    async function measure(target, count, forMs) {
      await load.call("aim", target.aim);
      await load.call("open", { count });
      const result = await withCpu(target, () => load.call("run", { ms: forMs }));
      await load.call("close");
      if (target === ours) made += count + result.requests;
      return result;
    }

    /** What was measured is the whole pipeline only if each request was decided upon and written down. */
    async function checkRecords() {
      await setTimeout(settleMs);
      const { allowed, answered } = await countRecords(ours.activityFile);
      if (allowed === made && answered === made) return;
      throw new Error(`${made} requests were made, but ${allowed} are on record as allowed, ${answered} as answered`);
    }
  });
}

function rowsOf(count, { direct, ours, peer }) {
  const clients = count === 1 ? "1 client" : `${count} clients`;
  const cpu = (runs) => runs.map((run) => (run.cpuMs * 1000) / run.requests);
  const rate = (runs) => runs.map((run) => run.perSecond);
  const p50 = (runs) => runs.map((run) => run.p50Ms);
  const added = (runs) => runs.map((run, round) => run.p50Ms - direct[round].p50Ms);
  const [us, perSecond, ms] = [(n) => `${n.toFixed(0)} µs`, (n) => `${n.toFixed(0)} /s`, (n) => `${n.toFixed(2)} ms`];
  const loaded = count === 64;
  return [
    row(`request, ${clients}: CPU of the proxy`, {
      ours: cpu(ours),
      peer: cpu(peer),
      better: "less",
      format: us,
      goal: loaded ? { most: 120 } : undefined,
    }),
    ...(loaded
      ? [
          row(`request, ${clients}: times less CPU`, {
            ours: cpu(ours),
            peer: cpu(peer),
            better: "less",
            format: us,
            goal: { ratio: 1.4 },
          }),
        ]
      : []),
    row(`request, ${clients}: rate`, {
      ours: rate(ours),
      peer: rate(peer),
      beside: rate(direct),
      better: "more",
      format: perSecond,
      goal: loaded ? { ratio: 1.4 } : undefined,
    }),
    row(`request, ${clients}: p50`, {
      ours: p50(ours),
      peer: p50(peer),
      beside: p50(direct),
      better: "less",
      format: ms,
    }),
    row(`request, ${clients}: p50 added to direct`, {
      ours: added(ours),
      peer: added(peer),
      better: "less",
      format: ms,
      goal: loaded ? undefined : { most: 0.4 },
    }),
  ];
}
