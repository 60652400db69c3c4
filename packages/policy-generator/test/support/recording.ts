import type { ActivityRecord, Check, CheckResource, Context, DecidedRecord, FinishedRecord } from "@iap/aws-core";

export function check(action: string, resource: CheckResource, context: Context = {}): Check {
  return { action, resource, context, authoritative: Object.keys(context) };
}

export function decided(id: string, checks: readonly Check[], change: Partial<DecidedRecord> = {}): DecidedRecord {
  return {
    v: 1,
    type: "decided",
    id,
    time: "2026-11-23T12:00:00.000Z",
    run: "run",
    mode: "record",
    host: "service.us-east-1.amazonaws.com",
    method: "POST",
    service: checks[0]?.action.split(":", 1)[0],
    operations: [],
    checks,
    decision: { outcome: "allowed", reason: "", by: "iam", policyVersion: "" },
    forwarded: true,
    ...change,
  };
}

export function finished(id: string, change: Partial<FinishedRecord> = {}): FinishedRecord {
  return {
    v: 1,
    type: "finished",
    id,
    time: "2026-11-23T12:00:01.000Z",
    outcome: "answered",
    status: 200,
    bytesUp: 0,
    bytesDown: 0,
    durationMs: 5,
    ...change,
  };
}

/** Requests that AWS answered, one per list of checks. */
export function answered(...requests: readonly (readonly Check[])[]): ActivityRecord[] {
  return requests.flatMap((checks, i) => [decided(`${i}`, checks), finished(`${i}`)]);
}
