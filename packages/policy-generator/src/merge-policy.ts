import type { ActivityRecord, CheckResource } from "@iap/aws-core";
import {
  compilePolicySet,
  type PolicyDocument,
  type PolicyInput,
  type PolicyStatement,
  PolicyValidationError,
  validatePolicy,
} from "@iap/iam-evaluator";
import { accessLevelOf } from "./access-level.ts";
import { appendJson } from "./append-json.ts";
import { listed } from "./diff-policy.ts";
import { asIdentity, callsByIdentity, ofIdentity, sidPrefix } from "./generate-policies.ts";
import type { GeneraliseRule } from "./generate-policy.ts";
import { type Grant, grantsFor, hasWildcard, type Seen, withoutCovered } from "./grants.ts";
import { BASE_IDENTITY } from "./identity.ts";
import type { LeftOut } from "./left-out-ledger.ts";
import { type PolicyResource, policyResource } from "./policy-resource.ts";
import { prove } from "./prove.ts";
import { type Observation, Recording } from "./recording.ts";
import { resourceText } from "./replay-policy.ts";
import { sortOut } from "./sort-calls.ts";
import { isOurSid, readableStatements, serviceOf, writeStatements } from "./statements.ts";
import type { WhatIfOptions } from "./which-count.ts";

export interface MergeOptions extends WhatIfOptions {
  readonly generalise?: readonly GeneraliseRule[] | undefined;
  readonly siblings?: number | undefined;
  readonly conditions?: boolean | undefined;
  /** Whether what sessions of a role did is added for these sessions alone, as `joinPolicies` does. Default false. */
  readonly byIdentity?: boolean | undefined;
}

/** A policy widened by a recording. */
export interface MergedPolicy {
  readonly policy: PolicyDocument;
  /** The text that was given, with what was added written into it: no other character of it is changed. */
  readonly text: string;
  /** What was added, by the statement it went to: its Sid, or `Statement[0]`. */
  readonly added: readonly {
    readonly statement: string;
    readonly isNew: boolean;
    readonly actions: readonly string[];
    readonly resources: readonly string[];
  }[];
  /** What was used and cannot be allowed by adding: a Deny of the policy is about it. */
  readonly conflicts: readonly { readonly action: string; readonly resource: string; readonly reason: string }[];
  readonly requests: number;
  readonly leftOut: readonly LeftOut[];
}

/**
 * Widens a policy by what a recording used and it does not grant. What is there stays as it is, order, Sids and the way in
 * which it is written included. An action or resource joins a statement only where its Sid is one of ours, it has no
 * conditions, and that grants nothing beyond the recording, nor without a condition what the policy has one for; everything
 * else goes to new statements at the end. Proven before it is returned. Throws `PolicyValidationError` for a policy that
 * cannot be evaluated.
 */
export function mergePolicy(
  input: PolicyInput,
  records: Iterable<ActivityRecord>,
  options: MergeOptions = {},
): MergedPolicy {
  const { generalise = [], siblings = 5, conditions = true, byIdentity = false } = options;
  const { name, document } = input;
  const errors = validatePolicy(document, "identity").filter(({ level }) => level === "ERROR");
  if (errors.length > 0) throw new PolicyValidationError(errors.map((finding) => ({ policy: name, ...finding })));
  const before = typeof document === "string" ? document : `${JSON.stringify(document, null, 2)}\n`;
  const evaluator = compilePolicySet({ identity: [input] });

  const recording = new Recording({ known: options.known });
  for (const record of records) recording.add(record);
  const calls = recording.calls();
  const { requests, ledger } = sortOut(calls, options);
  const conflicts = new Map<string, MergedPolicy["conflicts"][number]>();
  const parts = (byIdentity ? callsByIdentity(calls) : [[BASE_IDENTITY, calls] as const]).map(([identity, own]) => {
    const missing = new Map<Observation, Seen>();
    const kept: Observation[] = [];
    for (const [observation, seen] of sortOut(own, options).observed) {
      const { outcome, reason } = evaluator.evaluate(observation);
      if (outcome === "implicitDeny") missing.set(observation, seen);
      else if (outcome === "allowed") kept.push(observation);
      else {
        const { action } = observation;
        const resource = resourceText(observation.resource);
        conflicts.set(`${action}\n${resource}`, { action, resource, reason });
      }
    }
    return { identity, missing, kept };
  });
  const told = {
    conflicts: [...conflicts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, conflict]) => conflict),
    requests,
    leftOut: ledger.list(),
  };
  const written = statementsIn(before);
  const statements: Mutable<PolicyStatement>[] = written.map((statement) => ({ ...statement }));
  const added: MergedPolicy["added"][number][] = [];
  const toProve: Pick<Grant, "action" | "resource" | "observations">[] = [];
  for (const { identity, missing, kept } of parts) {
    const all = grantsFor(missing, {
      generalise: new Set(generalise.filter((rule) => rule !== "siblings")),
      siblings: generalise.includes("siblings") ? siblings : undefined,
      learnsConditions: conditions,
    });
    const uncovered = withoutCovered(all);
    // What holds for all of the agent's identities does not grow by what one role did.
    const isOfRole = identity !== BASE_IDENTITY;
    // What the policy allows under conditions, or by variables, must not come to be allowed without.
    const inAnyCase = kept.filter(({ action, resource }) => evaluator.allows({ action, resource, authoritative: [] }));
    const rest = isOfRole ? uncovered : joinExisting(uncovered, statements, inAnyCase, added);
    const taken = new Set(statements.map(({ Sid }) => Sid));
    for (const draft of readableStatements(rest)) {
      const Sid = uniqueSid(`${sidPrefix(identity)}${draft.sid}`, taken);
      statements.push(...writeStatements([draft]).map((statement) => ofIdentity({ ...statement, Sid }, identity)));
      added.push({ statement: Sid, isNew: true, actions: draft.actions, resources: draft.resources });
    }
    for (const grant of all) toProve.push(asIdentity(grant, identity));
    for (const observation of kept) {
      toProve.push({ action: observation.action, resource: { text: "" }, observations: [observation] });
    }
  }
  const text = writeInto(before, written, statements);
  prove([text], toProve);
  return { policy: JSON.parse(text) as PolicyDocument, text, added, ...told };
}

function statementsIn(text: string): PolicyStatement[] {
  const { Statement } = JSON.parse(text) as PolicyDocument;
  return [Statement].flat() as PolicyStatement[];
}

/** The text with what the statements have beyond those that were written. */
function writeInto(
  before: string,
  written: readonly PolicyStatement[],
  statements: readonly PolicyStatement[],
): string {
  const isList = Array.isArray((JSON.parse(before) as PolicyDocument).Statement);
  let text = before;
  written.forEach((old, i) => {
    for (const element of ["Action", "Resource"] as const) {
      const more = listed(statements[i]?.[element]).slice(listed(old[element]).length);
      if (more.length > 0) text = appendJson(text, ["Statement", ...(isList ? [i] : []), element], more);
    }
  });
  const more = statements.slice(written.length);
  return more.length === 0 ? text : appendJson(text, ["Statement"], more);
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/** Puts grants into statements that stay exact with them, beside what was used and is granted; returns the others. */
function joinExisting(
  grants: readonly Grant[],
  statements: readonly Mutable<PolicyStatement>[],
  kept: readonly Observation[],
  added: MergedPolicy["added"][number][],
): Grant[] {
  const pair = (action: string, resource: string): string => `${action.toLowerCase()}\n${resource}`;
  // As a policy writes them: the object called "*" is not all objects. `as`: what no policy can name was left out.
  const textOf = (resource: CheckResource): string => (policyResource(resource) as PolicyResource).text;
  const known = new Set(kept.map(({ action, resource }) => pair(action, textOf(resource))));
  const open = new Map<string, Grant>();
  for (const grant of grants) {
    known.add(pair(grant.action, grant.resource.text));
    if (Object.keys(grant.conditions).length === 0) open.set(pair(grant.action, grant.resource.text), grant);
  }
  const done = new Set<Grant>();
  statements.forEach((statement, index) => {
    if (statement.Effect !== "Allow" || statement.Condition !== undefined) return;
    if (statement.Action === undefined || statement.Resource === undefined) return;
    const label = statement.Sid || `Statement[${index}]`;
    const [actions, resources] = [listed(statement.Action), listed(statement.Resource)];
    if (actions.some((action) => /[*?]/.test(action))) return;
    const has = { actions: new Set(actions.map((one) => one.toLowerCase())), resources: new Set(resources) };
    const wide = new Set(resources.filter(hasWildcard));
    for (const grant of grants) {
      const { action, resource } = grant;
      if (done.has(grant) || open.get(pair(action, resource.text)) !== grant) continue;
      if (!isOurSid(statement.Sid, action) || actions.some((one) => serviceOf(one) !== serviceOf(action))) continue;
      const takesResource =
        has.actions.has(action.toLowerCase()) &&
        !has.resources.has("*") &&
        resource.text !== "*" &&
        actions.every((one) => known.has(pair(one, resource.text)));
      const takesAction =
        has.resources.has(resource.text) &&
        (wide.size === 0 || (wide.size === 1 && wide.has(resource.text))) &&
        actions.every((one) => accessLevelOf(one) === accessLevelOf(action)) &&
        resources.every((one) => known.has(pair(action, one)));
      if (takesResource) {
        added.push({ statement: label, isNew: false, actions: [...actions], resources: [resource.text] });
        for (const one of actions) finish(open.get(pair(one, resource.text)), done);
        resources.push(resource.text);
        has.resources.add(resource.text);
        if (hasWildcard(resource.text)) wide.add(resource.text);
      } else if (takesAction) {
        added.push({ statement: label, isNew: false, actions: [action], resources: [...resources] });
        for (const one of resources) finish(open.get(pair(action, one)), done);
        actions.push(action);
        has.actions.add(action.toLowerCase());
      }
    }
    [statement.Action, statement.Resource] = [actions, resources];
  });
  return grants.filter((grant) => !done.has(grant));
}

function finish(grant: Grant | undefined, done: Set<Grant>): void {
  if (grant !== undefined) done.add(grant);
}

function uniqueSid(base: string, taken: Set<string | undefined>): string {
  let sid = base;
  for (let n = 2; taken.has(sid); n++) sid = `${base}${n}`;
  taken.add(sid);
  return sid;
}
