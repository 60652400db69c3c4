import type { MapResource } from "./action-sources.ts";
import type { AuthorizationReference, ReferenceAction, ResourceTypes } from "./authorization-reference.ts";
import { type Input, shapeAt } from "./input-members.ts";
import type { Expressions } from "./overrides.ts";

/** A resource of an action as far as it could be derived; `text` begins with `@` when values may be ARNs. */
export interface DerivedResource {
  readonly spec:
    | string
    | { readonly arn?: string; readonly when?: unknown; readonly text?: string; readonly else?: unknown };
  readonly type: string;
  readonly required: boolean;
  /** Members fill all of it, some of it or none of it. */
  readonly filled: "whole" | "part" | "none";
  readonly tags: boolean;
}

export interface Derivation {
  readonly resources: readonly DerivedResource[];
  readonly fallback: string;
  /** Variables where the sources name different members, for review. */
  readonly disagreements: readonly string[];
}

export interface DeriveOptions {
  readonly reference: AuthorizationReference;
  readonly types: ResourceTypes;
  readonly map: MapResource | undefined;
  /** Corrected templates, reviewed members: those of the operation before those of the service. */
  readonly ownTypes: Readonly<Record<string, string>>;
  readonly fills: readonly Readonly<Record<string, Expressions>>[];
  /** The action has one resource type. */
  readonly only?: boolean;
}

const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, "");
const fixed = new Set(["Partition", "Region", "Account", "DnsSuffix"]);

/** The ARN template of a resource type of an action. */
export function templateOf(
  action: string,
  type: string,
  { types, ownTypes }: Pick<DeriveOptions, "types" | "ownTypes">,
): string | undefined {
  const prefix = action.slice(0, action.indexOf(":"));
  return ownTypes[type] ?? types.get(prefix)?.get(type.toLowerCase());
}

/** Everything that can be said about the resources of an action from the names of an operation's members. */
export function deriveResources(
  input: Input,
  operation: string,
  action: ReferenceAction,
  options: DeriveOptions,
): Derivation {
  const disagreements: string[] = [];
  const all = action.resourceTypes.flatMap((type): readonly DerivedResource[] => {
    const template = templateOf(action.name, type.name, options);
    if (template === undefined) return [];
    // Some types have two forms of ARN: the one that the members fill, else a pattern for both.
    const forms = template.split(/, (?=arn:)/);
    const derived = forms.map((form) =>
      deriveType(
        input,
        operation,
        type.name,
        form,
        { ...options, only: action.resourceTypes.length === 1 },
        disagreements,
      ),
    );
    const found =
      derived.find(({ filled }) => filled === "whole") ??
      (derived.length > 1
        ? { spec: commonPattern(forms), filled: "none" as const }
        : (derived[0] as Pick<DerivedResource, "spec" | "filled">));
    return [{ ...found, type: type.name, required: type.required, tags: action.tags || type.tags }];
  });
  const templates = action.resourceTypes.flatMap((type) =>
    (templateOf(action.name, type.name, options) ?? "*").split(/, (?=arn:)/),
  );
  const fallback = commonPattern(templates);
  const whole = all.filter(({ filled }) => filled === "whole");
  const hasRequired = all.some(({ required }) => required);
  const arns = new Set(all.map(({ spec }) => (typeof spec === "object" ? spec.arn : undefined)));
  const [arn] = arns;
  if (all.length > 1 && arns.size === 1 && arn !== undefined) {
    // The ARN says which of the types it is.
    const first = all[0] as DerivedResource;
    const { else: _, text: __, ...spec } = first.spec as Exclude<DerivedResource["spec"], string>;
    const tags = all.some((one) => one.tags);
    return { resources: [{ ...first, spec: { ...spec, else: fallback }, tags }], fallback, disagreements };
  }
  const kept = all.filter(({ required, filled }) => {
    if (filled === "whole") return true;
    if (required) return true;
    // Of types that are alternatives, one that the members say in part counts only when none is said whole.
    return filled === "part" && whole.length === 0 && !hasRequired;
  });
  return { resources: unique(kept), fallback, disagreements };
}

function unique(resources: readonly DerivedResource[]): readonly DerivedResource[] {
  const seen = new Map<string, DerivedResource>();
  for (const one of resources) {
    const key = JSON.stringify(one.spec);
    const known = seen.get(key);
    seen.set(
      key,
      known === undefined ? one : { ...known, required: known.required || one.required, tags: known.tags || one.tags },
    );
  }
  return [...seen.values()];
}

/** One resource type: its template with what the members fill. */
export function deriveType(
  input: Input,
  operation: string,
  type: string,
  template: string,
  options: Pick<DeriveOptions, "map" | "fills" | "only">,
  disagreements: string[] = [],
): Pick<DerivedResource, "spec" | "filled"> {
  const variables = [...template.matchAll(/\$\{([^}]+)\}/g)]
    .map(([, name]) => name as string)
    .filter((name) => !fixed.has(name));
  const arn = arnMember(input, operation, type, variables, options);
  const optional: unknown[] = [];
  let count = 0;
  const text = template.replace(/\$\{([^}]+)\}/g, (whole, name: string) => {
    if (fixed.has(name)) {
      const given = options.fills.map((fill) => fill[name]).find((one) => typeof one === "string");
      return typeof given === "string" && pathsIn(given).every((path) => shapeAt(input, path) !== undefined)
        ? given
        : whole;
    }
    const found = fillOf(input, operation, type, name, options, disagreements);
    if (found === undefined) return "*";
    count++;
    const paths = pathsIn(found);
    if (/\|default:|\|or:(?:Account|Region)/.test(found) || paths.some((path) => isRequired(input, path))) return found;
    // Any of several members is enough where one stands in for another.
    if (paths.length === 1) optional.push(paths[0] as string);
    else if (paths.length > 1) optional.push(found.includes("|or:") ? { any: paths } : { all: paths });
    return found;
  });
  const filled = count === variables.length ? "whole" : count > 0 ? "part" : "none";
  const named = `@${text}`;
  if (arn !== undefined) {
    const isOptional = !isRequired(input, arn);
    // Beside an ARN that must be there, a name is the name of something else, or a new one.
    const isAlternative = isOptional || pathsIn(text).includes(arn);
    if (filled === "whole" && variables.length > 0 && isAlternative) {
      return {
        spec: {
          arn,
          else: named,
          ...(isOptional && optional.length > 0 ? { when: { any: [arn, { all: optional }] } } : {}),
        },
        filled,
      };
    }
    return {
      spec: {
        arn,
        ...(isOptional ? { when: arn } : {}),
        else: text.replace(/\$\{(?!Partition|Region|Account)[^}]+\}/g, "*"),
      },
      filled: "whole",
    };
  }
  if (filled === "none") return { spec: text, filled: variables.length === 0 ? "whole" : "none" };
  if (filled === "whole" && optional.length > 0)
    return { spec: { text: named, when: optional.length === 1 ? optional[0] : optional }, filled };
  return { spec: named, filled };
}

/** The member that is the whole ARN of a type. */
function arnMember(
  input: Input,
  operation: string,
  type: string,
  variables: readonly string[],
  { map }: Pick<DeriveOptions, "map">,
): string | undefined {
  const members = Object.entries(input.shape?.members ?? {});
  const texts = members
    .filter(([, { shape }]) => input.service.model.shapes[shape]?.type === "string")
    .map(([name]) => name);
  const lists = members.filter(([name]) => shapeAt(input, `${name}[]`)?.type === "string").map(([name]) => name);
  const T = plain(type);
  const stem = plain(variables.at(-1) ?? "").replace(/(?:name|id|arn|identifier|withpath)$/, "");
  const stems = new Set([T, ...(variables.length > 0 && stem !== "" ? [stem] : [])]);
  for (const one of stems) {
    const text = texts.find((name) => plain(name) === `${one}arn`);
    if (text !== undefined) return text;
    const list = lists.find((name) => plain(name) === `${one}arns`);
    if (list !== undefined) return `${list}[]`;
  }
  const mapped = map?.arns.get(type.toLowerCase());
  if (mapped !== undefined && shapeAt(input, mapped)?.type === "string") return mapped;
  if (
    plain(nounOf(operation)) === T ||
    /^(?:Tag|Untag|ListTags|AddTags|RemoveTags|GetTags|List.*Tags)|ResourcePolicy$|ResourcePolicies$/.test(operation)
  ) {
    const generic = texts.find((name) => ["resourcearn", "arn", "resource"].includes(plain(name)));
    if (generic !== undefined) return generic;
    const list = lists.find((name) => ["resourcearns", "resourcearnlist", "arns"].includes(plain(name)));
    if (list !== undefined) return `${list}[]`;
  }
  return undefined;
}

/** What an operation acts on, by its name: `DescribeCluster` -> `Cluster`. */
function nounOf(operation: string): string {
  return operation.replace(/^[A-Z][a-z]+/, "");
}

function fillOf(
  input: Input,
  operation: string,
  type: string,
  variable: string,
  { map, fills, only = false }: Pick<DeriveOptions, "map" | "fills" | "only">,
  disagreements: string[],
): string | undefined {
  for (const fill of fills) {
    for (const name of [`${type}.${variable}`, variable]) {
      if (!Object.hasOwn(fill, name)) continue;
      const given = fill[name];
      if (given === null || given === undefined) return undefined;
      const fits = (typeof given === "string" ? [given] : given).find((one) =>
        pathsIn(one).every(
          (path) => /^[hq]:|^@?(?:Method|Path)$/.test(path) || isText(input, path) || isText(input, `${path}[]`),
        ),
      );
      // A member may be one text here and a list of them there.
      if (fits !== undefined)
        return fits.replace(/\$\{([^{}|[\]]+)(?=[|}])/g, (whole, path: string) =>
          isText(input, `${path}[]`) ? `\${${path}[]` : whole,
        );
    }
  }
  const exact = exactMember(input, operation, type, variable, only);
  const mapped = map?.variables.get(variable);
  const usable = mapped !== undefined && isText(input, mapped) ? mapped : undefined;
  if (exact !== undefined && usable !== undefined && plain(exact) !== plain(usable)) {
    disagreements.push(`\${${variable}} of ${type}: ${exact} or ${usable}`);
    return undefined;
  }
  if (exact !== undefined && map?.wild.has(variable)) {
    disagreements.push(`\${${variable}} of ${type}: ${exact} or *`);
    return undefined;
  }
  const path = exact ?? usable;
  return path === undefined ? undefined : `\${${path}}`;
}

function isText(input: Input, path: string): boolean {
  const type = shapeAt(input, path)?.type;
  return type === "string" || type === "integer" || type === "long";
}

/** Names that say nothing of whose they are. */
const generic = /^(?:resource)?(?:id|name|identifier|path)$|^resource$/;

/** The member called like a variable, or like what is left of it without the resource type the operation is about. */
function exactMember(
  input: Input,
  operation: string,
  type: string,
  variable: string,
  only: boolean,
): string | undefined {
  // What is made gets its id from AWS: a name is not it.
  const isMade = /^(?:Create|Import|Start|Register|Copy|Put)/.test(operation) && /id$|identifier$/i.test(variable);
  const names = Object.keys(input.shape?.members ?? {}).filter((name) => !isMade || !/name$/i.test(name));
  const V = plain(variable);
  const T = plain(type);
  const noun = plain(nounOf(operation));
  const isAbout = noun === T || noun === `${T}s` || (V.startsWith(noun) && noun !== "");
  const ids = (stem: string): readonly string[] => [`${stem}id`, `${stem}identifier`, `${stem}name`];
  const wanted: string[] = [];
  if (generic.test(V)) {
    // `${ResourceId}` of a template is the TemplateId, and another type's ResourceId is not it.
    wanted.push(
      ...(V.endsWith("name")
        ? [`${T}name`]
        : V.endsWith("identifier") || V.endsWith("id")
          ? [`${T}id`, `${T}identifier`]
          : ids(T)),
    );
    if (V.startsWith("resource")) wanted.push(`${T}name`);
    if (isAbout || (noun.startsWith(T) && T !== ""))
      wanted.push(V, ...(V.startsWith("resource") ? ["id", "identifier", "name"] : []));
    else if (only)
      wanted.push(
        ...[V, V.replace(/^resource/, "")].filter((name) => input.shape?.required?.some((one) => plain(one) === name)),
      );
  } else {
    wanted.push(V);
    if (V.endsWith("id")) wanted.push(`${V}entifier`);
    if (V.endsWith("identifier")) wanted.push(V.replace(/entifier$/, ""));
    if (V === T) wanted.push(...ids(T));
    if (isAbout && V.startsWith(T) && V.length > T.length) {
      const rest = V.slice(T.length);
      wanted.push(rest);
      if (rest === "id") wanted.push("identifier");
    }
  }
  for (const one of wanted) {
    for (const name of names) {
      if (plain(name) === one && isText(input, name)) return name;
      if (plain(name) === `${one}s` && isText(input, `${name}[]`)) return `${name}[]`;
      if (plain(name) === `${one}list` && isText(input, `${name}[]`)) return `${name}[]`;
    }
  }
  // `environmentId` for `${KxEnvironmentId}`, when it is the only one.
  const tails = names.filter(
    (name) =>
      plain(name).length >= 6 && /(?:id|name)$/.test(plain(name)) && V.endsWith(plain(name)) && isText(input, name),
  );
  return tails.length === 1 && !generic.test(plain(tails[0] as string)) ? tails[0] : undefined;
}

/** Whether some member is called nearly like what names a resource type: what a person should look at. */
export function mayCarry(input: Input, type: string, template: string): boolean {
  const stem = (text: string): string => plain(text).replace(/(?:name|id|arn|identifier|withpath)s?$/, "");
  const variables = [...template.matchAll(/\$\{([^}]+)\}/g)]
    .map(([, name]) => name as string)
    .filter((name) => !fixed.has(name));
  const wanted = variables
    .map((variable) => (generic.test(plain(variable)) ? plain(type) : stem(variable)))
    .filter((one) => one.length > 2);
  return Object.keys(input.shape?.members ?? {}).some((name) => {
    if (!/(?:name|id|arn|identifier)s?$/i.test(name) || /token|request|client/i.test(name)) return false;
    if (!isText(input, name) && !isText(input, `${name}[]`)) return false;
    const own = stem(name);
    return own.length > 2 && wanted.some((one) => one === own || one.endsWith(own) || own.endsWith(one));
  });
}

function isRequired({ shape }: Input, path: string): boolean {
  return !/[.[{]/.test(path) && shape?.required?.includes(path) === true;
}

/** The member paths of an expression; the call's own facts left out. */
export function pathsIn(expression: string): readonly string[] {
  return [...expression.matchAll(/\$\{([^{}|]+(?:\{(?:key|:[^{}|]+)?\}[^{}|]*)*)((?:\|[^}|]+)*)\}/g)].flatMap(
    ([, path = "", transforms = ""]) => [
      ...(fixed.has(path) || path === "Operation" || path === "@key" ? [] : [path]),
      ...[...transforms.matchAll(/\|or:([^}|]+)/g)]
        .map(([, other]) => other as string)
        .filter((other) => !fixed.has(other)),
    ],
  );
}

/** The narrowest pattern that covers every one of the templates. */
export function commonPattern(templates: readonly string[]): string {
  const [first = "*", ...others] = templates.map((template) =>
    template.replace(/\$\{(?!(?:Partition|Region|Account)\})[^}]+\}.*$/s, "*"),
  );
  let common = first;
  for (const one of others) {
    if (one === common) continue;
    const parts = common.split(":");
    const their = one.split(":");
    // The parts of an ARN one by one; in the resource part the text they share.
    const joined: string[] = [];
    for (let i = 0; i < 5; i++) joined.push(parts[i] === their[i] ? (parts[i] ?? "*") : "*");
    const a = parts.slice(5).join(":");
    const b = their.slice(5).join(":");
    let shared = 0;
    while (shared < Math.min(a.length, b.length) && a[shared] === b[shared]) shared++;
    const rest = a === b ? a : `${a.slice(0, shared).replace(/\*$/, "")}*`;
    common = joined.slice(0, 3).every((part) => part === "*") ? "*" : [...joined, rest].join(":");
  }
  return common;
}
