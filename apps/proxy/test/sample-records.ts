import type { DecidedRecord, FinishedRecord } from "@iap/aws-core";

/** A record of an S3 read that was let through; `more` says what is different. */
export function decidedRecord(more: Partial<DecidedRecord> = {}): DecidedRecord {
  return {
    v: 1,
    type: "decided",
    id: "00000000-0000-4000-8000-000000000001",
    time: "2026-01-02T03:04:05.678Z",
    run: "run-1",
    mode: "record",
    agent: "tester",
    session: "session-1",
    accessKeyId: "ASIAFAKEFAKEFAKEFAKE",
    host: "reports.s3.eu-west-1.amazonaws.com",
    method: "GET",
    service: "s3",
    operations: ["GetObject"],
    protocol: "restXml",
    region: "eu-west-1",
    checks: [
      {
        action: "s3:GetObject",
        resource: { arn: "arn:aws:s3:::reports/2026/summary.csv" },
        context: {},
        authoritative: [],
      },
    ],
    decision: { outcome: "allowed", reason: "recorded", by: "guard", policyVersion: "" },
    forwarded: true,
    ...more,
  };
}

export function finishedRecord(more: Partial<FinishedRecord> = {}): FinishedRecord {
  return {
    v: 1,
    type: "finished",
    id: "00000000-0000-4000-8000-000000000001",
    time: "2026-01-02T03:04:06.000Z",
    outcome: "answered",
    status: 200,
    bytesUp: 0,
    bytesDown: 4,
    durationMs: 322,
    ...more,
  };
}
