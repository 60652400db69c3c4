import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { scrubbedEnv } from "./agent-env.ts";
import { describe as describeExit, run, runOk } from "./child.ts";
import { proxyBin } from "./proxy-process.ts";
import { targetKind } from "./target.ts";
import { tempDir } from "./temp-dir.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pnpm = join(root, "node_modules", ".bin", "pnpm");

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

describe.skipIf(targetKind === "direct")("the packages as they would be published", () => {
  let folder: string;
  // npm needs its own settings (registry, certificates): the one place where the environment is inherited, without AWS's.
  const env: NodeJS.ProcessEnv = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS_|npm_|PROXY_)/i.test(name))),
    npm_config_update_notifier: "false",
    npm_config_audit: "false",
    npm_config_fund: "false",
  };
  let names: readonly string[];

  beforeAll(async () => {
    folder = tempDir("packed");
    if (!existsSync(proxyBin)) throw new Error(`${proxyBin} is not there: build the workspace first (npm run build)`);
    const packages = ["packages", "apps"].flatMap((parent) =>
      readdirSync(join(root, parent)).map((name) => join(root, parent, name)),
    );
    const manifests = packages.map(
      (path) => [path, JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as Manifest] as const,
    );
    const published = manifests.filter(([, manifest]) => manifest.private !== true);
    for (const [cwd] of published) {
      await runOk(pnpm, ["pack", "--pack-destination", folder], { env, cwd, timeoutMs: 60_000 });
    }
    names = published.map(([, { name }]) => name);
    const tarballs = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
    expect(tarballs).toHaveLength(names.length);
    const dependencies = Object.fromEntries(
      names.map((name) => {
        const prefix = `${name.replace("@", "").replace("/", "-")}-`;
        const tarball = tarballs.find((file) => file.startsWith(prefix) && /^\d/.test(file.slice(prefix.length)));
        return [name, `file:${join(folder, tarball as string)}`];
      }),
    );
    // Each package names the others by version: they are not to be looked for in any registry.
    const manifest = { name: "empty-folder", private: true, type: "module", dependencies, overrides: dependencies };
    writeFileSync(join(folder, "package.json"), JSON.stringify(manifest, null, 2));
    await runOk("npm", ["install", "--no-package-lock", "--omit=dev", "--no-progress"], {
      env,
      cwd: folder,
      timeoutMs: 170_000,
    });
  });

  test("install outside the workspace, with nothing of the workspace in them", () => {
    for (const name of names) {
      const path = join(folder, "node_modules", name);
      const { dependencies = {} } = JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as Manifest;
      expect(
        Object.values(dependencies).filter((range) => /workspace:|file:|link:/.test(range)),
        name,
      ).toEqual([]);
      expect(existsSync(join(path, "README.md")), `${name} has a README`).toBe(true);
      expect(existsSync(join(path, "src")), `${name} ships no sources`).toBe(false);
      expect(existsSync(join(path, "test")), `${name} ships no tests`).toBe(false);
    }
  });

  test("npx iam-agent-proxy --help says what there is", async () => {
    const help = await runOk("npx", ["--no-install", "iam-agent-proxy", "--help"], { env, cwd: folder });
    expect(help).toContain("iam-agent-proxy");
    expect(help).toMatch(/\bpolicy\b/);
    expect(help).not.toContain("undefined");
  });

  test("npx proxy-creds says in one line that no proxy runs, and exits 1", async () => {
    const clean = { ...env, ...scrubbedEnv(tempDir("packed-home")) };
    const exited = await run("npx", ["--no-install", "proxy-creds"], { env: clean, cwd: folder });
    expect(exited.code, describeExit(exited)).toBe(1);
    expect(exited.stdout).toBe("");
    const lines = exited.stderr.split("\n").filter((line) => line !== "" && !line.startsWith("npm "));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^proxy-creds: .*creds\.sock/);
  });

  test("the evaluator can be imported and used", async () => {
    const program = `
      import { compilePolicySet } from "@iap/iam-evaluator";
      if (typeof compilePolicySet !== "function") throw new Error("compilePolicySet is " + typeof compilePolicySet);
      console.log("imported");`;
    const output = await runOk(process.execPath, ["--input-type=module", "-e", program], { env, cwd: folder });
    expect(output).toBe("imported\n");
  });

  test("every library can be imported", async () => {
    const libraries = names.filter((name) => name.startsWith("@iap/"));
    const program = libraries.map((name) => `await import(${JSON.stringify(name)});`).join("\n");
    await runOk(process.execPath, ["--input-type=module", "-e", program], { env, cwd: folder });
  });
});
