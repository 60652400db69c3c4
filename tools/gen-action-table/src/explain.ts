import { readFileSync } from "node:fs";
import { join } from "node:path";

/** `explain.js SERVICE [OPERATION]`: what the committed table says of a service's operations, shared resources spelled out. */
const [service, ...names] = process.argv.slice(2);
if (service === undefined) {
  process.stderr.write("usage: node tools/gen-action-table/dist/explain.js SERVICE [OPERATION ...]\n");
  process.exit(2);
}
const file = join(import.meta.dirname, "..", "..", "..", "packages", "action-resolver", "data", `${service}.json`);
const shard = JSON.parse(readFileSync(file, "utf8")) as {
  readonly resources?: readonly unknown[];
  readonly operations: Readonly<Record<string, string | { readonly c: unknown }>>;
};
for (const [name, entry] of Object.entries(shard.operations)) {
  if (names.length > 0 && !names.includes(name)) continue;
  process.stdout.write(`${name}\n`);
  if (typeof entry === "string") {
    process.stdout.write(`    ${entry}\n`);
    continue;
  }
  const { c, ...rest } = entry;
  for (const check of Array.isArray(c) ? c : [c]) process.stdout.write(`    ${JSON.stringify(spelled(check))}\n`);
  if (names.length > 0) process.stdout.write(`    ${JSON.stringify(rest)}\n`);
}

function spelled(check: unknown): unknown {
  if (!Array.isArray(check)) return check;
  const [action, resources, ...more] = check as unknown[];
  const spell = (resource: unknown): unknown => (typeof resource === "number" ? shard.resources?.[resource] : resource);
  return [action, Array.isArray(resources) ? resources.map(spell) : spell(resources), ...more];
}
