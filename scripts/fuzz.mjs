/**
 * Hunts every reader of hostile bytes for a while: `node scripts/fuzz.mjs --seconds 120`. `--only sigv4/` takes the targets
 * whose names hold that, `--keep` adds what was found to `fuzz/corpus`, `--seed N` repeats a run.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    only: { type: "string" },
    keep: { type: "boolean", default: false },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
  },
});
const root = fileURLToPath(new URL("..", import.meta.url));
const { status } = spawnSync(
  `${root}node_modules/.bin/vitest`,
  [
    ...["run", "--config", "vitest.workspace.ts", "--project", "iap-fuzz"],
    ...(values.only === undefined ? [] : ["-t", values.only]),
  ],
  {
    cwd: root,
    stdio: "inherit",
    env: {
      ...process.env,
      IAP_FUZZ_SECONDS: values.seconds,
      IAP_FUZZ_SEED: values.seed,
      ...(values.keep ? { IAP_FUZZ_KEEP: "1" } : {}),
    },
  },
);
process.exitCode = status ?? 1;
