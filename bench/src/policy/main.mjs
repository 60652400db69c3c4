/** Measures what commands make of a recording of 100,000 requests, and prints one table. See README.md. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeMachine } from "../machine.mjs";
import { median } from "../median.mjs";
import { writeRecording } from "./recording.mjs";

const { values } = parseArgs({ options: { quick: { type: "boolean" }, write: { type: "boolean" } } });
const count = values.quick ? 10_000 : 100_000;
const rounds = values.quick ? 1 : 3;
const bin = process.env.IAP_PROXY_BIN ?? fileURLToPath(new URL("../../../apps/proxy/dist/main.js", import.meta.url));

const dir = mkdtempSync(join(tmpdir(), "iap-"));
process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

const machine = await describeMachine();
const requests = count.toLocaleString("en");
const rows = [];
for (const [what, distinct] of [
  ["200 resources", 200],
  ["as many S3 keys as there are requests for them", count],
]) {
  const activity = join(dir, `activity-${distinct}.jsonl`);
  writeRecording(activity, { count, distinct });
  const policy = join(dir, `policy-${distinct}.json`);
  const size = `${Math.round(statSync(activity).size / 1e6)} MB`;
  await measure(`policy, ${what} (${size})`, ["policy", "--output", policy, "--activity", activity], {
    seconds: 3,
    megabytes: 300,
  });
  const fitted = ["policy", "--for", "managed", "--generalize", "siblings", "--activity", activity];
  await measure(`policy --for managed --generalize siblings, ${what}`, fitted, { seconds: 3, megabytes: 300 });
  await measure(`replay of that policy, ${what}`, ["replay", "--policy", policy, "--activity", activity]);
}
const table = [
  `| ${requests} requests: | time | CPU | memory | goal | |`,
  "| --- | --- | --- | --- | --- | --- |",
  ...rows.map((row) => `| ${row.join(" | ")} |`),
].join("\n");
const report = `${table}\n\n${machine}.\n`;
process.stdout.write(report);
if (values.write) {
  writeFileSync(
    fileURLToPath(new URL("../../POLICY.md", import.meta.url)),
    `# The policy of a recording\n\nWritten by \`npm run bench -- policy --write\`; README.md says how to read it.\n\n${report}`,
  );
}

/** Runs a command a few times; the medians of its time and CPU, and its highest resident memory. It must exit with 0. */
async function measure(name, args, goal) {
  process.stderr.write(`${name}\n`);
  const runs = [];
  for (let round = 0; round < rounds; round++) runs.push(await run(args));
  const seconds = median(runs.map((one) => one.seconds));
  const cpu = median(runs.map((one) => one.cpu));
  const megabytes = Math.max(...runs.map((one) => one.megabytes));
  const met = goal === undefined ? "" : seconds <= goal.seconds && megabytes <= goal.megabytes ? "met" : "missed";
  rows.push([
    name,
    `${seconds.toFixed(2)} s`,
    `${cpu.toFixed(2)} s`,
    `${Math.round(megabytes)} MB`,
    goal === undefined ? "" : `≤ ${goal.seconds} s, ${goal.megabytes} MB`,
    met,
  ]);
}

async function run(args) {
  // The process tells its own use when it ends: it has the highest memory and all of its threads.
  const usage = join(dir, "usage.json");
  const hook = `process.on("exit", () => { const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    require("node:fs").writeFileSync(${JSON.stringify(usage)}, JSON.stringify({ maxRSS, cpu: userCPUTime + systemCPUTime })); });`;
  const hookFile = join(dir, "usage.cjs");
  writeFileSync(hookFile, hook);
  const start = performance.now();
  const child = spawn(process.execPath, ["--require", hookFile, bin, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  const [code] = await once(child, "close");
  const seconds = (performance.now() - start) / 1000;
  if (code !== 0) {
    process.stderr.write(`broken: ${args.join(" ")} exited with ${code}: ${stderr}\n`);
    process.exit(1);
  }
  const { maxRSS, cpu } = JSON.parse(readFileSync(usage, "utf8"));
  return { seconds, cpu: cpu / 1e6, megabytes: maxRSS / 1024 };
}
