/**
 * What keeps the packages in order: nothing unused or undeclared (knip), nothing that would be published wrong (publint), no
 * dependency with a known vulnerability (audit). The tools come from the npm registry, by version.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const published = ["packages", "apps"].flatMap((group) =>
  readdirSync(join(root, group)).map((name) => join(root, group, name)),
);

must("knip", run("npx", ["--yes", "knip@6.44.2", "--no-progress", "--no-config-hints"], root));
for (const folder of published) {
  must(
    `publint ${folder.slice(root.length)}`,
    run("npx", ["--yes", "publint@0.3.25", "--strict", "--pack", "npm"], folder),
  );
}
for (const [what, command, args, cwd] of [
  ["audit of the workspace", join(root, "node_modules/.bin/pnpm"), ["audit"], root],
  ["audit of the end-to-end clients", "npm", ["audit"], join(root, "tests")],
]) {
  const result = run(command, args, cwd);
  // A registry mirror may not answer the question; what it says then is no vulnerability, and is told.
  if (/AUDIT_BAD_RESPONSE|audit endpoint returned an error|ENOAUDIT/.test(result.output)) {
    console.log(`${what}: this registry does not answer audits, left out`);
  } else must(what, result);
}

function run(command, args, cwd) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  return { status, output: `${stdout}${stderr}` };
}

function must(what, { status, output }) {
  if (status === 0) return console.log(`${what}: clean`);
  console.error(`${what}:\n${output}`);
  process.exit(1);
}
