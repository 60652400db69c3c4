/** Proves that the linter holds the dependency graph and the purity of the pure packages: each of these must be refused. */
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

const violations = [
  ["a pure package that reads files", "sigv4", { "a.ts": 'export { readFileSync } from "node:fs";' }],
  ["a pure package with a clock", "iam-evaluator", { "a.ts": "export const now: number = Date.now();" }],
  ["a pure package that reads the environment", "aws-core", { "a.ts": "export const a: unknown = process.env.HOME;" }],
  ["a dependency that is not declared", "sigv4", { "a.ts": 'export { verify } from "@iap/sigv4-verify";' }],
  ["a package that logs", "ca-manager", { "a.ts": 'console.log("made");' }],
  [
    "an import cycle",
    "interceptor",
    {
      "a.ts": 'import { b } from "./lint-probe-b.ts";\nexport const a = (): unknown => b;',
      "b.ts": 'import { a } from "./lint-probe-a.ts";\nexport const b = (): unknown => a;',
    },
  ],
];

let failed = lint("iam-evaluator", { "a.ts": "export const one = 1;" }) ? 0 : 1;
if (failed > 0) console.error("the linter refuses a file that is fine");
for (const [what, folder, files] of violations) {
  const refused = !lint(folder, files);
  console.log(`${refused ? "refused" : "ACCEPTED"}: ${what}`);
  if (!refused) failed++;
}
process.exitCode = failed === 0 ? 0 : 1;

function lint(folder, files) {
  const paths = Object.keys(files).map((name) => `packages/${folder}/src/lint-probe-${name}`);
  try {
    for (const [i, text] of Object.values(files).entries()) writeFileSync(root + paths[i], `${text}\n`);
    return spawnSync(`${root}node_modules/.bin/biome`, ["lint", ...paths], { cwd: root }).status === 0;
  } finally {
    for (const path of paths) rmSync(root + path, { force: true });
  }
}
