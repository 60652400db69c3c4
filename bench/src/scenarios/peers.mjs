import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { withCleanup } from "../cleanup-stack.mjs";
import { debianPeers } from "../debian-peers.mjs";
import { row } from "../row.mjs";
import { direct, startOurs, withCpu } from "../targets.mjs";

const clients = 64;

/** The requests of `requests` through other intercepting proxies that a Debian system may have, beside the product. */
export async function peers(context) {
  const rows = [];
  for (const [name, { missing, start }] of Object.entries(debianPeers)) {
    const why = missing();
    if (why === undefined) rows.push(...(await measure(context, name, start)));
    else {
      context.say(`${name}: left out, for ${why}`);
      rows.push(row(`request, ${clients} clients, beside ${name}: left out, for ${why}`, { ours: undefined }));
    }
  }
  return rows;
}

function measure(context, name, start) {
  const { quick, load, say, dir, upstream } = context;
  const { warmUpMs, rounds, ms } = quick
    ? { warmUpMs: 1500, rounds: 2, ms: 500 }
    : { warmUpMs: 2000, rounds: 5, ms: 1500 };
  return withCleanup(async (stack) => {
    const peer = stack.use(await start({ dir: mkdtempSync(join(dir, "d")), ...upstream }));
    const { keys } = direct(context).aim;
    const { pid, port, ca } = peer;
    const its = { name, pid, aim: { port, proxied: true, connectPort: upstream.upstreamPort, ca, keys } };
    const ours = await startOurs(context, stack);
    const measured = new Map([ours, its].map((target) => [target, []]));
    for (let round = 0; round <= rounds; round++) {
      say(round === 0 ? `${name}: warming up` : `${name}: round ${round} of ${rounds}`);
      for (const [target, runs] of measured) {
        await load.call("aim", target.aim);
        await load.call("open", { count: clients });
        const run = await withCpu(target, () => load.call("run", { ms: round === 0 ? warmUpMs : ms }));
        await load.call("close");
        if (round > 0) runs.push(run);
      }
    }
    const both = (value) => ({ ours: measured.get(ours).map(value), beside: measured.get(its).map(value) });
    return [
      row(`request, ${clients} clients, beside ${name}: CPU of the proxy`, {
        ...both(({ cpuMs, requests }) => (cpuMs * 1000) / requests),
        better: "less",
        format: (n) => `${n.toFixed(0)} µs`,
      }),
      row(`request, ${clients} clients, beside ${name}: rate`, {
        ...both(({ perSecond }) => perSecond),
        better: "more",
        format: (n) => `${n.toFixed(0)} /s`,
      }),
    ];
  });
}
