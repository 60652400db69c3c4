/** `npm run -s conformance -- VERB < FILE.jsonl`: builds what it needs (told on stderr), then answers line by line. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const build = spawnSync(process.execPath, [`${root}scripts/build.mjs`, "build", "--filter=iap-conformance..."], {
  stdio: ["ignore", 2, 2],
});
if (build.status !== 0) process.exit(build.status ?? 1);
const { status, error } = spawnSync(process.execPath, [`${root}conformance/dist/main.js`, ...process.argv.slice(2)], {
  stdio: "inherit",
});
if (error) throw error;
process.exit(status ?? 1);
