import { type Check, type CheckResource, type Context, type ContextValue, parseArn } from "@iap/aws-core";
import { holds } from "./condition.ts";
import { checkHooks, contextHooks, resourceHooks } from "./hooks/index.ts";
import { isMap, isThere, type MemberValue, TwoReadings, textOf } from "./member-value.ts";
import type { ActionPlan, HookPlan, Operation, RequiredAction } from "./operation.ts";
import { elementsAt, isSpecial, type Scope, valuesAt } from "./scope.ts";
import { type ContextSpec, isList, type OwnResource, type ResourceObject, type TagSpec } from "./shard.ts";
import { type Filled, fill, pathsOfTemplate, templateOf } from "./template.ts";

/** A check before the keys that every check of the call has are added. */
export type OperationCheck = Omit<Check, "context" | "authoritative"> & {
  readonly context: Readonly<Record<string, ContextValue>>;
  readonly authoritative: readonly string[];
};

/**
 * The checks AWS would make for an operation with these members: one for each action and resource, each once. Throws
 * `TwoReadings` when a member is not of the kind the API has.
 */
export function operationChecks(operation: Operation, scope: Scope): readonly OperationCheck[] {
  const { entry, prefix } = operation;
  const shared = readContext(entry.x ?? {}, scope);
  const tagsOn = tagReader(entry.t, scope);
  const checks: OperationCheck[] = [];
  const add = (
    action: RequiredAction,
    resource: CheckResource,
    context: ReadContext,
    taken: ReadContext | 1 | undefined,
  ): void => {
    const own = action.name.startsWith(`${prefix}:`);
    const tags = tagsOn(resource);
    const parts = [...(own ? [shared] : []), ...(taken === undefined ? [] : [taken === 1 ? tags : taken]), context];
    const { name, access, escape: classes } = action;
    const values = Object.assign({}, ...parts.map((part) => part.values)) as Context;
    const authoritative = [...new Set([...parts.flatMap((part) => part.authoritative), ...tags.authoritative])];
    const check = { action: name, resource, context: values, authoritative };
    checks.push(Object.assign(check, access && { access }, classes.length > 0 && { escape: classes }));
  };
  for (const plan of operation.checks) {
    const { when, forEach } = "hook" in plan ? plan.hook : plan.more;
    const scopes =
      forEach === undefined ? [scope] : elementsAt(forEach, scope).map((element) => ({ ...scope, ...element }));
    for (const each of scopes) {
      if (when !== undefined && !holds(when, each)) continue;
      if ("hook" in plan) {
        runHook(plan, each, add);
        continue;
      }
      const { action, more } = plan;
      const context = readContext(more.context ?? {}, each);
      const taken = more.tags === undefined ? undefined : more.tags === 1 ? 1 : readTags(more.tags, each);
      const known = { ...context, authoritative: [...context.authoritative, ...(more.authoritative ?? [])] };
      for (const { resource, untagged } of resourcesOf(plan, each))
        add(action, resource, known, untagged ? undefined : taken);
    }
  }
  // A request that asks for none of what its operation can do (an empty batch) is AWS's to refuse; here it needs all of it.
  if (checks.length === 0 && operation.marker === undefined) {
    for (const action of operation.actions) {
      if (action.name.startsWith(`${prefix}:`))
        add(action, action.hasResource ? anything : { none: true }, noContext, undefined);
    }
  }
  return eachOnce(checks);
}

/** The checks without those that say the same as another. */
export function eachOnce(checks: readonly OperationCheck[]): readonly OperationCheck[] {
  if (checks.length < 2) return checks;
  const different = new Map<string, OperationCheck>();
  for (const check of checks) {
    different.set(JSON.stringify([check.action, check.resource, check.context, check.authoritative]), check);
  }
  return [...different.values()];
}

type Add = (
  action: RequiredAction,
  resource: CheckResource,
  context: ReadContext,
  tags: ReadContext | 1 | undefined,
) => void;

function runHook({ hook: spec, actions }: HookPlan, scope: Scope, add: Add): void {
  const run = checkHooks[spec.hook];
  if (run === undefined) throw new Error(`no hook ${spec.hook}`);
  const base = readContext(spec.context ?? {}, scope);
  for (const { action, resource, context = {} } of run(hookMembers(spec.members, scope), scope.call)) {
    const known = actions.find(({ name }) => name === action);
    if (known === undefined) throw new Error(`the hook ${spec.hook} gives ${action}, which its table does not list`);
    add(
      known,
      resource,
      { values: { ...base.values, ...context }, authoritative: [...base.authoritative, ...Object.keys(context)] },
      undefined,
    );
  }
}

function hookMembers(
  members: Readonly<Record<string, string>>,
  scope: Scope,
): Readonly<Record<string, readonly MemberValue[]>> {
  return Object.fromEntries(
    Object.entries(members).map(([name, path]) => [name, valuesAt(path, scope).filter(isThere)]),
  );
}

/** The resources of a check: at least one. */
function resourcesOf({ action, resources, more }: ActionPlan, scope: Scope): readonly Found[] {
  if (resources === undefined) return [{ resource: action.hasResource ? anything : { none: true } }];
  const found = resources.flatMap((given): readonly Found[] => {
    const spec = typeof given === "number" ? scope.resources[given] : given;
    if (spec === undefined) return [];
    const untagged = typeof spec === "object" && spec.untagged === true;
    return resourceOf(spec, scope).map((resource) => ({ resource, untagged }));
  });
  if (found.length > 0) return found;
  if (more.fallback === undefined) return [{ resource: anything }];
  return fill(templateOf(more.fallback, scope.call.prefix), scope).map((filled) => ({
    resource: asResource(filled, unnamed),
  }));
}

interface Found {
  readonly resource: CheckResource;
  readonly untagged?: boolean;
}

const unnamed = "the request does not name the resource";
const anything: CheckResource = { pattern: "*", why: unnamed };

function resourceOf(spec: OwnResource, scope: Scope): readonly CheckResource[] {
  if (spec === "none") return [{ none: true }];
  if (typeof spec === "string")
    return fill(templateOf(spec, scope.call.prefix), scope).map((filled) => asResource(filled, undefined));
  if (spec.when !== undefined && !holds(spec.when, scope)) return [];
  if (spec.hook !== undefined) {
    const run = resourceHooks[spec.hook];
    if (run === undefined) throw new Error(`no hook ${spec.hook}`);
    return run(hookMembers(spec.members ?? {}, scope), scope.call, spec.kind);
  }
  if (spec.none) return [{ none: true }];
  if (spec.arn !== undefined) return arnOr(spec, spec.arn, scope);
  if (spec.text === undefined) return [];
  return fill(templateOf(spec.text, scope.call.prefix), scope).map((filled) => asResource(filled, spec.why));
}

/**
 * Each value of a member that is an ARN, as it is; for another the alternative. That is checked as well where members of its own are there
 * beside the ARN: which of the two AWS takes is not known.
 */
function arnOr(spec: ResourceObject, path: string, scope: Scope): readonly CheckResource[] {
  const values = valuesAt(path, scope).filter(isThere);
  const arns = values.map((value) => textOf(value, path) as string).filter((text) => text.startsWith("arn:"));
  const found: CheckResource[] = arns.map((arn) => {
    return parseArn(arn) === undefined ? { pattern: "*", why: `${path} begins like an ARN and is none` } : { arn };
  });
  if (arns.length > 0 && arns.length === values.length && !isNamedToo(spec.else, path, scope)) return found;
  if (spec.else !== undefined) {
    const others = resourceOf(spec.else, scope);
    // In a list of both kinds, the alternative was made of the ARNs too: it only adds what must be allowed.
    return [...found, ...others];
  }
  if (values.length === 0 && path.includes("[")) return found;
  return [...found, { pattern: "*", why: spec.why ?? `${path} is not the ARN of a resource` }];
}

/** Whether an alternative names its resource by other members than the ARN's, and one of them is there. */
function isNamedToo(spec: OwnResource | undefined, arn: string, scope: Scope): boolean {
  const paths = membersOf(spec, scope);
  return !paths.includes(arn) && paths.some((path) => valuesAt(path, scope).some(isThere));
}

function membersOf(spec: OwnResource | undefined, scope: Scope): readonly string[] {
  if (spec === undefined) return [];
  if (typeof spec === "string")
    return pathsOfTemplate(templateOf(spec, scope.call.prefix)).filter((path) => !isSpecial(path));
  const own = [spec.arn, ...Object.values(spec.members ?? {})].filter((path) => path !== undefined);
  return [...own, ...membersOf(spec.text, scope), ...membersOf(spec.else, scope)];
}

function asResource({ text, missing, wild }: Filled, why: string | undefined): CheckResource {
  if (missing.length === 0 && !wild) return { arn: text };
  const reasons = missing.map((path) =>
    path === "Account" ? "the account is not known" : `the request does not give ${path}`,
  );
  return { pattern: text, why: [...new Set([...(why === undefined ? [] : [why]), ...reasons])].join("; ") || unnamed };
}

interface ReadContext {
  readonly values: Readonly<Record<string, ContextValue>>;
  readonly authoritative: readonly string[];
}

const noContext: ReadContext = { values: {}, authoritative: [] };
const tagKeys: readonly string[] = ["aws:RequestTag/*", "aws:TagKeys"];

function readContext(specs: Readonly<Record<string, ContextSpec>>, scope: Scope): ReadContext {
  let any = false;
  const values: Record<string, ContextValue> = {};
  const authoritative: string[] = [];
  for (const [key, spec] of Object.entries(specs)) {
    any = true;
    const { value, partial } = contextValue(spec, scope);
    if (!partial) authoritative.push(key);
    if (value === undefined) continue;
    if (key.endsWith("*"))
      for (const [name, one] of Object.entries(value as object)) values[key.slice(0, -1) + name] = one as ContextValue;
    else values[key] = value as ContextValue;
  }
  return any ? { values, authoritative } : noContext;
}

type Read = { readonly value: ContextValue | Readonly<Record<string, string>> | undefined; readonly partial: boolean };

function contextValue(spec: ContextSpec, scope: Scope): Read {
  const whole = (value: Read["value"]): Read => ({ value, partial: false });
  if (typeof spec === "string") return oneText(spec, scope);
  if (isList(spec)) {
    const all = spec.flatMap((one) => fill(templateOf(one, scope.call.prefix), scope));
    const texts = all.filter(({ missing }) => missing.length === 0).map(({ text }) => text);
    return {
      value: texts.length > 0 ? [...new Set(texts)] : undefined,
      partial: all.some(({ missing }) => missing.includes("Account")),
    };
  }
  if ("bool" in spec) {
    const [value] = valuesAt(spec.bool, scope);
    const text = textOf(value, spec.bool);
    return whole(text === undefined ? undefined : text.toLowerCase() === "true");
  }
  if ("number" in spec) {
    const text = textOf(valuesAt(spec.number, scope)[0], spec.number);
    return whole(text === undefined ? undefined : Number.isFinite(Number(text)) ? Number(text) : text);
  }
  if ("map" in spec) {
    const [map] = valuesAt(spec.map, scope);
    if (!isMap(map)) return whole(undefined);
    return whole(Object.fromEntries([...map].map(([key, value]) => [key, textOf(value, spec.map) ?? ""])));
  }
  if ("arn" in spec) {
    const text = textOf(valuesAt(spec.arn, scope)[0], spec.arn);
    if (text === undefined || text.startsWith("arn:") || spec.else === undefined) return whole(text);
    return oneText(spec.else, scope);
  }
  if ("absent" in spec) return whole(undefined);
  if ("unknownWhen" in spec) return { value: undefined, partial: holds(spec.unknownWhen, scope) };
  if ("choose" in spec) {
    const chosen = spec.choose.find(
      (one) => typeof one === "string" || !("when" in one) || one.when === undefined || holds(one.when, scope),
    );
    return chosen === undefined ? whole(undefined) : contextValue(chosen, scope);
  }
  if ("hook" in spec) {
    const run = contextHooks[spec.hook];
    if (run === undefined) throw new Error(`no hook ${spec.hook}`);
    const found = run(hookMembers(spec.members, scope));
    return found === "unknown" ? { value: undefined, partial: true } : whole(found.length > 0 ? found : undefined);
  }
  if (!("value" in spec)) return whole(undefined);
  const partial = spec.partial === true;
  if (spec.when !== undefined && !holds(spec.when, scope)) return { value: undefined, partial };
  const inner = contextValue(spec.value, scope);
  return { value: inner.value, partial: partial || inner.partial };
}

/** A text whose members are there; one that names more than the request says is no value. */
function oneText(text: string, scope: Scope): Read {
  const [filled, ...more] = fill(templateOf(text, scope.call.prefix), scope);
  if (filled === undefined) return { value: undefined, partial: false };
  // Without the account the value is there for AWS, and not known here.
  if (filled.missing.length > 0)
    return { value: undefined, partial: filled.missing.some((path) => path === "Account") };
  if (more.length > 0) return { value: undefined, partial: true };
  return { value: filled.text, partial: false };
}

/**
 * The tags that a request sets on a resource. Where each list of them is for a type of resource (EC2's `TagSpecifications`), only those
 * of the resource's type are its tags; of one whose type is not known they are not known either.
 */
function tagReader(spec: TagSpec | "?" | undefined, scope: Scope): (resource: CheckResource) => ReadContext {
  if (spec === undefined || spec === "?" || "map" in spec || spec.type === undefined) {
    const all = readTags(spec, scope);
    return () => all;
  }
  const end = spec.list.lastIndexOf("[].") + "[]".length;
  const member = `.${spec.type}`;
  const lists = elementsAt(spec.list.slice(0, end), scope).map((element) => {
    const each = { ...scope, ...element };
    return { type: textOf(valuesAt(member, each)[0], member), each };
  });
  const none = readTags(undefined, scope);
  if (lists.length === 0) return () => none;
  const known = new Map<string, ReadContext>();
  for (const { type } of lists) {
    if (type === undefined) return () => noContext;
    const own = lists.filter((list) => list.type === type).map(({ each }) => each);
    known.set(type, readTagLists({ ...spec, list: spec.list.slice(end) }, own));
  }
  return (resource) => {
    const text = "arn" in resource ? resource.arn : "pattern" in resource ? resource.pattern : "";
    const type = text.split(":")[5]?.split("/")[0];
    return type === undefined || /[*?]/.test(type) ? noContext : (known.get(type) ?? none);
  };
}

/** `aws:RequestTag/…` and `aws:TagKeys` of the tags that a request sets. */
function readTags(spec: TagSpec | "?" | undefined, scope: Scope): ReadContext {
  if (spec === "?") return noContext;
  if (spec === undefined) return { values: {}, authoritative: tagKeys };
  return readTagLists(spec, [scope]);
}

function readTagLists(spec: TagSpec, scopes: readonly Scope[]): ReadContext {
  const values: Record<string, ContextValue> = {};
  const keys: string[] = [];
  const add = (key: string | undefined, value: string | undefined): void => {
    if (key === undefined) return;
    if (Object.hasOwn(values, `aws:RequestTag/${key}`) && values[`aws:RequestTag/${key}`] !== (value ?? ""))
      throw new TwoReadings(`the tag ${key} is there more than once`);
    values[`aws:RequestTag/${key}`] = value ?? "";
    keys.push(key);
  };
  if ("map" in spec) {
    for (const map of scopes.flatMap((scope) => valuesAt(spec.map, scope))) {
      if (!isMap(map)) throw new TwoReadings(`the member ${spec.map} is not of the kind the API has`);
      for (const [key, value] of map) add(key, textOf(value, spec.map));
    }
  } else {
    for (const tag of scopes.flatMap((scope) => valuesAt(`${spec.list}[]`, scope))) {
      if (!isMap(tag)) throw new TwoReadings(`the member ${spec.list} is not of the kind the API has`);
      add(textOf(tag.get(spec.key), spec.key), textOf(tag.get(spec.value), spec.value));
    }
  }
  return { values: keys.length > 0 ? { ...values, "aws:TagKeys": [...new Set(keys)] } : {}, authoritative: tagKeys };
}
