import { readFileSync } from "node:fs";
import { defaultLimits } from "@iap/interceptor";

/**
 * How many client connections one of `processes` processes takes: its part of what a proxy takes, and no more than leave a
 * quarter of its file descriptors, 64 at least, to connections to AWS and to the logs. The system closes without a word
 * what comes when there are none; a limit of ours says so, and those who are served go on being served.
 */
export function connectionLimit(processes: number, limits: () => string = ownLimits): number {
  const share = Math.ceil(defaultLimits.maxConnections / processes);
  const openFiles = Number(/^Max open files +(\d+)/m.exec(limits())?.[1] ?? Number.POSITIVE_INFINITY);
  if (!Number.isFinite(openFiles)) return share;
  return Math.max(1, Math.min(share, openFiles - Math.max(64, Math.ceil(openFiles / 4))));
}

/** The limits of this process, where there is such a file (Linux). */
function ownLimits(): string {
  try {
    return readFileSync("/proc/self/limits", "utf8");
  } catch {
    return "";
  }
}
