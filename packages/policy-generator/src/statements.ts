import type { PolicyStatement } from "@iap/iam-evaluator";
import { accessLevelOf } from "./access-level.ts";
import { ACCESS_LEVELS } from "./access-level-by-name.ts";
import { type ConditionElement, conditionElement } from "./conditions.ts";
import { addSeen, type Grant, type Seen } from "./grants.ts";
import { pascalCase } from "./pascal-case.ts";

/** The Sid when one statement says it all. */
export const ONLY_SID = "ProxyRecordedActions";

/** A statement before it is written, and what it was seen for. */
export interface DraftStatement {
  readonly sid: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly condition: ConditionElement | undefined;
  readonly seen: Seen;
}

/**
 * Statements that grant exactly the given pairs, for people to read: a statement is of one service and one access level,
 * which its Sid names, and its actions have the same resources and conditions.
 */
export function readableStatements(grants: readonly Grant[]): DraftStatement[] {
  const drafts = draft(
    resourcesByAction(grants),
    "resources",
    ({ action }) => `${serviceOf(action)} ${String(ACCESS_LEVELS.indexOf(accessLevelOf(action)))}`,
    (actions, resources) => {
      const level = accessLevelOf(actions[0] as string);
      return `${pascalCase(serviceOf(actions[0] as string))}${level}${nounOf(resources)}`;
    },
  );
  // Where that is not enough to tell statements apart, they are named after their only action, and then after what all
  // their resources are called.
  const byAction = renamed(drafts, ({ sid, actions: [action = "", ...others] }) => {
    if (others.length > 0) return sid;
    const level = accessLevelOf(action);
    const name = pascalCase(action.slice(action.indexOf(":") + 1));
    return `${pascalCase(serviceOf(action))}${name.startsWith(level) ? "" : level}${name}`;
  });
  return renamed(byAction, ({ sid, resources }) => `${sid}${nameOf(resources)}`);
}

/** Gives those drafts another Sid whose own is not theirs alone. */
function renamed(drafts: readonly DraftStatement[], rename: (draft: DraftStatement) => string): DraftStatement[] {
  const sids = new Map<string, number>();
  for (const { sid } of drafts) sids.set(sid, (sids.get(sid) ?? 0) + 1);
  return drafts.map((one) => (sids.get(one.sid) === 1 ? one : { ...one, sid: rename(one) }));
}

/**
 * Statements that grant exactly the given pairs, in few characters: whatever has the same resources and conditions shares
 * a statement, whether resources are gathered by action or actions by resource, if that is shorter.
 */
export function compactStatements(grants: readonly Grant[]): DraftStatement[] {
  const sid = (actions: readonly string[]): string => {
    const services = new Set(actions.map(serviceOf));
    return services.size === 1 ? pascalCase(serviceOf(actions[0] as string)) : "Several";
  };
  const byAction = draft(resourcesByAction(grants), "resources", () => "", sid);
  const byResource = draft(actionsByResource(grants), "actions", () => "", sid);
  return charactersOf(byResource) < charactersOf(byAction) ? byResource : byAction;
}

/** Gives each statement the Sid it will have: unique, and the well-known one when it is alone. */
export function writeStatements(drafts: readonly DraftStatement[]): PolicyStatement[] {
  return withUniqueSids(drafts).map(({ sid, actions, resources, condition }) => ({
    Sid: sid,
    Effect: "Allow",
    Action: [...actions],
    Resource: resources.length === 1 && resources[0] === "*" ? "*" : [...resources],
    ...(condition === undefined ? {} : { Condition: { ...condition } }),
  }));
}

/** Sids that tell the statements apart, by a number where their words do not. */
export function withUniqueSids(drafts: readonly DraftStatement[]): DraftStatement[] {
  if (drafts.length === 1) return drafts.map((one) => ({ ...one, sid: ONLY_SID }));
  const taken = new Set<string>();
  return drafts.map((one) => {
    let sid = one.sid;
    for (let n = 2; taken.has(sid); n++) sid = `${one.sid}${n}`;
    taken.add(sid);
    return { ...one, sid };
  });
}

/** Whether a statement's Sid is one we would give to a statement with this action: others are somebody's own. */
export function isOurSid(sid: string | undefined, action: string): boolean {
  return sid === ONLY_SID || sid?.startsWith(pascalCase(serviceOf(action)) + accessLevelOf(action)) === true;
}

export function serviceOf(action: string): string {
  return action.slice(0, action.indexOf(":"));
}

interface Bundle {
  readonly action: string;
  readonly actions: string[];
  readonly resources: string[];
  readonly condition: string;
  readonly seen: Seen;
}

/** Each action with all its resources of the same conditions. */
function resourcesByAction(grants: readonly Grant[]): Bundle[] {
  return bundle(
    grants,
    (grant, condition) => `${grant.action}\n${condition}`,
    ({ resources }, grant) => {
      resources.push(grant.resource.text);
    },
  );
}

/** Each resource with all its actions of the same conditions. */
function actionsByResource(grants: readonly Grant[]): Bundle[] {
  return bundle(
    grants,
    (grant, condition) => `${grant.resource.text}\n${condition}`,
    ({ actions }, grant) => {
      actions.push(grant.action);
    },
  );
}

function bundle(
  grants: readonly Grant[],
  keyOf: (grant: Grant, condition: string) => string,
  add: (bundle: Bundle, grant: Grant) => void,
): Bundle[] {
  const bundles = new Map<string, Bundle>();
  for (const grant of grants) {
    const element = conditionElement(grant.conditions);
    const condition = element === undefined ? "" : JSON.stringify(element);
    const key = keyOf(grant, condition);
    const known = bundles.get(key);
    if (known === undefined) {
      const { action, resource } = grant;
      bundles.set(key, { action, actions: [action], resources: [resource.text], condition, seen: { ...grant.seen } });
    } else {
      add(known, grant);
      addSeen(known.seen, grant.seen);
    }
  }
  return [...bundles.values()];
}

/** Merges bundles that have the same of the other side. */
function draft(
  bundles: readonly Bundle[],
  shared: "actions" | "resources",
  family: (bundle: Bundle) => string,
  sid: (actions: readonly string[], resources: readonly string[]) => string,
): DraftStatement[] {
  const groups = new Map<
    string,
    { order: string; actions: Set<string>; resources: Set<string>; condition: string; seen: Seen }
  >();
  for (const one of bundles) {
    const same = [...one[shared]].sort();
    const key = `${family(one)}\n${one.condition}\n${same.join("\n")}`;
    const known = groups.get(key);
    if (known === undefined) {
      const actions = new Set(one.actions);
      groups.set(key, {
        order: family(one),
        actions,
        resources: new Set(one.resources),
        condition: one.condition,
        seen: { ...one.seen },
      });
    } else {
      for (const action of one.actions) known.actions.add(action);
      for (const resource of one.resources) known.resources.add(resource);
      addSeen(known.seen, one.seen);
    }
  }
  return [...groups.values()]
    .map(({ order, actions, resources, condition, seen }) => {
      const written = { actions: [...actions].sort(), resources: [...resources].sort() };
      const element = condition === "" ? undefined : (JSON.parse(condition) as ConditionElement);
      return { order, draft: { sid: sid(written.actions, written.resources), ...written, condition: element, seen } };
    })
    .sort((a, b) => compare(a.order, b.order) || compareDrafts(a.draft, b.draft))
    .map((one) => one.draft);
}

/** By service; within one, what is about everything last. */
function compareDrafts(a: DraftStatement, b: DraftStatement): number {
  const rank = ({ resources }: DraftStatement): string => (resources[0] === "*" ? "1" : "0");
  return (
    compare(serviceOf(a.actions[0] as string), serviceOf(b.actions[0] as string)) ||
    compare(rank(a), rank(b)) ||
    compare(a.actions.join("\n"), b.actions.join("\n")) ||
    compare(a.resources.join("\n"), b.resources.join("\n")) ||
    compare(JSON.stringify(a.condition ?? ""), JSON.stringify(b.condition ?? ""))
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function charactersOf(drafts: readonly DraftStatement[]): number {
  let sum = 0;
  for (const { actions, resources, condition } of drafts) {
    for (const text of [...actions, ...resources]) sum += text.length + 3;
    sum += 60 + (condition === undefined ? 0 : JSON.stringify(condition).length);
  }
  return sum;
}

/** `Object` of S3 objects, `Table` of `table/...`: what the resources are, if all are the same. */
function nounOf(resources: readonly string[]): string {
  const nouns = new Set(resources.map(noun));
  return nouns.size === 1 ? ([...nouns][0] as string) : "";
}

function noun(resource: string): string {
  const parts = /^arn:[^:]*:([^:]*):[^:]*:[^:]*:(.*)$/s.exec(resource);
  if (parts === null) return "";
  const [, service, rest = ""] = parts;
  if (service === "s3") return rest.includes("/") ? "Object" : "Bucket";
  const type = /^([a-z][A-Za-z-]*)[/:]/.exec(rest)?.[1];
  return type === undefined ? "" : pascalCase(type);
}

/** `Orders` of `table/orders`: the last name of all resources, if they have the same and it is short. */
function nameOf(resources: readonly string[]): string {
  const names = new Set(resources.map((resource) => resource.slice(resource.search(/[^/:]*$/))));
  const [name = "", ...others] = names;
  return others.length === 0 && name.length <= LONGEST_NAME && /^[A-Za-z][\w.@=+-]*$/.test(name)
    ? pascalCase(name)
    : "";
}

const LONGEST_NAME = 32;
