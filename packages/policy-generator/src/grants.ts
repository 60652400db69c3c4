import { compilePolicySet, type PolicyEvaluator } from "@iap/iam-evaluator";
import { isNoNarrower, type LearnedConditions, learnConditions } from "./conditions.ts";
import { generaliseIds, type IdRule } from "./generalise-ids.ts";
import { generaliseSiblings } from "./generalise-siblings.ts";
import { type PolicyResource, policyResource } from "./policy-resource.ts";
import type { Observation } from "./recording.ts";

/** How often something was seen, and when. */
export interface Seen {
  count: number;
  first: string;
  last: string;
}

/** One action on one resource as the policy writes it, and what it was seen for. */
export interface Grant {
  readonly action: string;
  readonly resource: PolicyResource;
  readonly conditions: LearnedConditions;
  readonly observations: readonly Observation[];
  readonly seen: Seen;
}

export interface GrantOptions {
  readonly generalise: ReadonlySet<IdRule>;
  /** How many siblings make a prefix; undefined: any number stays. */
  readonly siblings: number | undefined;
  readonly learnsConditions: boolean;
}

/** The grants of what was observed, all of it nameable: resources written, generalised if asked, conditions learned. In a stable order. */
export function grantsFor(observed: ReadonlyMap<Observation, Seen>, options: GrantOptions): Grant[] {
  const written = new Map<string, Map<string, { resource: PolicyResource; observations: Observation[] }>>();
  for (const observation of observed.keys()) {
    const resource = write(observation, options.generalise);
    const resources = written.get(observation.action) ?? new Map();
    written.set(observation.action, resources);
    const known = resources.get(resource.text);
    if (known === undefined) resources.set(resource.text, { resource, observations: [observation] });
    else {
      known.resource = wider(known.resource, resource);
      known.observations.push(observation);
    }
  }

  const grants: Grant[] = [];
  for (const action of [...written.keys()].sort()) {
    let resources = written.get(action) as Map<string, { resource: PolicyResource; observations: Observation[] }>;
    if (options.siblings !== undefined) resources = withSiblings(resources, options.siblings);
    for (const text of [...resources.keys()].sort()) {
      const { resource, observations } = resources.get(text) as {
        resource: PolicyResource;
        observations: Observation[];
      };
      if (observations.length > 1) sortByResource(observations);
      const conditions = options.learnsConditions
        ? learnConditions(
            action,
            text,
            observations.map(({ context }) => context),
          )
        : {};
      grants.push({ action, resource, conditions, observations, seen: total(observations, observed) });
    }
  }
  return grants;
}

/** Whether a policy can name the resource of an observation. */
export function isNameable({ resource }: Observation): boolean {
  return policyResource(resource) !== undefined;
}

function write({ resource }: Observation, rules: ReadonlySet<IdRule>): PolicyResource {
  const generalised = rules.size > 0 && "arn" in resource ? generaliseIds(resource.arn, rules) : undefined;
  // `as`: what no policy can name was left out before, and a rule's wildcards stand where an ARN may have some.
  return policyResource(resource, generalised) as PolicyResource;
}

function withSiblings(
  resources: ReadonlyMap<string, { resource: PolicyResource; observations: Observation[] }>,
  least: number,
): Map<string, { resource: PolicyResource; observations: Observation[] }> {
  const exact = [...resources].filter(([, { observations }]) =>
    observations.every(({ resource }) => "arn" in resource),
  );
  const became = generaliseSiblings(
    exact.map(([text]) => text),
    least,
  );
  const result = new Map<string, { resource: PolicyResource; observations: Observation[] }>();
  for (const [text, entry] of resources) {
    const to = became.get(text) ?? text;
    const widened = `at least ${least} names stand beside each other here`;
    const resource = to === text ? entry.resource : { text: to, widened };
    const known = result.get(to);
    if (known === undefined) result.set(to, { resource, observations: [...entry.observations] });
    else {
      known.resource = wider(known.resource, resource);
      known.observations.push(...entry.observations);
    }
  }
  return result;
}

/** Of two resources with the same text the one that tells of a widening: whatever the order they come in. */
function wider(one: PolicyResource, other: PolicyResource): PolicyResource {
  if (one.widened === undefined) return other;
  return other.widened === undefined || one.widened <= other.widened ? one : other;
}

function sortByResource(observations: Observation[]): void {
  const keys = new Map(observations.map((observation) => [observation, JSON.stringify(observation.resource)]));
  observations.sort((a, b) => {
    const [x = "", y = ""] = [keys.get(a), keys.get(b)];
    return x < y ? -1 : x > y ? 1 : 0;
  });
}

function total(observations: readonly Observation[], observed: ReadonlyMap<Observation, Seen>): Seen {
  const sum: Seen = { count: 0, first: "", last: "" };
  for (const observation of observations) addSeen(sum, observed.get(observation) as Seen);
  return sum;
}

export function addSeen(sum: Seen, { count, first, last }: Seen): void {
  sum.count += count;
  if (sum.first === "" || first < sum.first) sum.first = first;
  if (last > sum.last) sum.last = last;
}

/** Without the grants that another of the same action and no more conditions covers: `bucket/*` covers `bucket/known/*`. */
export function withoutCovered(grants: readonly Grant[]): Grant[] {
  const byAction = new Map<string, Grant[]>();
  for (const grant of grants) {
    const known = byAction.get(grant.action);
    if (known === undefined) byAction.set(grant.action, [grant]);
    else known.push(grant);
  }
  const dropped = new Map<Grant, Grant>();
  for (const same of byAction.values()) findCovered(same, dropped);
  if (dropped.size === 0) return [...grants];
  const sums = new Map<Grant, { observations: Observation[]; seen: Seen }>();
  for (const [grant, first] of dropped) {
    let by = first;
    for (let next = dropped.get(by); next !== undefined; next = dropped.get(by)) by = next;
    const sum = sums.get(by) ?? { observations: [...by.observations], seen: { ...by.seen } };
    sum.observations.push(...grant.observations);
    addSeen(sum.seen, grant.seen);
    sums.set(by, sum);
  }
  return grants
    .filter((grant) => !dropped.has(grant))
    .map((grant) => {
      const sum = sums.get(grant);
      return sum === undefined ? grant : { ...grant, ...sum };
    });
}

function findCovered(grants: readonly Grant[], dropped: Map<Grant, Grant>): void {
  const wide = grants.filter(({ resource }) => hasWildcard(resource.text));
  if (wide.length === 0 || grants.length === 1 || wide.length * grants.length > MOST_COMPARISONS) return;
  const evaluators = new Map<Grant, PolicyEvaluator>();
  for (const by of wide) {
    const { action } = by;
    const statement = { Effect: "Allow", Action: action, Resource: by.resource.text } as const;
    const document = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    evaluators.set(by, compilePolicySet({ identity: [{ name: "one resource", document }] }));
  }
  for (const grant of grants) {
    const by = wide.find(
      (other) =>
        other !== grant &&
        dropped.get(other) !== grant &&
        isNoNarrower(other.conditions, grant.conditions) &&
        covers(evaluators.get(other) as PolicyEvaluator, other, grant),
    );
    if (by !== undefined && !leadsTo(by, grant, dropped)) dropped.set(grant, by);
  }
}

function leadsTo(from: Grant, to: Grant, dropped: ReadonlyMap<Grant, Grant>): boolean {
  for (let at: Grant | undefined = from; at !== undefined; at = dropped.get(at)) if (at === to) return true;
  return false;
}

function covers(evaluator: PolicyEvaluator, by: Grant, { action, resource, observations }: Grant): boolean {
  if (by.resource.text === "*") return true;
  const [first] = observations;
  if (resource.text === "*" || first === undefined) return false;
  const exact = resource.widened === undefined && "arn" in first.resource;
  // Escapes have no form in a pattern to ask with.
  if (!exact && resource.text.includes("${")) return false;
  const asked = exact ? first.resource : { pattern: resource.text, why: "as the policy writes it" };
  return evaluator.evaluate({ action, resource: asked }).outcome === "allowed";
}

/** Wildcards in a policy's resource, escaped ones aside. */
export function hasWildcard(text: string): boolean {
  return /[*?]/.test(text.replace(/\$\{[*?$]\}/g, ""));
}

/** More are not compared, each with each: the policy then says some things twice. */
const MOST_COMPARISONS = 1_000_000;
