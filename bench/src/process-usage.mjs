import { readFileSync } from "node:fs";
import { setInterval } from "node:timers/promises";

const sampleMs = 50;
/** Linux counts a process' time in ticks of 10 ms (USER_HZ), whatever the kernel's own clock. */
const tickMs = 10;

/**
 * The CPU time a process and those that it has started have used up to now, user and system, all threads, in
 * milliseconds; NaN where there is no /proc.
 * @param {number} pid
 */
export function cpuMs(pid) {
  if (process.platform !== "linux") return Number.NaN;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
  return ownCpuMs(pid) + children.reduce((sum, child) => sum + cpuMs(Number(child)), 0);
}

function ownCpuMs(pid) {
  // The second field is the program's name in brackets, which may hold spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ");
  const [user, system] = fields.slice(11, 13).map(Number);
  return (user + system) * tickMs;
}

/**
 * The resident memory of a process in bytes; NaN where there is no /proc.
 * @param {number} pid
 */
export function rssBytes(pid) {
  if (process.platform !== "linux") return Number.NaN;
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) * 1024;
}

/**
 * Samples the resident memory of a process every 50 ms until `stop()`, which gives the highest seen.
 * @param {number} pid
 */
export function watchRss(pid) {
  const ending = new AbortController();
  let peak = rssBytes(pid);
  const sampling = (async () => {
    for await (const _ of setInterval(sampleMs, undefined, { signal: ending.signal })) {
      peak = Math.max(peak, rssBytes(pid));
    }
  })().catch(() => {
    // Stopped, or the process is gone, which is found out elsewhere.
  });
  return {
    async stop() {
      ending.abort();
      await sampling;
      return peak;
    },
  };
}
