import { spawnSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeFile } from "../../src/recording/write-file.ts";
import { UsageError } from "../../src/usage-error.ts";

let dir: string;
let file: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "iap-write-"));
  file = join(dir, "policy.json");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("a file that is not there is made", () => {
  writeFile(file, "new");
  expect(readFileSync(file, "utf8")).toBe("new");
});

test("one that is there is replaced, through a link, with its mode", () => {
  writeFileSync(file, "old");
  chmodSync(file, 0o666);
  const link = join(dir, "link.json");
  symlinkSync("policy.json", link);
  writeFile(link, "new");
  expect(readFileSync(file, "utf8")).toBe("new");
  expect(statSync(file).mode & 0o777).toBe(0o666);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readdirSync(dir).sort()).toEqual(["link.json", "policy.json"]);
});

test("what is no file is written to", () => {
  expect(() => writeFile("/dev/null", "new")).not.toThrow();
  expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
});

test("what cannot be written is told, and left as it was", () => {
  expect(() => writeFile(dir, "new")).toThrow(UsageError);
  expect(() => writeFile(join(dir, "absent", "file"), "new")).toThrow(/absent.file cannot be written: ENOENT/);
});

test("where not all of the new can be written, all of the old is still there", () => {
  writeFileSync(file, "old");
  const module = new URL("../../dist/recording/write-file.js", import.meta.url);
  const program = `import { writeFile } from ${JSON.stringify(module.href)}; writeFile(process.argv[1], "x".repeat(100_000));`;
  // A limit of one block, which a file may not grow beyond.
  const { status, stderr } = spawnSync(
    "sh",
    ["-c", 'ulimit -f 1; exec "$0" --input-type=module -e "$1" "$2"', process.execPath, program, file],
    { encoding: "utf8" },
  );
  expect(status, stderr).not.toBe(0);
  expect(readFileSync(file, "utf8")).toBe("old");
});
