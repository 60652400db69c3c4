import type { ActivityRecord } from "@iap/aws-core";
import { actionsPolicies } from "./actions-policy.ts";
import { isLearnedKey } from "./conditions.ts";
import { fit } from "./fit.ts";
import type { IdRule } from "./generalise-ids.ts";
import {
  type DeclaredWildcard,
  type GeneratedPolicy,
  type GenerationReport,
  type LearnedCondition,
  NothingToGrantError,
  type Widening,
} from "./generated-policy.ts";
import { type Grant, grantsFor, withoutCovered } from "./grants.ts";
import { type PolicyTarget, ROOM } from "./policy-target.ts";
import { prove } from "./prove.ts";
import { type RecordedCall, Recording } from "./recording.ts";
import { type SortedCalls, sortOut } from "./sort-calls.ts";
import { tellsUnseen, unseenPermissions } from "./unseen-permissions.ts";
import type { WhichCount } from "./which-count.ts";

/** Explicit rules by which resources become wider than they were seen. */
export type GeneraliseRule = IdRule | "siblings";

/** Every rule, in the order in which they are told. */
export const GENERALISE_RULES: readonly GeneraliseRule[] = ["uuid", "date", "number", "generated", "siblings"];

export interface GenerateOptions extends WhichCount {
  /**
   * `resources` (default): each action on the resources it was used on; what needs no permission is left out.
   * `actions`: all actions on `"*"`, what needs no permission included.
   */
  readonly level?: "resources" | "actions" | undefined;
  /** Rules that make resources wider. Default: none; resources are exact. */
  readonly generalise?: readonly GeneraliseRule[] | undefined;
  /** How many names beside each other the rule `siblings` takes for many. Default 5. */
  readonly siblings?: number | undefined;
  /** Whether conditions that held in all observations are written. Default true. */
  readonly conditions?: boolean | undefined;
  /** What the policy is for; it is then made to fit. Default: nothing, and any size. */
  readonly target?: PolicyTarget | undefined;
  /** Whether `s3:Get*` may take the place of actions: to make the policy fit, or, without a target, always. Default false. */
  readonly actionWildcards?: boolean | undefined;
}

/**
 * The least policy that allows what was recorded: exact resources, no action wildcards, nothing that was not used, the
 * same text for the same records in any order. Before it is returned, the evaluator has allowed every check it was made
 * from. Throws `NothingToGrantError` when no request counts, `PolicyTooLargeError` when it does not fit the target.
 */
export function generatePolicy(records: Iterable<ActivityRecord>, options: GenerateOptions = {}): GeneratedPolicy {
  const recording = new Recording({ keepsKey });
  for (const record of records) recording.add(record);
  return policyOfCalls(recording.calls(), options).generated;
}

/** The keys of a context that bear on a policy or its report. */
export function keepsKey(key: string): boolean {
  return isLearnedKey(key) || tellsUnseen(key);
}

/** A policy, and at level `resources` the grants it was made of. */
export interface PolicyOfCalls {
  readonly generated: GeneratedPolicy;
  readonly grants: readonly Grant[];
}

/** The same of calls. */
export function policyOfCalls(calls: readonly RecordedCall[], options: GenerateOptions): PolicyOfCalls {
  const sorted = sortOut(calls, options);
  return options.level === "actions"
    ? { generated: onActions(sorted, options), grants: [] }
    : onResources(sorted, options);
}

/** The compact form: every action on `"*"`. */
export function onActions(sorted: SortedCalls, { target }: GenerateOptions): GeneratedPolicy {
  const { granted, actions, ledger } = sorted;
  const leftOut = ledger.list();
  if (granted === 0) throw new NothingToGrantError(leftOut);
  const policies = actionsPolicies(actions, target);
  const characters = policies.reduce((sum, one) => sum + one.characters, 0);
  const fitting = policies.length > 1 ? [`it was split into ${policies.length} policies`] : [];
  const first = policies[0] as (typeof policies)[0];
  const report = {
    ...emptyReport(sorted),
    characters,
    fitting,
    warnings: warningsFor(characters, policies.length, target),
  };
  return { policy: first.policy, text: first.text, policies, report };
}

function onResources(sorted: SortedCalls, options: GenerateOptions): PolicyOfCalls {
  const { generalise = [], siblings = 5, conditions = true, target, actionWildcards = false } = options;
  const { granted, observed, ledger } = sorted;
  if (granted === 0) throw new NothingToGrantError(ledger.list());
  const all = grantsFor(observed, {
    generalise: new Set(generalise.filter((rule) => rule !== "siblings")),
    siblings: generalise.includes("siblings") ? siblings : undefined,
    learnsConditions: conditions,
  });
  const grants = withoutCovered(all);
  const { policies, drafts, steps, actionWildcards: wildcards } = fit(grants, { target, actionWildcards });
  prove(
    policies.map(({ text }) => text),
    all,
  );
  const characters = policies.reduce((sum, one) => sum + one.characters, 0);
  const pairs = new Set([...observed.keys()].map(({ action, resource }) => `${action}\n${JSON.stringify(resource)}`))
    .size;
  const report: GenerationReport = {
    ...emptyReport(sorted),
    pairs,
    overGrant: overGrant(drafts.flat(), grants),
    declaredWildcards: declaredIn(all, grants),
    widenings: widenedIn(all),
    collapsed: all.length - grants.length,
    conditions: conditionsIn(grants),
    unseen: unseenPermissions(observed.keys()),
    actionWildcards: wildcards,
    provenance: drafts.flatMap((statements, policy) => statements.map(({ sid, seen }) => ({ policy, sid, ...seen }))),
    characters,
    fitting: steps,
    warnings: warningsFor(characters, policies.length, target),
  };
  const first = policies[0] as (typeof policies)[0];
  return { generated: { policy: first.policy, text: first.text, policies, report }, grants: all };
}

/** Pairs the statements list, over those among the grants: 1 unless a statement grants what no grant asked for. */
function overGrant(
  drafts: readonly { readonly actions: readonly string[]; readonly resources: readonly string[] }[],
  grants: readonly Grant[],
): number {
  const listed = drafts.reduce((sum, { actions, resources }) => sum + actions.length * resources.length, 0);
  const asked = grants.length;
  return Math.max(1, listed / asked);
}

function emptyReport({
  requests,
  granted,
  retries,
  actions,
  ledger,
  unknownOperations,
}: SortedCalls): GenerationReport {
  return {
    ...{ requests, granted, retries, actions: actions.size, pairs: 0, overGrant: undefined },
    ...{
      leftOut: ledger.list(),
      unknownOperations,
      declaredWildcards: [],
      widenings: [],
      collapsed: 0,
      conditions: [],
      unseen: [],
    },
    ...{ actionWildcards: [], provenance: [], characters: 0, fitting: [], warnings: [] },
  };
}

/** What no target was named for may be too large for the usual one. */
export function warningsFor(characters: number, policies: number, target: PolicyTarget | undefined): string[] {
  if (target === "session") {
    return [
      "AWS packs a session policy together with its tags, and may refuse one that has fewer characters than its limit.",
    ];
  }
  if (target === "scp") {
    return [
      "An SCP gives no permission: it limits what the policies of an account may give. Detach FullAWSAccess for it to limit anything.",
    ];
  }
  const { managed } = ROOM;
  if (target !== undefined || policies > 1 || characters <= managed.characters) return [];
  return [
    `The policy has ${characters} characters; AWS takes ${managed.characters} in a managed policy. The proxy takes it as it is; for AWS, --for managed splits it, --generalize and --level actions make it smaller.`,
  ];
}

function declaredIn(all: readonly Grant[], grants: readonly Grant[]): DeclaredWildcard[] {
  const found = new Map<string, { resource: string; why: string; actions: string[]; covers: Set<string> }>();
  // What was covered has gone into the grant that covers it.
  const merged = new Map(grants.map((grant) => [`${grant.action}\n${grant.resource.text}`, grant]));
  for (const { action, resource, observations } of all) {
    for (const seen of observations) {
      if (!("pattern" in seen.resource)) continue;
      const { why } = seen.resource;
      const key = JSON.stringify([resource.text, why]);
      const known = found.get(key) ?? { resource: resource.text, why, actions: [], covers: new Set() };
      found.set(key, known);
      if (known.actions.at(-1) !== action) known.actions.push(action);
      for (const { resource: other } of merged.get(`${action}\n${resource.text}`)?.observations ?? []) {
        if ("arn" in other) known.covers.add(other.arn);
      }
    }
  }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { covers, ...declared }]) => ({ ...declared, covers: [...covers].sort() }));
}

function widenedIn(grants: readonly Grant[]): Widening[] {
  const found = new Map<string, { resource: string; why: string; actions: string[]; seen: Set<string> }>();
  for (const { action, resource, observations } of grants) {
    if (resource.widened === undefined) continue;
    const key = JSON.stringify([resource.text, resource.widened]);
    const known = found.get(key) ?? { resource: resource.text, why: resource.widened, actions: [], seen: new Set() };
    found.set(key, known);
    if (known.actions.at(-1) !== action) known.actions.push(action);
    for (const { resource: seen } of observations) {
      if (!("none" in seen)) known.seen.add("pattern" in seen ? seen.pattern : seen.arn);
    }
  }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { seen, ...widening }]) => ({ seen: [...seen].sort()[0] as string, count: seen.size, ...widening }));
}

function conditionsIn(grants: readonly Grant[]): LearnedCondition[] {
  const found = new Map<string, { actions: string[]; resource: string; conditions: Grant["conditions"] }>();
  for (const { action, resource, conditions } of grants) {
    if (Object.keys(conditions).length === 0) continue;
    const key = JSON.stringify([resource.text, conditions]);
    const known = found.get(key);
    if (known === undefined) found.set(key, { actions: [action], resource: resource.text, conditions });
    else known.actions.push(action);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, learned]) => learned);
}
