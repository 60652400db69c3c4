import { setTimeout } from "node:timers/promises";
import { withCleanup } from "../cleanup-stack.mjs";
import { row } from "../row.mjs";
import { startOurs, startPeer, withCpu } from "../targets.mjs";

/** What closing connections costs is over by then. */
const settleMs = 100;

/** New connections: CONNECT and a full TLS handshake, one after the other, without a request. */
export function connections(context) {
  const { quick, load, say } = context;
  const rounds = quick ? 2 : 5;
  const known = quick ? 60 : 150;
  /** The peer makes an RSA key for each host, which blocks it for 0.1 s and more. */
  const fresh = quick ? { ours: 20, peer: 4 } : { ours: 50, peer: 10 };

  return withCleanup(async (stack) => {
    const targets = [await startOurs(context, stack), await startPeer(context, stack)];
    for (const target of targets) await measure(target, { count: known });
    const measured = { known: { ours: [], peer: [] }, fresh: { ours: [], peer: [] } };
    for (let round = 0; round < rounds; round++) {
      say(`connections: round ${round + 1} of ${rounds}`);
      for (const target of targets) {
        const { name } = target;
        measured.known[name].push(await measure(target, { count: known }));
        const count = fresh[name];
        measured.fresh[name].push(await measure(target, { count, firstNumber: round * count }));
      }
    }
    return [...rowsOf("a host with a certificate", measured.known), ...rowsOf("a new host", measured.fresh)];
  });

  async function measure(target, options) {
    await load.call("aim", target.aim);
    const { p50Ms, cpuMs } = await withCpu(target, async () => {
      const result = await load.call("handshakes", options);
      await setTimeout(settleMs);
      return result;
    });
    return { p50Ms, cpuMs: cpuMs / options.count };
  }
}

function rowsOf(which, { ours, peer }) {
  const format = (n) => `${n.toFixed(1)} ms`;
  const both = (value) => ({ ours: ours.map(value), peer: peer.map(value), better: "less", format });
  return [
    row(
      `connection to ${which}: p50`,
      both(({ p50Ms }) => p50Ms),
    ),
    row(
      `connection to ${which}: CPU of the proxy`,
      both(({ cpuMs }) => cpuMs),
    ),
  ];
}
