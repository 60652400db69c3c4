import type { ActivityRecord, DecidedRecord, Marker } from "@iap/aws-core";
import { isOneAction, NOT_AN_ACTION } from "./action-name.ts";
import { actionsPolicy } from "./actions-policy.ts";
import {
  type DeclaredWildcard,
  type GeneratedPolicy,
  NothingToGrantError,
  policyText,
  type Widening,
} from "./generated-policy.ts";
import { type Grant, GrantCollector } from "./grant-collector.ts";
import { LeftOutLedger } from "./left-out-ledger.ts";
import { prove } from "./prove.ts";
import { endingOf, joinRecords, type RecordedRequest } from "./recorded-request.ts";
import { statementsFor } from "./statements.ts";

export interface GenerateOptions {
  /**
   * `resources` (default): each action on the resources it was used on; what needs no permission is left out.
   * `actions`: one statement with all actions on `"*"`, what needs no permission included.
   */
  readonly level?: "resources" | "actions" | undefined;
  /** Whether requests that AWS itself denied count. Default false: they show no permission that was there. */
  readonly includeDenied?: boolean | undefined;
  /** Whether requests count of which no answer of AWS is on record. Default false. */
  readonly includeUnfinished?: boolean | undefined;
}

/**
 * The least policy that allows what was recorded: exact resources, no action wildcards, nothing that was not used, the
 * same text for the same records in any order. Before it is returned, the evaluator has allowed every check it was made
 * from. Throws `NothingToGrantError` when no request counts.
 */
export function generatePolicy(records: Iterable<ActivityRecord>, options: GenerateOptions = {}): GeneratedPolicy {
  const { level = "resources" } = options;
  const ledger = new LeftOutLedger();
  const collector = new GrantCollector();
  const actions = new Set<string>();
  let requests = 0;
  let granted = 0;
  for (const request of joinRecords(records)) {
    requests++;
    const { decided } = request;
    const why =
      whyNotCounted(request, options) ??
      (level === "actions" ? takeActions(decided, actions) : takeChecks(decided, collector));
    if (why === undefined) granted++;
    else ledger.add(why, nameOf(decided));
  }

  const leftOut = ledger.list();
  if (granted === 0) throw new NothingToGrantError(leftOut);
  if (level === "actions") {
    const { policy, text, characters, warnings } = actionsPolicy(actions);
    const counts = { requests, granted, actions: actions.size };
    return { policy, text, report: { ...counts, leftOut, declaredWildcards: [], widenings: [], characters, warnings } };
  }

  const grants = collector.list();
  const { policy, text, characters, warnings } = policyText(statementsFor(grants));
  prove(text, grants);
  const counts = { requests, granted, actions: new Set(grants.map(({ check }) => check.action)).size };
  const wider = { declaredWildcards: declaredIn(grants), widenings: widenedIn(grants) };
  return { policy, text, report: { ...counts, leftOut, ...wider, characters, warnings } };
}

function whyNotCounted(
  { decided, finished }: RecordedRequest,
  { includeDenied = false, includeUnfinished = false }: GenerateOptions,
): string | undefined {
  if (!decided.forwarded) return "not forwarded: the proxy denied it";
  const { marker } = decided;
  if (marker === "unknown" || marker === "ambiguous") return `${marker}: its actions could not be told`;
  const ending = endingOf(finished);
  if (ending === "denied" && !includeDenied) return "AWS denied it";
  if (ending === "unknown" && !includeUnfinished) return "no answer of AWS is on record";
  return undefined;
}

/** Takes the checks of a request, or says why there are none to take. */
function takeChecks({ checks, marker }: DecidedRecord, collector: GrantCollector): string | undefined {
  if (checks.length > 0) return collector.add(checks);
  return marker === "permissionless" ? "needs no permission" : whyNoChecks(marker);
}

/** Takes the actions of a request; where it needs none, the names of its operations. */
function takeActions(decided: DecidedRecord, actions: Set<string>): string | undefined {
  const { checks, marker, service, operations } = decided;
  if (checks.length === 0 && marker !== "permissionless") return whyNoChecks(marker);
  const names = checks.length > 0 ? checks.map(({ action }) => action) : operations.map((name) => `${service}:${name}`);
  if (names.length === 0 || (checks.length === 0 && service === undefined) || !names.every(isOneAction)) {
    return NOT_AN_ACTION;
  }
  for (const name of names) actions.add(name);
  return undefined;
}

function whyNoChecks(marker: Marker | undefined): string {
  return marker === undefined ? "its record has no checks" : `${marker}: no policy of the caller decides it`;
}

function nameOf({ checks, service, operations, method, host }: DecidedRecord): string {
  const action = checks[0]?.action;
  if (action !== undefined) return action;
  return service !== undefined && operations[0] !== undefined ? `${service}:${operations[0]}` : `${method} ${host}`;
}

function declaredIn(grants: readonly Grant[]): DeclaredWildcard[] {
  const found = new Map<string, { readonly resource: string; readonly why: string; readonly actions: string[] }>();
  for (const { check, resource } of grants) {
    if (!("pattern" in check.resource)) continue;
    const { why } = check.resource;
    const key = JSON.stringify([resource.text, why]);
    const known = found.get(key);
    if (known === undefined) found.set(key, { resource: resource.text, why, actions: [check.action] });
    else if (known.actions.at(-1) !== check.action) known.actions.push(check.action);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, declared]) => declared);
}

function widenedIn(grants: readonly Grant[]): Widening[] {
  const found = new Map<string, Widening>();
  for (const { check, resource } of grants) {
    if (resource.widened === undefined || "none" in check.resource) continue;
    const seen = "pattern" in check.resource ? check.resource.pattern : check.resource.arn;
    found.set(seen, { seen, resource: resource.text, why: resource.widened });
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, widening]) => widening);
}
