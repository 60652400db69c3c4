/**
 * Builds the workspace with nothing but node and npm: installs it when it is missing or older than the lock file, with
 * the pinned pnpm, then runs turbo. Arguments go to turbo; without any, everything is built.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const modified = (file) => statSync(`${root}${file}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (modified("node_modules/.modules.yaml") < modified("pnpm-lock.yaml")) {
  const { devDependencies } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  console.error("Installing dependencies (once) ...");
  run("npx", ["--yes", `pnpm@${devDependencies.pnpm}`, "install", "--frozen-lockfile", "--reporter=append-only"]);
}
const args = process.argv.slice(2);
run("turbo", ["run", ...(args.length === 0 ? ["build"] : args), "--output-logs=errors-only", "--no-update-notifier"]);

/** Runs a program with its output on stderr: stdout belongs to what comes after the build. */
function run(command, args) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    // turbo calls pnpm, which is a devDependency.
    env: {
      ...process.env,
      TURBO_TELEMETRY_DISABLED: "1",
      PATH: `${root}node_modules/.bin${delimiter}${process.env.PATH}`,
    },
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
