import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pure = [
  "aws-core",
  "aws-errors",
  "sigv4",
  "sigv4-verify",
  "action-resolver",
  "iam-evaluator",
  "policy-generator",
];
const packages = readdirSync(join(root, "packages"));
const all = packages.flatMap((name) => {
  const readme = readFileSync(join(root, "packages", name, "README.md"), "utf8");
  return [...readme.matchAll(/^```(?:ts|js)\n([\s\S]*?)^```$/gm)].map(([, code = ""], i) => ({
    name: `${name}-${i}`,
    code,
    isPure: pure.includes(name),
  }));
});
const examples = all.filter(({ isPure }) => isPure);
const dir = mkdtempSync(join(tmpdir(), "iap-readme-"));

// All of them at once: most of what it costs is the compiler's start.
beforeAll(() => {
  mkdirSync(join(dir, "node_modules/@iap"), { recursive: true });
  for (const name of packages) symlinkSync(join(root, "packages", name), join(dir, "node_modules/@iap", name));
  symlinkSync(join(root, "node_modules/@types"), join(dir, "node_modules/@types"));
  writeFileSync(join(dir, "package.json"), '{ "type": "module" }');
  for (const { name, code } of all) writeFileSync(join(dir, `${name}.ts`), `${code}\nexport {};\n`);
  const compilerOptions = { rootDir: ".", outDir: "out", declaration: false, isolatedDeclarations: false };
  const config = { extends: join(root, "tsconfig.base.json"), compilerOptions, include: ["*.ts"] };
  writeFileSync(join(dir, "tsconfig.json"), JSON.stringify(config));
  const { stdout, status } = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", dir], { encoding: "utf8" });
  expect(stdout).toBe("");
  expect(status).toBe(0);
}, 120_000);
afterAll(() => rmSync(dir, { recursive: true }));

test("every package shows in its README how it is used", () => {
  expect(packages.filter((name) => !all.some((example) => example.name.startsWith(`${name}-`)))).toEqual([]);
});

// A comment behind console.log says what is printed; an ellipsis stands for the rest of it.
test.each(examples)(
  "the README's example $name runs, and prints what it says",
  { timeout: 60_000 },
  ({ name, code }) => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [join(dir, "out", `${name}.js`)], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const printed = stdout.replace(/\s+/g, " ");
    for (const [, claim = ""] of code.matchAll(/console\.log\(.*\);(?: \/\/ |\n\/\/ )(.+)$/gm)) {
      for (const part of claim.split("…")) expect(printed).toContain(part.trim());
    }
  },
);

test.each(all.filter(({ isPure }) => !isPure))(
  "the README's example $name runs: it says something, and nothing is wrong",
  { timeout: 60_000 },
  async ({ name }) => {
    const child = spawn(process.execPath, [join(dir, "out", `${name}.js`)], { cwd: dir });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const ended = once(child, "close");
    const said = await Promise.race([once(child.stdout, "data"), ended.then(() => undefined)]);
    // A server would go on.
    child.kill();
    await ended;
    expect(stderr).toBe("");
    expect(said).toBeDefined();
  },
);
