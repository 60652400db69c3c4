import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { leftoverRuns, openRunDirectory } from "../../src/run/run-directory.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "iap-runs-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("a run's directory is this user's alone, and gone when it is removed", async () => {
  const run = await openRunDirectory(dir);
  expect(run.path).toBe(join(dir, "runs", run.id));
  expect(statSync(run.path).mode & 0o777).toBe(0o700);
  expect(statSync(join(dir, "runs")).mode & 0o777).toBe(0o700);
  await run.remove();
  expect(existsSync(run.path)).toBe(false);
});

test("two at once are apart, and neither is taken for left over", async () => {
  const [one, two] = [await openRunDirectory(dir), await openRunDirectory(dir)];
  expect(one.path).not.toBe(two.path);
  expect(existsSync(one.path)).toBe(true);
  expect(await leftoverRuns(dir)).toEqual([]);
});

test("what a crashed run left is cleared away by the next, and nothing else", async () => {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  const dead = join(dir, "runs", "0123abcd");
  const other = join(dir, "runs", "notes");
  for (const path of [dead, other]) mkdirSync(path, { recursive: true });
  writeFileSync(join(dead, "pid"), `${pid}\n`);
  expect((await leftoverRuns(dir)).map(({ id }) => id)).toEqual(["0123abcd"]);
  await openRunDirectory(dir);
  expect(existsSync(dead)).toBe(false);
  expect(existsSync(other)).toBe(true);
});
