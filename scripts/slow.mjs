/**
 * What takes too long for every change: fuzzers for two minutes each, a soak of twenty, ten thousand idle tunnels. An hour
 * and a quarter in all.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const env = { ...process.env, IAP_SLOW: "1" };
const steps = [
  ["scripts/build.mjs"],
  ["scripts/fuzz.mjs", "--seconds", "120"],
  ["scripts/e2e.mjs", "--filter", "idle-tunnels", "--filter", "soak"],
];
for (const args of steps) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
