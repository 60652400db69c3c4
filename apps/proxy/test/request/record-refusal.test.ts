import type { DecidedRecord, FinishedRecord } from "@iap/aws-core";
import { expect, test } from "vitest";
import { recordRefusal } from "../../src/request/record-refusal.ts";

test("a request that was refused by its form is on record: decided, not forwarded, and answered", async () => {
  const decided: DecidedRecord[] = [];
  const finished: FinishedRecord[] = [];
  const shown: DecidedRecord[] = [];
  await recordRefusal(
    {
      head: {
        httpVersion: "1.1",
        method: "DELETE",
        target: "/b",
        headers: [["Host", "evil.example"]],
        host: "s3.amazonaws.com",
      },
      status: 421,
      reason: "the Host header names evil.example",
    },
    {
      recorder: {
        decided: async (record) => void decided.push(record),
        finished: (record) => void finished.push(record),
      },
      mode: "record",
      run: "run-1",
      now: () => new Date("2026-11-01T12:00:00Z"),
      onDecided: (record) => void shown.push(record),
    },
  );
  expect(decided).toMatchObject([
    {
      method: "DELETE",
      host: "s3.amazonaws.com",
      forwarded: false,
      decision: { by: "guard", reason: "InvalidRequest: the Host header names evil.example" },
    },
  ]);
  expect(finished).toMatchObject([{ id: decided[0]?.id, outcome: "answered", status: 421 }]);
  expect(shown).toEqual(decided);
});
