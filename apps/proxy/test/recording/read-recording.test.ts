import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { rotatedName } from "../../src/recording/activity-log.ts";
import { openRecording } from "../../src/recording/read-recording.ts";
import { decidedRecord } from "../sample-records.ts";

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "iap-recording-"));
  file = join(dir, "activity.jsonl");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const lines = (...ids: readonly string[]): string =>
  ids.map((id) => `${JSON.stringify(decidedRecord({ id }))}\n`).join("");

test("what a proxy renames while it is read is read once, and what it begins anew, too", async () => {
  writeFileSync(rotatedName(file, new Date(0)), lines("a", "b"));
  writeFileSync(file, lines("c", "d"));
  const { records } = await openRecording({ dir }, process);
  const ids: string[] = [];
  for (const { id } of records) {
    ids.push(id);
    if (id !== "a" && id !== "c") continue;
    renameSync(file, rotatedName(file, new Date()));
    writeFileSync(file, lines(id === "a" ? "e" : "f"));
  }
  expect(ids).toEqual(["a", "b", "c", "d", "e", "f"]);
});
