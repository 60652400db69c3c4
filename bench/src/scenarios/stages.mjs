import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { withCleanup } from "../cleanup-stack.mjs";
import { median } from "../median.mjs";
import { Product } from "../product.mjs";
import { row } from "../row.mjs";
import { stages as names, outside, stageOf } from "../stage-of.mjs";
import { targetOf, withCpu } from "../targets.mjs";

const clients = 64;
const patienceMs = 20_000;

/**
 * Where the CPU time of a request goes: a profile of the proxy under the load of `requests`, each sample put down to a
 * stage. The shares are the profile's, the time that they are shares of is that of runs without it.
 */
export function stages(context) {
  const { quick, dir, load, say, upstream } = context;
  const { warmUpMs, rounds, ms } = quick
    ? { warmUpMs: 800, rounds: 2, ms: 700 }
    : { warmUpMs: 2500, rounds: 5, ms: 2000 };
  return withCleanup(async (stack) => {
    const file = join(dir, "stages.cpuprofile");
    const preload = new URL(`../profiled.mjs?file=${encodeURIComponent(file)}`, import.meta.url);
    const home = mkdtempSync(join(dir, "p"));
    const product = stack.use(await Product.start({ home, ...upstream, nodeArgs: ["--import", preload.href] }));
    const target = await targetOf(product);
    await load.call("aim", target.aim);
    await load.call("open", { count: clients });
    await load.call("run", { ms: warmUpMs });
    const run = () => withCpu(target, () => load.call("run", { ms }));
    const costs = [];
    // Before the profiles: code that was compiled under the profiler is slower for good.
    for (let round = 1; round <= rounds; round++) {
      say(`stages: round ${round} of ${rounds}, without the profiler`);
      const { cpuMs, requests } = await run();
      costs.push((cpuMs * 1000) / requests);
    }
    const cost = median(costs);
    const shares = new Map(names.map((name) => [name, []]));
    for (let round = 1; round <= rounds; round++) {
      say(`stages: round ${round} of ${rounds}, with it`);
      process.kill(product.pid, "SIGUSR2");
      await setTimeout(100);
      const { cpuMs } = await run();
      process.kill(product.pid, "SIGUSR2");
      const found = sharesOf(await profileIn(file), cpuMs);
      for (const name of names) shares.get(name).push(found.get(name) ?? 0);
    }
    await load.call("close");
    const format = (n) => `${n.toFixed(1)} µs`;
    // The medians of parts do not add up to one by themselves.
    const all = names.reduce((sum, name) => sum + median(shares.get(name)), 0);
    return [
      row("where they go: all of a request, 64 clients", { ours: costs, format, goal: { most: 120 } }),
      ...names.map((name) => row(`- ${name}`, { ours: [(median(shares.get(name)) / all) * cost], format })),
    ];
  });
}

async function profileIn(file) {
  for (let waited = 0; waited < patienceMs; waited += 50) {
    if (existsSync(file)) {
      const profile = JSON.parse(readFileSync(file, "utf8"));
      rmSync(file);
      if (profile.error !== undefined) throw new Error(`there is no profile: ${profile.error}`);
      return profile;
    }
    await setTimeout(50);
  }
  throw new Error("there is no profile");
}

/** The share of each stage in the CPU time. What the profiler calls idle is Node's own reading as far as there was CPU time for it. */
function sharesOf({ nodes, samples, timeDeltas }, cpuMs) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const node of nodes) for (const child of node.children ?? []) byId.get(child).parent = node;
  const stageOfNode = new Map();
  const micros = new Map();
  let [seen, idle] = [0, 0];
  samples.forEach((id, i) => {
    const delta = Math.max(0, timeDeltas[i + 1] ?? 0);
    if (byId.get(id).callFrame.functionName === "(idle)") {
      idle += delta;
      return;
    }
    if (!stageOfNode.has(id)) stageOfNode.set(id, stageOf(stackOf(byId.get(id))));
    const stage = stageOfNode.get(id);
    micros.set(stage, (micros.get(stage) ?? 0) + delta);
    seen += delta;
  });
  const native = Math.min(idle, Math.max(0, cpuMs * 1000 - seen));
  micros.set(outside, (micros.get(outside) ?? 0) + native);
  return new Map([...micros].map(([stage, value]) => [stage, value / (seen + native)]));
}

function stackOf(node) {
  const stack = [];
  for (let at = node; at !== undefined; at = at.parent) stack.push(at.callFrame);
  return stack;
}
