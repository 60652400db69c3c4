/** Preloaded into a program: on SIGUSR2 it collects garbage, and writes what is left to a file. */
import { writeFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");
process.on("SIGUSR2", () => {
  collect();
  collect();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  writeFileSync(process.env.HEAP_REPORT_FILE, JSON.stringify({ bytes: heapUsed + external + arrayBuffers }));
});
