import { setTimeout } from "node:timers/promises";
import { withCleanup } from "../cleanup-stack.mjs";
import { rssBytes } from "../process-usage.mjs";
import { row } from "../row.mjs";
import { startOurs } from "../targets.mjs";

const warmUpCount = 32;

/** Memory of intercepted connections that are kept and idle, after one request each. */
export function tunnels(context) {
  const { quick, load, say } = context;
  const { count, settleMs } = quick ? { count: 300, settleMs: 1000 } : { count: 1000, settleMs: 5000 };

  return withCleanup(async (stack) => {
    const target = await startOurs(context, stack);
    say(`tunnels: ${count}`);
    await load.call("aim", target.aim);
    // A process that has worked before, but little: what it gives back later would hide what the tunnels take.
    await load.call("open", { count: warmUpCount });
    await load.call("close");
    await setTimeout(settleMs);
    const before = rssBytes(target.pid);
    await load.call("open", { count });
    await setTimeout(settleMs);
    const perTunnel = (rssBytes(target.pid) - before) / 1024 / count;
    await load.call("close");
    return [
      row(`idle tunnel, ${count} of them: memory each`, {
        ours: [perTunnel],
        format: (n) => `${n.toFixed(0)} KB`,
        goal: { most: 64 },
      }),
    ];
  });
}
