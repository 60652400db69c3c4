import type { ActivityRecord, DecidedRecord } from "@iap/aws-core";
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
  /** `s3:PutObject`; `*` stands for any text. */
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
  if (identity !== undefined && !remembered(identities, identity, identityMatcher)(identityOf(record))) return false;
  if (service !== undefined && record.service !== service) {
    if (!record.checks.some((check) => check.action.startsWith(`${service}:`))) return false;
  }
  if (action !== undefined) {
    const wanted = remembered(patterns, action, patternOf);
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
  const parts = text.split("*").map((part) => part.replace(/[.?+^$()[\]{}|\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "is");
}

/** Selections are asked record by record, and there are few of them. */
function remembered<T>(known: Map<string, T>, text: string, make: (text: string) => T): T {
  let made = known.get(text);
  if (made === undefined) {
    made = make(text);
    if (known.size > 100) known.clear();
    known.set(text, made);
  }
  return made;
}

const patterns = new Map<string, RegExp>();
const identities = new Map<string, (identity: string) => boolean>();
