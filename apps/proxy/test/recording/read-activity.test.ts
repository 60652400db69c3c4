import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readActivity } from "../../src/recording/read-activity.ts";
import { decidedRecord, finishedRecord } from "../sample-records.ts";

const dir = mkdtempSync(join(tmpdir(), "iap-activity-"));
const file = join(dir, "activity.jsonl");
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function read(lines: readonly string[]): { records: unknown[]; bad: (readonly [line: number, why: string])[] } {
  writeFileSync(file, lines.join("\n"));
  const bad: (readonly [number, string])[] = [];
  return { records: [...readActivity(file, (line, why) => bad.push([line, why]))], bad };
}

test("the records of a log, in their order", () => {
  const records = [decidedRecord({ id: "1" }), finishedRecord({ id: "1" }), decidedRecord({ id: "2" })];
  const lines = records.map((record) => JSON.stringify(record));
  expect(read([...lines, ""])).toEqual({ records: JSON.parse(`[${lines.join()}]`), bad: [] });
});

const oddChecks = [
  null,
  "s3:GetObject",
  {},
  { action: 1, resource: { none: true }, context: {}, authoritative: [] },
  { action: "s3:GetObject", resource: "*", context: {}, authoritative: [] },
  { action: "s3:GetObject", resource: { pattern: "*" }, context: {}, authoritative: [] },
  { action: "s3:GetObject", resource: { none: true }, context: [], authoritative: [] },
  { action: "s3:GetObject", resource: { none: true }, context: {}, authoritative: {} },
];

test("lines that are no records are told with their number, and the rest is read", () => {
  const good = JSON.stringify(finishedRecord({ id: "1" }));
  const { records, bad } = read([
    good,
    '{"v":1,"type":"deci',
    "",
    "   ",
    "null",
    "[]",
    '"text"',
    '{"v":2,"type":"finished","id":"1"}',
    '{"v":1,"type":"finished"}',
    '{"v":1,"type":"started","id":"1"}',
    '{"v":1,"type":"decided","id":"1"}',
    '{"v":1,"type":"decided","id":"1","operations":[],"checks":{},"decision":{}}',
    '{"v":1,"type":"decided","id":"1","operations":[],"checks":[],"decision":null}',
    ...oddChecks.map((check) => JSON.stringify({ ...decidedRecord(), checks: [check] })),
    good,
  ]);
  expect(records).toHaveLength(2);
  const notJson = "it is not JSON";
  const notRecord = "it is not a record of this version";
  expect(bad[0]).toEqual([2, notJson]);
  const others = Array.from({ length: 9 + oddChecks.length }, (_, i) => [5 + i, notRecord]);
  expect(bad.slice(1)).toEqual(others);
});

test("a check without a context has an empty one, of which nothing is known", () => {
  const check = { action: "s3:GetObject", resource: { none: true } };
  const { records } = read([JSON.stringify({ ...decidedRecord(), checks: [check] })]);
  expect(records).toMatchObject([{ checks: [{ ...check, context: {}, authoritative: [] }] }]);
});
