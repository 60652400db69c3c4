/** Measures what the product costs as its work grows, tenfold each time, and prints one table. See README.md. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { withCleanup } from "../cleanup-stack.mjs";
import { describeMachine } from "../machine.mjs";
import { median } from "../median.mjs";
import { writeRecording } from "../policy/recording.mjs";
import { rssBytes } from "../process-usage.mjs";
import { Product } from "../product.mjs";
import { serviceRequests } from "../service-requests.mjs";
import { targetOf, withCpu } from "../targets.mjs";
import { Worker } from "../worker.mjs";
import { proxyBin } from "../workspace.mjs";

const longestMs = 10 * 60_000;
/** Of a tenfold: what the rest of a process costs, and the noise, may not hide a square. */
const linear = 12;

const { values } = parseArgs({ options: { quick: { type: "boolean" }, write: { type: "boolean" } } });
const quick = values.quick ?? false;
const [rounds, ms, warmUpMs] = quick ? [2, 500, 500] : [5, 1500, 2000];

const dir = mkdtempSync(join(tmpdir(), "iap-"));
process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
process.on("uncaughtException", (error) => {
  say(`broken: ${error.message}`);
  process.exit(1);
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
global
  .setTimeout(() => {
    say(`it takes longer than ${longestMs / 60_000} minutes: something hangs`);
    process.exit(1);
  }, longestMs)
  .unref();

const machine = await describeMachine();
const lines = [];
await withCleanup(async (stack) => {
  const upstreamWorker = stack.use(new Worker("upstream"));
  const load = stack.use(new Worker("load"));
  const caDir = join(dir, "upstream");
  const { port } = await upstreamWorker.call("listen", { caDir });
  const upstream = { upstreamPort: port, upstreamCa: readFileSync(join(caDir, "ca.pem"), "utf8") };
  await statements({ load, upstream });
  await services({ load, upstream });
  await tunnels({ load, upstream });
});
await recordings();

const heads = ["of these there are", "", "", "", "", "at most, for ten times as many", ""];
const table = [heads, heads.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
const report = `${table}\n\n${machine}.\n`;
process.stdout.write(report);
if (values.write) {
  writeFileSync(
    fileURLToPath(new URL("../../GROWTH.md", import.meta.url)),
    `# Growth\n\nWritten by \`npm run bench -- growth --write\`; README.md says how to read it.\n\n${report}`,
  );
}

/** Policies of more and more statements, of which the requests meet the same few. */
async function statements({ load, upstream }) {
  const sizes = quick ? [10, 100, 1_000] : [10, 100, 1_000, 10_000];
  const [starts, costs, memory] = [[], [], []];
  for (const size of sizes) {
    say(`a policy of ${size} statements`);
    await withCleanup(async (stack) => {
      const home = mkdtempSync(join(dir, "h"));
      const product = stack.use(await Product.start({ home, ...upstream, statements: size }));
      starts.push(product.startMs);
      costs.push(await costOf(product, load, { count: 64 }));
      memory.push(rssBytes(product.pid) / 2 ** 20);
    });
  }
  line("statements of the policy: start until it listens", sizes, starts, (n) => `${n.toFixed(0)} ms`);
  line("statements of the policy: CPU of a request, 64 clients", sizes, costs, micros);
  line("statements of the policy: memory after that", sizes, memory, megabytes);
}

/** More and more services in use at once, by as many clients. */
async function services({ load, upstream }) {
  const sizes = quick ? [1, 10] : [1, 10, 100];
  const all = await serviceRequests({ count: Math.max(...sizes) });
  const policy = { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "*", Resource: "*" } };
  const [costs, memory] = [[], []];
  for (const size of sizes) {
    say(`${size} services`);
    await withCleanup(async (stack) => {
      const product = stack.use(await Product.start({ home: mkdtempSync(join(dir, "h")), ...upstream, policy }));
      costs.push(await costOf(product, load, { count: 100, requests: all.slice(0, size) }));
      memory.push(rssBytes(product.pid) / 2 ** 20);
    });
  }
  line("services in use: CPU of a request, 100 clients", sizes, costs, micros);
  line("services in use: memory after that", sizes, memory, megabytes);
}

/** More and more intercepted tunnels open, 10 of which are in use. */
async function tunnels({ load, upstream }) {
  const sizes = quick ? [10, 300] : [10, 1_000, 10_000];
  const [costs, memory] = [[], []];
  await withCleanup(async (stack) => {
    const product = stack.use(await Product.start({ home: mkdtempSync(join(dir, "h")), ...upstream }));
    const target = await targetOf(product);
    await load.call("aim", target.aim);
    let open = 0;
    for (const size of sizes) {
      say(`${size} tunnels`);
      // As many as can be opened before the load generator's patience ends.
      while (open < size) {
        const count = Math.min(2_000, size - open);
        await load.call("open", { count });
        open += count;
      }
      await load.call("run", { ms: warmUpMs, clients: 10 });
      costs.push(await costOfRuns(target, load, 10));
      memory.push(rssBytes(product.pid) / 2 ** 20);
    }
    await load.call("close");
  });
  line("intercepted tunnels open: CPU of a request on 10 of them", sizes, costs, micros);
  line("intercepted tunnels open: memory", sizes, memory, megabytes);
}

/** The policy of longer and longer activity logs, of two lines a request. */
async function recordings() {
  const sizes = quick ? [2_000, 20_000] : [10_000, 100_000, 1_000_000];
  const [seconds, cpu, memory] = [[], [], []];
  for (const size of sizes) {
    say(`an activity log of ${size} lines`);
    const activity = join(dir, `activity-${size}.jsonl`);
    writeRecording(activity, { count: size / 2, distinct: 200 });
    const used = await usageOf(["policy", "--output", join(dir, "policy.json"), "--activity", activity]);
    seconds.push(used.seconds);
    cpu.push(used.cpu);
    memory.push(used.megabytes);
    say(`${(statSync(activity).size / 1e6).toFixed(0)} MB`);
    rmSync(activity);
  }
  line("lines of the activity log: time of `policy`", sizes, seconds, (n) => `${n.toFixed(2)} s`);
  line("lines of the activity log: CPU of `policy`", sizes, cpu, (n) => `${n.toFixed(2)} s`);
  line("lines of the activity log: memory of `policy`", sizes, memory, megabytes);
}

async function costOf(product, load, opened) {
  const target = await targetOf(product);
  await load.call("aim", target.aim);
  await load.call("open", opened);
  await load.call("run", { ms: warmUpMs });
  const cost = await costOfRuns(target, load);
  await load.call("close");
  return cost;
}

async function costOfRuns(target, load, clients) {
  const costs = [];
  for (let round = 0; round < rounds; round++) {
    const { cpuMs, requests } = await withCpu(target, () => load.call("run", { ms, clients }));
    costs.push((cpuMs * 1000) / requests);
  }
  await setTimeout(100);
  return median(costs);
}

/** What a command of the product uses, as it tells itself when it ends. */
async function usageOf(args) {
  const [usage, hook] = [join(dir, "usage.json"), join(dir, "usage.cjs")];
  writeFileSync(
    hook,
    `process.on("exit", () => { const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    require("node:fs").writeFileSync(${JSON.stringify(usage)}, JSON.stringify({ maxRSS, cpu: userCPUTime + systemCPUTime })); });`,
  );
  const before = performance.now();
  const child = spawn(process.execPath, ["--require", hook, proxyBin, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  const [code] = await once(child, "close");
  const seconds = (performance.now() - before) / 1000;
  if (code !== 0) throw new Error(`${args.join(" ")} exited with ${code}: ${stderr}`);
  const { maxRSS, cpu } = JSON.parse(readFileSync(usage, "utf8"));
  return { seconds, cpu: cpu / 1e6, megabytes: maxRSS / 1024 };
}

/** A line of the table, and how much the worst tenfold costs: the first figures are mostly what there is without any work. */
function line(title, sizes, figures, format) {
  const growths = figures.slice(1).map((figure, i) => {
    const tenfolds = Math.log10(sizes[i + 1] / sizes[i]);
    return (figure / figures[i]) ** (1 / tenfolds);
  });
  const growth = Math.max(...growths);
  const cells = Array.from({ length: 4 }, (_, i) =>
    figures[i] === undefined ? "" : `${sizes[i].toLocaleString("en")}: ${format(figures[i])}`,
  );
  lines.push([title, ...cells, `${growth.toFixed(1)} ×`, growth <= linear ? "linear, or less" : "more than linear"]);
}

function micros(n) {
  return `${n.toFixed(0)} µs`;
}

function megabytes(n) {
  return `${n.toFixed(0)} MB`;
}

/** Progress, beside the result. */
function say(text) {
  process.stderr.write(`${text}\n`);
}
