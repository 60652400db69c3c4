import type { AccessLevel, Check, EscapeClass, Protocol } from "@iap/aws-core";
import { type Condition, pathsOfCondition } from "./condition.ts";
import { isSpecial, pathOf } from "./scope.ts";
import {
  type CheckMore,
  type CheckSpec,
  type ContextSpec,
  entryOf,
  type HookCheck,
  isList,
  type OperationEntry,
  type ResourceSpec,
  type Shard,
  type ShardMarker,
  type TagSpec,
} from "./shard.ts";
import { pathsOfTemplate, templateOf } from "./template.ts";
import { newWanted, type Wanted, want } from "./wanted.ts";

/** An action an operation needs, or may need. */
export interface RequiredAction {
  /** `s3:GetObject` */
  readonly name: string;
  /** False when AWS defines no resource for it: only `Resource: "*"` matches. */
  readonly hasResource: boolean;
  readonly access: AccessLevel | undefined;
  readonly escape: readonly EscapeClass[];
}

/** An operation of a shard, with its checks read. */
export interface Operation {
  readonly shard: Shard;
  readonly service: string;
  readonly prefix: string;
  readonly name: string;
  readonly protocols: readonly Protocol[];
  readonly marker: ShardMarker | undefined;
  /** Each once; conditional ones too. */
  readonly actions: readonly RequiredAction[];
  readonly entry: OperationEntry;
  readonly checks: readonly CheckPlan[];
  /** The members its checks look at. */
  readonly wanted: Wanted;
}

export type CheckPlan = ActionPlan | HookPlan;

export interface ActionPlan {
  readonly action: RequiredAction;
  readonly resources: readonly ResourceSpec[] | undefined;
  readonly more: CheckMore;
}

/** Code says which of these actions are checked, and on what. */
export interface HookPlan {
  readonly hook: HookCheck;
  readonly actions: readonly RequiredAction[];
}

/** Reads an operation's entry; undefined when the shard has none of that name. */
export function readOperation(shard: Shard, name: string): Operation | undefined {
  const entry = entryOf(shard, name);
  if (entry === undefined) return undefined;
  const [, marker, items = ""] = typeof entry.c === "string" ? (/^(?:#([a-z]+);)?(.*)$/.exec(entry.c) ?? []) : [];
  const specs: readonly CheckSpec[] = typeof entry.c === "string" ? (items === "" ? [] : items.split(",")) : entry.c;
  const checks = specs.map((spec) => readCheck(shard.prefix, name, spec));
  const actions = new Map<string, RequiredAction>();
  for (const check of checks) {
    for (const action of "hook" in check ? check.actions : [check.action]) actions.set(action.name, action);
  }
  return {
    shard,
    service: shard.service,
    prefix: shard.prefix,
    name,
    protocols: shard.protocols,
    marker: marker as ShardMarker | undefined,
    actions: [...actions.values()],
    entry,
    checks,
    wanted: wantedOf(shard, entry, checks),
  };
}

function readCheck(prefix: string, operation: string, spec: CheckSpec): CheckPlan {
  if (typeof spec === "string") return { action: readAction(prefix, operation, spec), resources: undefined, more: {} };
  if ("hook" in spec)
    return { hook: spec, actions: spec.actions.map((action) => readAction(prefix, operation, action)) };
  const [action, resources, more = {}] = spec;
  const list = Array.isArray(resources) ? (resources as readonly ResourceSpec[]) : [resources as ResourceSpec];
  return { action: readAction(prefix, operation, action), resources: list, more };
}

function readAction(prefix: string, operation: string, item: string): RequiredAction {
  const bar = item.indexOf("|");
  const facts = bar < 0 ? "" : item.slice(bar + 1);
  const head = bar < 0 ? item : item.slice(0, bar);
  const hasResource = !head.endsWith("!");
  const text = hasResource ? head : head.slice(0, -1);
  const name = text === "." ? `${prefix}:${operation}` : text.includes(":") ? text : `${prefix}:${text}`;
  return {
    name,
    hasResource,
    access: accessLevels[facts.charAt(0)],
    escape: [...facts.slice(1)].map((letter) => escapeClasses[letter]).filter((one) => one !== undefined),
  };
}

/** The letters of an action (`Ws`) as a check has them. */
export function actionFacts(letters: string): Pick<Check, "access" | "escape"> {
  const access = accessLevels[letters.charAt(0)];
  const classes = [...letters.slice(1)].map((letter) => escapeClasses[letter]).filter((one) => one !== undefined);
  return Object.assign({}, access && { access }, classes.length > 0 && { escape: classes });
}

const accessLevels: Readonly<Record<string, AccessLevel>> = {
  L: "List",
  R: "Read",
  W: "Write",
  P: "Permissions management",
  T: "Tagging",
};

const escapeClasses: Readonly<Record<string, EscapeClass>> = {
  f: "forwardAccess",
  r: "runsAs",
  a: "anyApi",
  s: "shares",
  g: "guardTampering",
};

/** Every member that a check, its resources or its context look at. */
function wantedOf(shard: Shard, entry: OperationEntry, checks: readonly CheckPlan[]): Wanted {
  const root = newWanted();
  const add = (path: string, forEach: string | undefined): void => {
    if (isSpecial(path)) return;
    const whole = path.startsWith(".") ? `${forEach ?? ""}${path === "." ? "" : path}` : path;
    want(root, pathOf(whole).steps);
  };
  const addTemplate = (text: string, forEach: string | undefined): void => {
    for (const path of pathsOfTemplate(templateOf(text, shard.prefix))) add(path, forEach);
  };
  const addCondition = (condition: Condition | undefined, forEach: string | undefined): void => {
    if (condition !== undefined) for (const path of pathsOfCondition(condition)) add(path, forEach);
  };
  const addResource = (spec: ResourceSpec | undefined, forEach: string | undefined): void => {
    if (spec === undefined || spec === "none") return;
    if (typeof spec === "number") return addResource(shard.resources?.[spec], forEach);
    if (typeof spec === "string") return addTemplate(spec, forEach);
    addCondition(spec.when, forEach);
    if (spec.arn !== undefined) add(spec.arn, forEach);
    if (spec.text !== undefined) addTemplate(spec.text, forEach);
    for (const path of Object.values(spec.members ?? {})) add(path, forEach);
    addResource(spec.else, forEach);
  };
  const addContext = (spec: ContextSpec, forEach: string | undefined): void => {
    if (typeof spec === "string") addTemplate(spec, forEach);
    else if (isList(spec)) for (const one of spec) addTemplate(one, forEach);
    else if ("bool" in spec) add(spec.bool, forEach);
    else if ("number" in spec) add(spec.number, forEach);
    else if ("map" in spec) add(`${spec.map}{}`, forEach);
    else if ("arn" in spec) {
      add(spec.arn, forEach);
      if (spec.else !== undefined) addTemplate(spec.else, forEach);
    } else if ("unknownWhen" in spec) addCondition(spec.unknownWhen, forEach);
    else if ("choose" in spec) for (const one of spec.choose) addContext(one, forEach);
    else if ("hook" in spec) for (const path of Object.values(spec.members)) add(path, forEach);
    else if ("value" in spec) {
      addCondition(spec.when, forEach);
      addContext(spec.value, forEach);
    }
  };
  const addAll = (context: Readonly<Record<string, ContextSpec>> | undefined, forEach: string | undefined): void => {
    for (const spec of Object.values(context ?? {})) addContext(spec, forEach);
  };
  const addTags = (tags: TagSpec, forEach: string | undefined): void => {
    if ("map" in tags) return add(`${tags.map}{}`, forEach);
    add(`${tags.list}[].${tags.key}`, forEach);
    add(`${tags.list}[].${tags.value}`, forEach);
    if (tags.type !== undefined) add(tags.list.replace(/[^.]*$/, tags.type), forEach);
  };
  addAll(entry.x, undefined);
  for (const check of checks) {
    const { when, forEach, context } = "hook" in check ? check.hook : check.more;
    addCondition(when, forEach);
    if (forEach !== undefined) want(root, pathOf(forEach).steps);
    addAll(context, forEach);
    if ("hook" in check) for (const path of Object.values(check.hook.members)) add(path, forEach);
    else for (const resource of check.resources ?? []) addResource(resource, forEach);
    if (!("hook" in check) && typeof check.more.tags === "object") addTags(check.more.tags, forEach);
  }
  if (entry.t !== undefined && entry.t !== "?") addTags(entry.t, undefined);
  return root;
}
