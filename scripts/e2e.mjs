/**
 * The end-to-end suite: installs and builds the workspace, installs the suite's own clients when its lock file is newer,
 * type-checks it and runs it. `npm run e2e -- --filter aws-cli` runs the test files whose names hold `aws-cli`; every other argument
 * goes to vitest as it is (`-t "presigned"`).
 */
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const tests = `${root}tests`;
const env = { ...process.env, PATH: `${root}node_modules/.bin${delimiter}${process.env.PATH}` };
const modified = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

run("node", ["scripts/build.mjs"], root);
if (modified(`${tests}/node_modules/.package-lock.json`) < modified(`${tests}/package-lock.json`)) {
  run("npm", ["ci", "--no-progress"], tests);
}
run("tsc", ["-p", "."], tests);
run(`${tests}/node_modules/.bin/vitest`, ["run", ...filters(process.argv.slice(2))], tests);

/** `--filter NAME` and `--filter=NAME` as vitest knows them: a name of its own. */
function filters(args) {
  return args.flatMap((arg) => (arg === "--filter" ? [] : [arg.replace(/^--filter=/, "")]));
}

function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, {
    cwd,
    env,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
