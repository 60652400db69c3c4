/**
 * Builds the workspace with nothing but node and npm: installs it when it is missing or older than the lock file, with
 * the pinned pnpm, then runs turbo. Arguments go to turbo; without any, everything is built.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, statSync, writeSync } from "node:fs";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const { devDependencies, engines } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const [major, minor] = process.versions.node.split(".").map(Number);
const [leastMajor, leastMinor] = engines.node.match(/\d+/g).map(Number);
if (major < leastMajor || (major === leastMajor && minor < leastMinor)) {
  console.error(`Node.js ${leastMajor}.${leastMinor} or later is needed, and this is ${process.version}.`);
  process.exit(1);
}
const modified = (file) => statSync(`${root}${file}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (modified("node_modules/.modules.yaml") < modified("pnpm-lock.yaml")) {
  console.error("Installing dependencies (once) ...");
  run("npx", ["--yes", `pnpm@${devDependencies.pnpm}`, "install", "--frozen-lockfile", "--reporter=append-only"]);
}
const args = process.argv.slice(2);
console.error("Building ...");
const turbo = ["run", ...(args.length === 0 ? ["build"] : args), "--output-logs=errors-only", "--no-update-notifier"];
run("turbo", turbo, { quiet: true });

/**
 * Runs a program with its output on stderr: stdout belongs to what comes after the build. `quiet`: only what it says when
 * it fails.
 */
function run(command, args, { quiet = false } = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    // turbo calls pnpm, which is a devDependency.
    env: {
      ...process.env,
      TURBO_TELEMETRY_DISABLED: "1",
      PATH: `${root}node_modules/.bin${delimiter}${process.env.PATH}`,
    },
    stdio: quiet ? ["ignore", "pipe", "pipe"] : ["ignore", 2, 2],
    maxBuffer: 64 * 1024 * 1024,
    shell: process.platform === "win32",
  });
  if (error) throw error;
  if (status === 0) return;
  // Written before the process exits, unlike what goes through a stream.
  if (quiet) for (const output of [stdout, stderr]) writeSync(2, output);
  process.exit(status ?? 1);
}
