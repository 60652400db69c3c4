import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { setTimeout } from "node:timers/promises";

const hashingMs = 300;
const watchingMs = 1000;

/** What the figures were measured on, in a line of prose: no names of hosts, no paths. */
export async function describeMachine() {
  const cores = availableParallelism();
  const model = cpus()[0]?.model.trim() || "unknown CPU";
  const { small, bulk } = sha256Speed();
  const hashing = `SHA-256 of 1 KB ${(small / 1e3).toFixed(0)} k/s, of 64 KB ${bulk.toFixed(2)} GB/s`;
  return `${cores} cores (${model}), ${process.platform} ${process.arch}, Node ${process.version}, ${hashing}; ${await busyness(cores)}`;
}

/**
 * Watches who uses the machine. The function it gives tells, when the bench's own processes have ended, how much others used
 * on average: what they do makes every figure worse, and the CPU time of a request, too.
 */
export function watchOthers() {
  if (process.platform !== "linux") return () => "load during the run not known";
  const [before, ours] = [busyTicks(), ownTicks()];
  return () => {
    const after = busyTicks();
    const others = Math.max(0, after.busy - before.busy - (ownTicks() - ours));
    const cores = availableParallelism();
    return `${((others / Math.max(1, after.total - before.total)) * cores).toFixed(1)} during it`;
  };
}

/** CPU time of this process and those it started that have ended, in the ticks of `/proc/stat`. */
function ownTicks() {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ").at(-1).split(" ");
  return fields.slice(11, 15).reduce((sum, value) => sum + Number(value), 0);
}

/** One-shot hashes of 1 KB per second, and gigabytes per second in pieces of 64 KB. */
function sha256Speed() {
  return { small: hashesPerSecond(1024), bulk: (hashesPerSecond(65_536) * 65_536) / 1e9 };
}

function hashesPerSecond(bytes) {
  const data = Buffer.alloc(bytes, "x");
  const started = performance.now();
  let count = 0;
  while (performance.now() - started < hashingMs) {
    for (let i = 0; i < 64; i++) createHash("sha256").update(data).digest();
    count += 64;
  }
  return (count * 1000) / (performance.now() - started);
}

/** How much of the machine others used in the second before the run. */
async function busyness(cores) {
  if (process.platform !== "linux") return "load before the run not known";
  const before = busyTicks();
  await setTimeout(watchingMs);
  const after = busyTicks();
  const share = (after.busy - before.busy) / Math.max(1, after.total - before.total);
  return `others used ${(share * cores).toFixed(1)} of the ${cores} cores just before the run`;
}

function busyTicks() {
  const ticks = readFileSync("/proc/stat", "utf8").split("\n")[0].trim().split(/\s+/).slice(1, 9).map(Number);
  const total = ticks.reduce((sum, value) => sum + value, 0);
  const [, , , idle, iowait] = ticks;
  return { busy: total - idle - iowait, total };
}
