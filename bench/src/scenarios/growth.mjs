import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withCleanup } from "../cleanup-stack.mjs";
import { median } from "../median.mjs";
import { writeRecording } from "../policy/recording.mjs";
import { rssBytes } from "../process-usage.mjs";
import { Product } from "../product.mjs";
import { row } from "../row.mjs";
import { serviceRequests } from "../service-requests.mjs";
import { targetOf, withCpu } from "../targets.mjs";
import { proxyBin } from "../workspace.mjs";

/** Of a tenfold, for linear: what the rest of a process costs, and the noise, may not hide a square. */
const linear = 12;

const micros = (n) => `${n.toFixed(0)} µs`;
const megabytes = (n) => `${n.toFixed(0)} MB`;
const seconds = (n) => `${n.toFixed(2)} s`;
const millis = (n) => `${n.toFixed(0)} ms`;

/** What things cost as there is more of them; each row stands beside what the fewer cost. */
export async function growth(context) {
  return [
    ...(await statements(context)),
    ...(await services(context)),
    ...(await tunnels(context)),
    ...(await recordings(context)),
  ];
}

/** Policies of more and more statements, of which the requests meet the same few. */
async function statements(context) {
  const { quick, dir, upstream, say } = context;
  const sizes = quick ? [10, 100] : [10, 100, 1_000, 10_000];
  const [starts, costs, memory] = [[], [], []];
  for (const size of sizes) {
    say(`growth: a policy of ${size} statements`);
    await withCleanup(async (stack) => {
      const home = mkdtempSync(join(dir, "h"));
      const product = stack.use(await Product.start({ home, ...upstream, statements: size }));
      starts.push(product.startMs);
      costs.push(await costOf(context, product, { count: 64 }));
      memory.push(rssBytes(product.pid) / 2 ** 20);
    });
  }
  return [
    ...rowsOf("statements in the policy: CPU of a request, 64 clients", sizes, costs, micros),
    ...rowsOf("statements in the policy: start until it listens", sizes, starts, millis),
    ...rowsOf("statements in the policy: memory", sizes, memory, megabytes),
  ];
}

/** More and more services in use at once, by as many clients. */
async function services(context) {
  const { quick, dir, upstream, say } = context;
  const sizes = quick ? [1, 10] : [1, 10, 100];
  const all = await serviceRequests({ count: Math.max(...sizes) });
  const policy = { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "*", Resource: "*" } };
  const [costs, memory] = [[], []];
  for (const size of sizes) {
    say(`growth: ${size} services`);
    await withCleanup(async (stack) => {
      const product = stack.use(await Product.start({ home: mkdtempSync(join(dir, "h")), ...upstream, policy }));
      costs.push(await costOf(context, product, { count: 100, requests: all.slice(0, size) }));
      memory.push(rssBytes(product.pid) / 2 ** 20);
    });
  }
  return [
    ...rowsOf("services in use: CPU of a request, 100 clients", sizes, costs, micros),
    ...rowsOf("services in use: memory", sizes, memory, megabytes),
  ];
}

/** More and more intercepted tunnels open, 10 of which are in use. */
async function tunnels(context) {
  const { quick, dir, upstream, load, say } = context;
  const sizes = quick ? [10, 100] : [10, 1_000, 10_000];
  const [costs, memory] = [[], []];
  await withCleanup(async (stack) => {
    const product = stack.use(await Product.start({ home: mkdtempSync(join(dir, "h")), ...upstream }));
    const target = await targetOf(product);
    await load.call("aim", target.aim);
    let open = 0;
    for (const size of sizes) {
      say(`growth: ${size} tunnels`);
      // As many as can be opened before the load generator's patience ends.
      while (open < size) {
        const count = Math.min(1_000, size - open);
        await load.call("open", { count });
        open += count;
      }
      await load.call("run", { ms: pace(context).warmUpMs, clients: 10 });
      costs.push(await costOfRuns(context, target, 10));
      memory.push(rssBytes(product.pid) / 2 ** 20);
    }
    await load.call("close");
  });
  return [
    ...rowsOf("intercepted tunnels open: CPU of a request on 10 of them", sizes, costs, micros),
    ...rowsOf("intercepted tunnels open: memory", sizes, memory, megabytes),
  ];
}

/** The policy of longer and longer activity logs, of two lines a request. */
async function recordings({ quick, dir, say }) {
  const sizes = quick ? [1_000, 10_000] : [10_000, 100_000, 1_000_000];
  const [cpu, memory] = [[], []];
  for (const size of sizes) {
    say(`growth: an activity log of ${size} lines`);
    const activity = join(dir, `activity-${size}.jsonl`);
    writeRecording(activity, { count: size / 2, distinct: 200 });
    const used = await usageOf(["policy", "--output", join(dir, "policy.json"), "--activity", activity], dir);
    cpu.push(used.cpu);
    memory.push(used.megabytes);
    rmSync(activity);
  }
  return [
    ...rowsOf("lines in the activity log: CPU of `policy`", sizes, cpu, seconds),
    ...rowsOf("lines in the activity log: memory of `policy`", sizes, memory, megabytes),
  ];
}

function pace({ quick }) {
  return quick ? { rounds: 1, ms: 400, warmUpMs: 400 } : { rounds: 5, ms: 1500, warmUpMs: 2000 };
}

async function costOf(context, product, opened) {
  const { load } = context;
  const target = await targetOf(product);
  await load.call("aim", target.aim);
  await load.call("open", opened);
  await load.call("run", { ms: pace(context).warmUpMs });
  const cost = await costOfRuns(context, target);
  await load.call("close");
  return cost;
}

async function costOfRuns(context, target, clients) {
  const { rounds, ms } = pace(context);
  const costs = [];
  for (let round = 0; round < rounds; round++) {
    const { cpuMs, requests } = await withCpu(target, () => context.load.call("run", { ms, clients }));
    costs.push((cpuMs * 1000) / requests);
  }
  return median(costs);
}

/** What a command of the product uses, as it tells itself when it ends. */
async function usageOf(args, dir) {
  const [usage, hook] = [join(dir, "usage.json"), join(dir, "usage.cjs")];
  writeFileSync(
    hook,
    `process.on("exit", () => { const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    require("node:fs").writeFileSync(${JSON.stringify(usage)}, JSON.stringify({ maxRSS, cpu: userCPUTime + systemCPUTime })); });`,
  );
  const child = spawn(process.execPath, ["--require", hook, proxyBin, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${args.join(" ")} exited with ${code}: ${stderr}`);
  const { maxRSS, cpu } = JSON.parse(readFileSync(usage, "utf8"));
  return { cpu: cpu / 1e6, megabytes: maxRSS / 1024 };
}

/** A row for each size: what so many cost, beside what the fewer of the row before did, and no more than linear. */
function rowsOf(what, sizes, figures, format) {
  return sizes.map((size, i) => {
    const before = figures[i - 1];
    const most = before === undefined ? undefined : before * linear ** Math.log10(size / sizes[i - 1]);
    return row(`${size.toLocaleString("en")} ${what}`, {
      ours: [figures[i]],
      format,
      ...(before === undefined ? {} : { beside: [before], goal: { most } }),
    });
  });
}
