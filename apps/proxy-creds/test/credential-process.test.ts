import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import fc from "fast-check";
import { credentialProcess, proxyCredsPath } from "proxy-creds";
import { expect, test } from "vitest";

const python = available("python3", "-c", "import shlex");

test("the helper's path is absolute, and a program for Node is there", () => {
  expect(isAbsolute(proxyCredsPath)).toBe(true);
  expect(existsSync(proxyCredsPath)).toBe(true);
  expect(readFileSync(proxyCredsPath, "utf8").startsWith("#!/usr/bin/env node\n")).toBe(true);
});

test("the command names this Node and the helper by absolute paths, plainly where it can", () => {
  const command = credentialProcess({ socketPath: "/home/u/.iam-agent-proxy/creds.sock", nodePath: "/usr/bin/node" });
  expect(command.startsWith("/usr/bin/node ")).toBe(true);
  expect(command.endsWith(" --sock /home/u/.iam-agent-proxy/creds.sock")).toBe(true);
  expect(credentialProcess({ socketPath: "/s" })).toContain(process.execPath.replaceAll("'", ""));
});

const paths = fc
  .string({ unit: fc.constantFrom(..."ab/ '\"\\$`!*?[]{}()<>|&~#;%=,é語"), minLength: 1, maxLength: 20 })
  .map((text) => `/${text}`)
  .filter((path) => !/\s[#;]/.test(path));

test("the shell that most SDKs use splits any command into its words", () => {
  for (const { words, command } of samples()) {
    const output = execFileSync("sh", ["-c", `printf '%s\\0' ${command}`], { encoding: "utf8" });
    expect(output.split("\0").slice(0, -1)).toEqual(words);
  }
});

test.skipIf(!python)(
  "Python's shlex, which botocore uses, splits any command into its words (where it is installed)",
  () => {
    const script = "import json, shlex, sys; print(json.dumps([shlex.split(line) for line in json.load(sys.stdin)]))";
    const all = samples();
    const input = JSON.stringify(all.map(({ command }) => command));
    const output = execFileSync("python3", ["-c", script], { encoding: "utf8", input });
    expect(JSON.parse(output)).toEqual(all.map(({ words }) => words));
  },
);

test("no command has what ends a line or begins a comment in a configuration file", () => {
  for (const { command } of samples()) expect(command).not.toMatch(/[\r\n]|\s[#;]/);
});

test.each(["relative", "", "~/x", "/a\nb", "/a\u0000b", "/a #b", "/a ;b"])(
  "the socket path %j is refused",
  (socketPath) => {
    expect(() => credentialProcess({ socketPath })).toThrow(RangeError);
  },
);

function samples(): { words: string[]; command: string }[] {
  return fc.sample(fc.tuple(paths, paths), { numRuns: 150, seed: 1 }).map(([nodePath, socketPath]) => ({
    words: [nodePath, proxyCredsPath, "--sock", socketPath],
    command: credentialProcess({ nodePath, socketPath }),
  }));
}

function available(command: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore", timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}
