/**
 * The bench: builds the workspace, installs the bench's own peers when its lock file is newer, and runs it. Arguments go to
 * the bench: `--quick` (under a minute), `--only NAME`, `--write` (updates bench/RESULTS.md). `evaluator` first measures
 * the evaluator instead, beside its peers; `policy` the commands that read a recording.
 */
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const bench = `${root}bench`;
const modified = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

run("node", ["scripts/build.mjs"], root);
if (modified(`${bench}/node_modules/.package-lock.json`) < modified(`${bench}/package-lock.json`)) {
  // Its output is no result: stdout holds the table alone.
  run("npm", ["ci", "--no-progress"], bench, ["ignore", 2, 2]);
}
const [part, ...more] = process.argv.slice(2);
if (part === "evaluator") {
  // Without the flag V8 of Node 20 dies of calling into cedar's WebAssembly in optimised code.
  run("node", ["--no-turbo-inline-js-wasm-calls", "src/evaluator/main.mjs", ...more], bench);
} else if (part === "policy") run("node", ["src/policy/main.mjs", ...more], bench);
else run("node", ["src/main.mjs", ...process.argv.slice(2)], bench);

function run(command, args, cwd, stdio = "inherit") {
  const { status, error } = spawnSync(command, args, { cwd, stdio, shell: process.platform === "win32" });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
