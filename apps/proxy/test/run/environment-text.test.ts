import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { environmentText } from "../../src/run/environment-text.ts";

const dir = mkdtempSync(join(tmpdir(), "iap-env-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const set: Readonly<Record<string, string>> = {
  PLAIN: "http://run:pw@127.0.0.1:4000",
  SPACES: " a  b ",
  QUOTES: `it's "quoted"`,
  DOLLAR: "$HOME `id` $(id) !x",
  BACKSLASH: "C:\\dir\\n",
  GLOB: "* ? [a] {b,c} ~ # ; & | < >",
  BROKEN_LINES: "one\ntwo",
  EMPTY: "",
  UNICODE: "zażółć ’x’",
};
const unset = ["GONE", "AWS_SESSION_TOKEN"];

/** Prints, in each shell, the variables as they are afterwards. */
const print = `"${process.execPath}" -e "console.log(JSON.stringify(process.env))"`;
const shells: readonly {
  readonly format: "bash" | "zsh" | "fish" | "powershell";
  readonly command: string;
  readonly args: (script: string) => readonly string[];
}[] = [
  { format: "bash", command: "bash", args: (script) => ["--norc", "-c", script] },
  { format: "bash", command: "dash", args: (script) => ["-c", script] },
  { format: "zsh", command: "zsh", args: (script) => ["-f", "-c", script] },
  { format: "fish", command: "fish", args: (script) => ["--no-config", "-c", script] },
  { format: "powershell", command: "pwsh", args: (script) => ["-NoProfile", "-Command", script] },
];

describe.each(shells)("evaluated by $command", ({ format, command, args }) => {
  const here = spawnSync(command, args("exit 0")).status === 0;
  test.skipIf(!here)(`every value is exactly as it was, and what must be unset is${here ? "" : " (not here)"}`, () => {
    const run = format === "powershell" ? `& ${print}` : print;
    const script = `${environmentText({ set, unset }, format)}${run}`;
    const env = { PATH: process.env.PATH ?? "", HOME: dir, GONE: "x", AWS_SESSION_TOKEN: "real", STAYS: "1" };
    const { stdout, stderr } = spawnSync(command, args(script), { env, encoding: "utf8" });
    expect(stderr).toBe("");
    const after = JSON.parse(stdout) as Record<string, string>;
    expect(after).toMatchObject({ ...set, STAYS: "1" });
    for (const name of unset) expect(after).not.toHaveProperty(name);
  });
});

const { BROKEN_LINES: _lines, ...oneLine } = set;

test("a .env file is read back by Node as it was", () => {
  const { QUOTES: _quotes, ...readable } = oneLine;
  const file = join(dir, ".env");
  writeFileSync(file, environmentText({ set: readable, unset }, "dotenv"));
  const { stdout } = spawnSync(process.execPath, [`--env-file=${file}`, "-p", "JSON.stringify(process.env)"], {
    env: {},
    encoding: "utf8",
  });
  expect(JSON.parse(stdout)).toMatchObject(readable);
});

test("what no reader of .env files agrees on is refused", () => {
  expect(() => environmentText({ set: { A: `'"$` }, unset: [] }, "dotenv")).toThrow("quotes of both kinds");
  expect(() => environmentText({ set: { A: "one\ntwo" }, unset: [] }, "dotenv")).toThrow("line break");
});

test("Docker's file has the values as they are, for it knows no quotes", () => {
  expect(environmentText({ set: oneLine, unset }, "docker").split("\n")).toEqual([
    "# must not be set: GONE AWS_SESSION_TOKEN",
    ...Object.entries(oneLine)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`),
    "",
  ]);
  expect(() => environmentText({ set: { A: "one\ntwo" }, unset: [] }, "docker")).toThrow("line break");
});

test("PowerShell doubles every kind of single quote", () => {
  expect(environmentText({ set: { A: "it's ’x’" }, unset: ["B"] }, "powershell")).toBe(
    "Remove-Item Env:B -ErrorAction SilentlyContinue\n$env:A = 'it''s ’’x’’'\n",
  );
});

test("fish escapes backslashes and single quotes only", () => {
  expect(environmentText({ set: { A: `a\\b'c$d` }, unset: ["B"] }, "fish")).toBe(
    "set -e B\nset -gx A 'a\\\\b\\'c$d'\n",
  );
});

test("JSON has both", () => {
  expect(JSON.parse(environmentText({ set: { A: "1" }, unset: ["B"] }, "json"))).toEqual({
    set: { A: "1" },
    unset: ["B"],
  });
});
