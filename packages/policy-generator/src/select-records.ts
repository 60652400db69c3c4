import type { ActivityRecord, DecidedRecord } from "@iap/aws-core";

/** Which requests of a recording are meant. What is not given selects all. */
export interface RecordSelection {
  /** Decided at or after. */
  readonly since?: Date | undefined;
  /** Decided before. */
  readonly until?: Date | undefined;
  /** The run of the proxy, or the beginning of its name. */
  readonly run?: string | undefined;
  readonly agent?: string | undefined;
  /** `s3`. */
  readonly service?: string | undefined;
  /** `s3:PutObject`; `*` stands for any text. */
  readonly action?: string | undefined;
}

/** Whether a request is meant. */
export function isSelected(record: DecidedRecord, selection: RecordSelection): boolean {
  const { since, until, run, agent, service, action } = selection;
  if (since !== undefined || until !== undefined) {
    const time = Date.parse(record.time);
    if (since !== undefined && !(time >= since.getTime())) return false;
    if (until !== undefined && !(time < until.getTime())) return false;
  }
  if (run !== undefined && !record.run.startsWith(run)) return false;
  if (agent !== undefined && record.agent !== agent) return false;
  if (service !== undefined && record.service !== service) {
    if (!record.checks.some((check) => check.action.startsWith(`${service}:`))) return false;
  }
  if (action !== undefined) {
    const wanted = patternOf(action);
    const named = record.operations.map((operation) => `${record.service ?? ""}:${operation}`);
    if (![...record.checks.map((check) => check.action), ...named].some((name) => wanted.test(name))) return false;
  }
  return true;
}

/** The records of the requests that are meant; ends of others may be among them, and are nobody's. */
export function* selectRecords(
  records: Iterable<ActivityRecord>,
  selection: RecordSelection,
): Generator<ActivityRecord, void> {
  const all = Object.values(selection).every((value) => value === undefined);
  for (const record of records) {
    if (all || record.type === "finished" || isSelected(record, selection)) yield record;
  }
}

function patternOf(text: string): RegExp {
  const known = patterns.get(text);
  if (known !== undefined) return known;
  const parts = text.split("*").map((part) => part.replace(/[.?+^$()[\]{}|\\]/g, "\\$&"));
  const pattern = new RegExp(`^${parts.join(".*")}$`, "is");
  if (patterns.size > 100) patterns.clear();
  patterns.set(text, pattern);
  return pattern;
}

const patterns = new Map<string, RegExp>();
