import type { ActivityRecord, Decision } from "@iap/aws-core";
import {
  actionMatcher,
  compilePolicySet,
  type PolicyEvaluator,
  type PolicyInput,
  type PolicyStatement,
  parsePolicy,
} from "@iap/iam-evaluator";
import { addSeen, type Seen } from "./grants.ts";
import type { LeftOut } from "./left-out-ledger.ts";
import { type Observation, Recording } from "./recording.ts";
import { resourceText } from "./replay-policy.ts";
import { sortOut } from "./sort-calls.ts";
import type { WhatIfOptions } from "./which-count.ts";

/** Policies and a recording, side by side. */
export interface PolicyDiff {
  /** Granted and not used. */
  readonly unused: readonly StatementPart[];
  /** Used and not granted, or denied. */
  readonly missing: readonly MissingGrant[];
  /** Granted and used. */
  readonly equal: readonly UsedGrant[];
  /** Statements that could not be evaluated for the recording: they count as granting nothing. */
  readonly unevaluated: readonly { readonly policy: string; readonly statement: string; readonly why: string }[];
  readonly requests: number;
  readonly leftOut: readonly LeftOut[];
}

/** Entries of a statement's Action and Resource, each with each. */
export interface StatementPart {
  readonly policy: string;
  /** Its Sid, or `Statement[0]`. */
  readonly statement: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

export interface UsedGrant extends StatementPart {
  /** The actions that were used of those the entries stand for. */
  readonly used: readonly string[];
  readonly count: number;
}

export interface MissingGrant extends Readonly<Seen> {
  readonly action: string;
  readonly resource: string;
  readonly outcome: Decision["outcome"];
  readonly reason: string;
}

/**
 * What policies grant beside what a recording used. Throws `PolicyValidationError` for policies that cannot be evaluated
 * at all. Deny statements show in what is missing; they grant nothing that could be unused.
 */
export function diffPolicy(
  current: readonly PolicyInput[],
  records: Iterable<ActivityRecord>,
  options: WhatIfOptions = {},
): PolicyDiff {
  const recording = new Recording({ known: options.known });
  for (const record of records) recording.add(record);
  const { observed, requests, ledger } = sortOut(recording.calls(), options);
  const parts: Parts = { unused: [], equal: [], unevaluated: new Map() };
  for (const input of current) compareOne(input, observed, parts);
  return {
    unused: parts.unused,
    missing: missingFrom(current, observed),
    equal: parts.equal,
    unevaluated: [...parts.unevaluated.values()],
    requests,
    leftOut: ledger.list(),
  };
}

interface Parts {
  readonly unused: StatementPart[];
  readonly equal: UsedGrant[];
  readonly unevaluated: Map<string, { policy: string; statement: string; why: string }>;
}

function missingFrom(current: readonly PolicyInput[], observed: ReadonlyMap<Observation, Seen>): MissingGrant[] {
  const evaluator = compilePolicySet({ identity: [...current] });
  const missing = new Map<string, { grant: Omit<MissingGrant, keyof Seen>; seen: Seen }>();
  for (const [observation, seen] of observed) {
    const { outcome, reason } = evaluator.evaluate(observation);
    if (outcome === "allowed") continue;
    const { action } = observation;
    const resource = resourceText(observation.resource);
    const key = `${action}\n${resource}\n${outcome}`;
    const known = missing.get(key);
    if (known === undefined) missing.set(key, { grant: { action, resource, outcome, reason }, seen: { ...seen } });
    else addSeen(known.seen, seen);
  }
  return [...missing].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { grant, seen }]) => ({ ...grant, ...seen }));
}

function compareOne({ name, document }: PolicyInput, observed: ReadonlyMap<Observation, Seen>, parts: Parts): void {
  const { policy: parsed } = parsePolicy(document);
  // Policies with errors were refused before.
  if (parsed === undefined) return;
  const source = (typeof document === "string" ? JSON.parse(document) : document) as typeof document & {
    readonly Statement: PolicyStatement | readonly PolicyStatement[];
  };
  const statements = [source.Statement].flat() as PolicyStatement[];
  statements.forEach((statement, index) => {
    if (statement.Effect !== "Allow") return;
    compareStatement(
      statement,
      { policy: name, statement: statement.Sid || `Statement[${index}]` },
      parsed.version,
      observed,
      parts,
    );
  });
}

function compareStatement(
  statement: PolicyStatement,
  at: Pick<StatementPart, "policy" | "statement">,
  Version: string,
  observed: ReadonlyMap<Observation, Seen>,
  { unused, equal, unevaluated }: Parts,
): void {
  const actions = entries(statement.Action, statement.NotAction, "NotAction");
  const resources = entries(statement.Resource, statement.NotResource, "NotResource");
  const on = (element: Entry["element"]): PolicyEvaluator => {
    const one = { Effect: "Allow", Action: "*", ...element, Condition: statement.Condition };
    const document = JSON.stringify({ Version, Statement: [one] });
    return compilePolicySet({ identity: [{ name: at.policy, document }] });
  };
  const isExcepted = actionMatcher(listed(statement.NotAction));
  const matches = actions.map(({ text }) =>
    text === undefined ? (action: string) => !isExcepted(action) : actionMatcher([text]),
  );
  const entriesFor = new Map<string, readonly number[]>();
  const used = new Map<string, { actions: Set<string>; count: number }>();
  // Names are looked up, and asked only whether the conditions hold; patterns have to be asked one by one.
  const names = new Map<string, readonly [number, PolicyEvaluator]>();
  const wide: (readonly [number, PolicyEvaluator])[] = [];
  const anywhere = on({ Resource: "*" });
  resources.forEach(({ text, element }, r) => {
    if (text === undefined || /[*?$]/.test(text)) wide.push([r, on(element)]);
    else names.set(text, [r, anywhere]);
  });
  for (const [observation, { count }] of observed) {
    const named = "arn" in observation.resource ? names.get(observation.resource.arn) : undefined;
    const candidates = named === undefined ? wide : [...wide, named];
    const { action } = observation;
    const asked = entriesFor.get(action) ?? [...actions.keys()].filter((a) => matches[a]?.(action));
    entriesFor.set(action, asked);
    if (asked.length === 0) continue;
    for (const [r, evaluator] of candidates) {
      const { outcome, unevaluated: doubts } = evaluator.evaluate(observation);
      const [doubt] = doubts;
      if (doubt !== undefined) unevaluated.set(`${at.policy}\n${at.statement}`, { ...at, why: doubt.why });
      if (outcome !== "allowed") continue;
      for (const a of asked) {
        const key = `${a} ${r}`;
        const known = used.get(key) ?? { actions: new Set(), count: 0 };
        used.set(key, known);
        known.actions.add(action);
        known.count += count;
      }
    }
  }

  const isUsed = (a: number, r: number): boolean => used.has(`${a} ${r}`);
  const label = ({ label }: Entry): string => label;
  const idle = actions.filter((_, a) => resources.every((_, r) => !isUsed(a, r)));
  if (idle.length > 0) unused.push({ ...at, actions: idle.map(label), resources: resources.map(label) });
  const busy = actions.map((action, a) => ({ action, a })).filter(({ a }) => resources.some((_, r) => isUsed(a, r)));
  const cold = busy.length === 0 ? [] : resources.filter((_, r) => busy.every(({ a }) => !isUsed(a, r)));
  if (cold.length > 0)
    unused.push({ ...at, actions: busy.map(({ action }) => action.label), resources: cold.map(label) });
  const isCold = new Set(cold);
  for (const { action, a } of busy) {
    const rest = resources.filter((resource, r) => !isCold.has(resource) && !isUsed(a, r));
    if (rest.length > 0) unused.push({ ...at, actions: [action.label], resources: rest.map(label) });
    const hot = resources.map((resource, r) => ({ resource, r })).filter(({ r }) => isUsed(a, r));
    const uses = hot.map(({ r }) => used.get(`${a} ${r}`) as { actions: Set<string>; count: number });
    equal.push({
      ...at,
      actions: [action.label],
      resources: hot.map(({ resource }) => resource.label),
      used: [...new Set(uses.flatMap((use) => [...use.actions]))].sort(),
      count: uses.reduce((sum, use) => sum + use.count, 0),
    });
  }
}

/** An entry of Action or Resource, alone in its element; all of a NotAction are one entry. */
interface Entry {
  readonly label: string;
  readonly text: string | undefined;
  readonly element: Readonly<Record<string, unknown>>;
}

function entries(
  plain: PolicyStatement["Action"],
  not: PolicyStatement["NotAction"],
  name: "NotAction" | "NotResource",
): Entry[] {
  if (not !== undefined)
    return [{ label: `${name} ${[not].flat().join(", ")}`, text: undefined, element: { [name]: not } }];
  const element = name.slice(3);
  return listed(plain).map((text) => ({ label: text, text, element: { [element]: text } }));
}

/** What an Action or Resource lists, without the null that IAM lets pass in a Resource, and that names nothing. */
export function listed(values: PolicyStatement["Action"]): string[] {
  return [values ?? []].flat().filter((value) => typeof value === "string");
}
