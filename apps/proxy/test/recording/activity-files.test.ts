import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { activityFiles } from "../../src/recording/activity-files.ts";
import { rotatedName } from "../../src/recording/activity-log.ts";

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "iap-files-"));
  file = join(dir, "activity.jsonl");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("the files of a log are those it was renamed to, the oldest first, and itself", () => {
  const older = [3, 1, 2].map((day) => rotatedName(file, new Date(Date.UTC(2026, 10, day))));
  for (const name of [...older, file, join(dir, "activity-old.jsonl"), join(dir, "other.jsonl")])
    writeFileSync(name, "");
  expect(activityFiles(file)).toEqual([...older].sort().concat(file));
});

test("one that was compressed since is among them", () => {
  const older = `${rotatedName(file, new Date(0))}.gz`;
  writeFileSync(older, "");
  expect(activityFiles(file)).toEqual([older]);
});

test("a log that is not there is its own name, for the error to tell", () => {
  expect(activityFiles(file)).toEqual([file]);
  expect(activityFiles(join(dir, "absent", "a.jsonl"))).toEqual([join(dir, "absent", "a.jsonl")]);
});
