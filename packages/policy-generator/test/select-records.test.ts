import { expect, test } from "vitest";
import { isSelected, type RecordSelection, selectRecords } from "../src/select-records.ts";
import { check, decided, finished } from "./support/recording.ts";

const get = check("s3:GetObject", { arn: "arn:aws:s3:::b/k" });
const record = decided("a", [get], {
  time: "2026-11-24T09:00:00.000Z",
  run: "run-12",
  agent: "ci",
  operations: ["HeadObject"],
});

test.each<[RecordSelection, boolean]>([
  [{}, true],
  [{ since: new Date("2026-11-24T09:00:00Z") }, true],
  [{ since: new Date("2026-11-24T09:00:01Z") }, false],
  [{ until: new Date("2026-11-24T09:00:00Z") }, false],
  [{ until: new Date("2026-11-24T09:00:01Z") }, true],
  [{ run: "run-12" }, true],
  [{ run: "run" }, true],
  [{ run: "un-12" }, false],
  [{ agent: "ci" }, true],
  [{ agent: "c" }, false],
  [{ service: "s3" }, true],
  [{ service: "s" }, false],
  [{ action: "s3:GetObject" }, true],
  [{ action: "S3:get*" }, true],
  [{ action: "s3:HeadObject" }, true],
  [{ action: "s3:GetObjec" }, false],
  [{ action: "s3.GetObject" }, false],
  [{ agent: "ci", action: "sqs:*" }, false],
])("%j: %s", (selection, selected) => {
  expect(isSelected(record, selection)).toBe(selected);
});

test("a time that cannot be read is not within any", () => {
  expect(isSelected({ ...record, time: "soon" }, { since: new Date(0) })).toBe(false);
});

test("the ends of requests come along", () => {
  const other = decided("b", [get], { agent: "someone" });
  const records = [record, finished("a"), other, finished("b")];
  expect([...selectRecords(records, { agent: "ci" })]).toEqual([record, finished("a"), finished("b")]);
  expect([...selectRecords(records, {})]).toEqual(records);
});
