import type { ActivityRecord, DecidedRecord } from "@iap/aws-core";
import { matchesGlob } from "./glob.ts";
import { identityMatcher, identityOf } from "./identity.ts";

/** Which requests of a recording are meant. What is not given selects all. */
export interface RecordSelection {
  /** Decided at or after. */
  readonly since?: Date | undefined;
  /** Decided before. */
  readonly until?: Date | undefined;
  /** The run of the proxy, or the beginning of its name. */
  readonly run?: string | undefined;
  readonly agent?: string | undefined;
  /** `base`, or a role's ARN or name, with `*` and `?`: see `identityMatcher`. */
  readonly identity?: string | undefined;
  /** `s3`. */
  readonly service?: string | undefined;
  /** `s3:PutObject`, with `*` and `?`: see `matchesGlob`. */
  readonly action?: string | undefined;
}

/** Whether a request is meant. */
export function isSelected(record: DecidedRecord, selection: RecordSelection): boolean {
  const { since, until, run, agent, identity, service, action } = selection;
  if (since !== undefined || until !== undefined) {
    const time = Date.parse(record.time);
    if (since !== undefined && !(time >= since.getTime())) return false;
    if (until !== undefined && !(time < until.getTime())) return false;
  }
  if (run !== undefined && !record.run.startsWith(run)) return false;
  if (agent !== undefined && record.agent !== agent) return false;
  if (identity !== undefined && !identityMatcher(identity)(identityOf(record))) return false;
  if (service !== undefined && record.service !== service) {
    if (!record.checks.some((check) => check.action.startsWith(`${service}:`))) return false;
  }
  if (action !== undefined) {
    const named = record.operations.map((operation) => `${record.service ?? ""}:${operation}`);
    const names = [...record.checks.map((check) => check.action), ...named];
    if (!names.some((name) => matchesGlob(action, name))) return false;
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
