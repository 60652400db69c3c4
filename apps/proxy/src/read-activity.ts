import type { ActivityRecord } from "@iap/aws-core";
import { readLines } from "./read-lines.ts";

/** The records of an activity log. A line that is none, such as one torn by a crash, is told to `onBadLine` and passed over. */
export function* readActivity(
  file: string,
  onBadLine: (line: number, why: string) => void,
): Generator<ActivityRecord, void> {
  let number = 0;
  for (const line of readLines(file)) {
    number++;
    if (line.trim() === "") continue;
    const record = parse(line);
    if (typeof record === "string") onBadLine(number, record);
    else yield record;
  }
}

function parse(line: string): ActivityRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return "it is not JSON";
  }
  return isRecord(value) ? value : "it is not a record of this version";
}

function isRecord(value: unknown): value is ActivityRecord {
  if (value === null || typeof value !== "object") return false;
  const { v, type, id, operations, checks, decision } = value as Readonly<Record<string, unknown>>;
  if (v !== 1 || typeof id !== "string") return false;
  return (
    type === "finished" ||
    (type === "decided" &&
      Array.isArray(operations) &&
      Array.isArray(checks) &&
      typeof decision === "object" &&
      decision !== null)
  );
}
