import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { runProgram } from "./program.ts";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "iap-completion-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test.each(["bash", "zsh", "fish"])("there is a script for %s, which asks the program", async (shell) => {
  const { code, stdout } = await runProgram(["completion", shell], { HOME: dir });
  expect(code).toBe(0);
  expect(stdout).toContain("iam-agent-proxy --get-yargs-completions");
});

test("without a name it is that of $SHELL", async () => {
  const { stdout } = await runProgram(["completion"], { HOME: dir, SHELL: "/usr/bin/fish" });
  expect(stdout).toContain("complete -c iam-agent-proxy");
});

test.skipIf(spawnSync("bash", ["-c", "true"]).status !== 0)("bash completes commands and options with it", async () => {
  const { stdout: script } = await runProgram(["completion", "bash"], { HOME: dir });
  const file = join(dir, "completion.bash");
  writeFileSync(file, script);
  const complete = (...words: string[]): string[] => {
    const program = `iam-agent-proxy() { "${process.execPath}" "${main}" "$@"; }; source ${file}; COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; _iam_agent_proxy; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = spawnSync("bash", ["--norc", "-c", program], {
      env: { PATH: process.env.PATH ?? "", HOME: dir, SHELL: "/bin/bash" },
      encoding: "utf8",
    });
    return stdout.trim().split("\n").sort();
  };
  expect(complete("iam-agent-proxy", "do")).toEqual(["doctor"]);
  expect(complete("iam-agent-proxy", "run", "--isol")).toEqual(["--isolate", "--isolate-with"]);
});
