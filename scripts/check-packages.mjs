/**
 * What keeps the packages in order: nothing unused or undeclared (knip), nothing that would be published wrong (publint), no
 * dependency that docs/dependencies.md does not give a reason for, or with a known vulnerability (audit). The tools come from
 * the npm registry, by version.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const published = ["packages", "apps"].flatMap((group) =>
  readdirSync(join(root, group)).map((name) => join(root, group, name)),
);

must("docs/dependencies.md", listed());
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

/** Whether the list names what is used from elsewhere, all of it and nothing else. */
function listed() {
  const text = readFileSync(join(root, "docs/dependencies.md"), "utf8");
  const rows = text.split("\n").filter((line) => line.startsWith("| `"));
  const names = rows.flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, name]) => name));
  const folders = ["", "tests", "bench", "conformance", "examples", "examples/http-mitm-proxy", "fuzz"].map((name) =>
    join(root, name),
  );
  const tools = readdirSync(join(root, "tools")).map((name) => join(root, "tools", name));
  const used = new Set();
  for (const folder of [...folders, ...published, ...tools]) {
    const file = join(folder, "package.json");
    if (!existsSync(file)) continue;
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(readFileSync(file, "utf8"));
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })) {
      if (!version.startsWith("workspace:")) used.add(name);
    }
  }
  const missing = [...used].filter((name) => !names.includes(name));
  const gone = names.filter((name) => !used.has(name));
  const output = `without a reason: ${missing.join(", ") || "none"}\nlisted and not used: ${gone.join(", ") || "none"}`;
  return { status: missing.length + gone.length, output };
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
