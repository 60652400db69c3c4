import type { ActivityRecord, Check } from "@iap/aws-core";
import { readLines } from "./read-lines.ts";

/** The records of an activity log. A line that is none, such as one torn by a crash, is told to `onBadLine` and passed over. */
export function* readActivity(
  file: string,
  onBadLine: (line: number, why: string) => void,
  onRead?: (bytes: number) => void,
): Generator<ActivityRecord, void> {
  let number = 0;
  for (const line of readLines(file, onRead)) {
    number++;
    if (line.trim() === "") continue;
    const record = parseRecord(line);
    if (typeof record === "string") onBadLine(number, record);
    else yield record;
  }
}

/** The record of a line, or why it is none. */
export function parseRecord(line: string): ActivityRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return "it is not JSON";
  }
  if (!isRecord(value)) return "it is not a record of this version";
  return value.type === "decided" ? { ...value, checks: value.checks.map(whole) } : value;
}

/** A check without a context has an empty one, of which nothing is known. */
function whole(check: Check): Check {
  if (check.context !== undefined && check.authoritative !== undefined) return check;
  return { ...check, context: check.context ?? {}, authoritative: check.authoritative ?? [] };
}

function isRecord(value: unknown): value is ActivityRecord {
  if (!isObject(value)) return false;
  const { v, type, id, time, operations, checks, decision, forwarded } = value;
  if (v !== 1 || typeof id !== "string") return false;
  if (type === "finished") return true;
  return (
    type === "decided" &&
    typeof time === "string" &&
    Array.isArray(operations) &&
    operations.every((operation) => typeof operation === "string") &&
    Array.isArray(checks) &&
    checks.every(isCheck) &&
    isObject(decision) &&
    typeof forwarded === "boolean"
  );
}

function isCheck(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { action, resource, context, authoritative } = value;
  return (
    typeof action === "string" &&
    isObject(resource) &&
    (typeof resource.arn === "string" ||
      (typeof resource.pattern === "string" && typeof resource.why === "string") ||
      resource.none === true) &&
    (context === undefined || isObject(context)) &&
    (authoritative === undefined || Array.isArray(authoritative))
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
