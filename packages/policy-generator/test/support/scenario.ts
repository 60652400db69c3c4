import type { ActivityRecord, Check, CheckResource, Context, DecidedRecord, FinishedRecord } from "@iap/aws-core";
import { decided, finished } from "./recording.ts";

/** One call of a scenario: its operation, what it needs, and what is unusual about it. */
export interface ScenarioCall {
  readonly operation: string;
  readonly checks: readonly Check[];
  readonly decided?: Partial<DecidedRecord> | undefined;
  readonly finished?: Partial<FinishedRecord> | undefined;
}

/** `s3:GetObject` of a call to `region`; the resolver reads the region of every request. */
export function need(region: string, action: string, resource: CheckResource | string, more: Context = {}): Check {
  const context: Context = { "aws:RequestedRegion": region, ...more };
  const written = typeof resource === "string" ? { arn: resource } : resource;
  return { action, resource: written, context, authoritative: Object.keys(context) };
}

export function call(
  operation: string,
  checks: readonly Check[],
  more: Pick<ScenarioCall, "decided" | "finished"> = {},
): ScenarioCall {
  return { operation, checks, ...more };
}

/** The records of a scenario, a call a second. */
export function record(calls: readonly ScenarioCall[]): ActivityRecord[] {
  return calls.flatMap((one, i) => {
    const id = `call-${String(i).padStart(3, "0")}`;
    const time = new Date(Date.UTC(2026, 10, 24, 9, 0, i)).toISOString();
    const [service, operation = ""] = one.operation.split(":");
    return [
      decided(id, one.checks, { time, service, operations: [operation], ...one.decided }),
      finished(id, { time, ...one.finished }),
    ];
  });
}
