import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Looks at a running program from outside (Linux), and at its heap from inside. */
export class ProcessWatch {
  readonly #file: string;
  #pid = 0;

  /** `folder`: where it reports to. */
  constructor(folder: string) {
    this.#file = join(folder, "heap-report.json");
  }

  /** What the program's environment must have. */
  get env(): NodeJS.ProcessEnv {
    const reporter = fileURLToPath(new URL("../clients/heap-reporter.mjs", import.meta.url));
    return { NODE_OPTIONS: `--import=${reporter}`, HEAP_REPORT_FILE: this.#file };
  }

  watch(pid: number): void {
    this.#pid = pid;
  }

  /** Open file descriptors. */
  get descriptors(): number {
    return readdirSync(`/proc/${this.#pid}/fd`).length;
  }

  /** Processor time it has used, in milliseconds. */
  get cpuMs(): number {
    const fields = readFileSync(`/proc/${this.#pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    // In ticks of a hundredth of a second (proc(5): utime and stime).
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  get residentBytes(): number {
    const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#pid}/status`, "utf8"));
    return Number(line?.[1]) * 1024;
  }

  /** What its heap and buffers hold when garbage has been collected. */
  async heapBytes(): Promise<number> {
    rmSync(this.#file, { force: true });
    process.kill(this.#pid, "SIGUSR2");
    for (const end = performance.now() + 30_000; ; ) {
      try {
        return (JSON.parse(readFileSync(this.#file, "utf8")) as { readonly bytes: number }).bytes;
      } catch (error) {
        if (performance.now() > end) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
