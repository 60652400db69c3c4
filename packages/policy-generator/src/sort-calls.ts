import { isOneAction, NOT_AN_ACTION } from "./action-name.ts";
import { isNameable, type Seen } from "./grants.ts";
import { LeftOutLedger } from "./left-out-ledger.ts";
import type { Observation, RecordedCall } from "./recording.ts";
import { NEEDS_NONE, type WhichCount, whyNoChecks, whyNotCounted } from "./which-count.ts";

/** What counts of a recording, and what is left out. */
export interface SortedCalls {
  readonly requests: number;
  readonly granted: number;
  readonly retries: number;
  readonly actions: ReadonlySet<string>;
  readonly observed: ReadonlyMap<Observation, Seen>;
  readonly ledger: LeftOutLedger;
  readonly unknownOperations: readonly string[];
}

export interface SortOptions extends WhichCount {
  readonly level?: "resources" | "actions" | undefined;
}

/** Sorts calls into what a policy must allow and what is left out, with the reason. */
export function sortOut(calls: readonly RecordedCall[], options: SortOptions): SortedCalls {
  const { level = "resources" } = options;
  const ledger = new LeftOutLedger();
  const observed = new Map<Observation, Seen>();
  const actions = new Set<string>();
  const unknown = new Set<string>();
  const nameable = new Map<Observation, boolean>();
  let granted = 0;
  let retries = 0;
  for (const call of calls) {
    retries += call.attempts - 1;
    if (call.forwarded && (call.marker === "unknown" || call.marker === "ambiguous")) unknown.add(call.name);
    const why =
      whyNotCounted(call, options) ??
      (level === "actions" ? takeActions(call, actions) : takeChecks(call, observed, nameable));
    if (why === undefined) granted++;
    else ledger.add(why, call.name);
  }
  for (const { action } of observed.keys()) actions.add(action);
  return {
    requests: calls.length,
    granted,
    retries,
    actions,
    observed,
    ledger,
    unknownOperations: [...unknown].sort(),
  };
}

/** Takes the checks of a call, all or none, or says why there are none to take. */
function takeChecks(
  { observations, marker, time }: RecordedCall,
  observed: Map<Observation, Seen>,
  nameable: Map<Observation, boolean>,
): string | undefined {
  if (typeof observations === "string") return observations;
  if (observations.length === 0) return marker === "permissionless" ? NEEDS_NONE : whyNoChecks(marker);
  for (const observation of observations) {
    let isOne = nameable.get(observation);
    if (isOne === undefined) {
      isOne = isNameable(observation);
      nameable.set(observation, isOne);
    }
    if (!isOne) return NOT_A_RESOURCE;
  }
  for (const observation of observations) {
    const seen = observed.get(observation);
    if (seen === undefined) {
      observed.set(observation, { count: 1, first: time, last: time });
      continue;
    }
    seen.count++;
    if (time < seen.first) seen.first = time;
    if (time > seen.last) seen.last = time;
  }
  return undefined;
}

const NOT_A_RESOURCE = "it has a resource that no policy can name, being neither an ARN nor a pattern of one";

/** Takes the actions of a call; where it needs none, the names of its operations. */
function takeActions(
  { observations, marker, service, operations }: RecordedCall,
  actions: Set<string>,
): string | undefined {
  if (typeof observations === "string") return observations;
  if (observations.length === 0 && marker !== "permissionless") return whyNoChecks(marker);
  const names =
    observations.length > 0 ? observations.map(({ action }) => action) : operations.map((name) => `${service}:${name}`);
  if (names.length === 0 || (observations.length === 0 && service === undefined) || !names.every(isOneAction)) {
    return NOT_AN_ACTION;
  }
  for (const name of names) actions.add(name);
  return undefined;
}
