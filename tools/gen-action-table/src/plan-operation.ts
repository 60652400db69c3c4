// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the templates of the tables are written so
import type { IamDatasetMap, OperationActions } from "./action-sources.ts";
import {
  type AuthorizationReference,
  plainKey,
  type ReferenceAction,
  type ResourceTypes,
} from "./authorization-reference.ts";
import { type OperationModel, type Service, sdkName } from "./botocore.ts";
import type { Decided } from "./decide-actions.ts";
import {
  commonPattern,
  type DerivedResource,
  deriveResources,
  deriveType,
  mayCarry,
  pathsIn,
  templateOf,
} from "./derive-resources.ts";
import type { EscapeClasses } from "./escape-classes.ts";
import { addNames, type Input, inputOf, type Names, scalarPaths, shapeAt, tagPaths } from "./input-members.ts";
import type {
  Condition,
  ContextValue,
  Expressions,
  OperationOverride,
  OverrideCheck,
  Resource,
  ServiceOverrides,
} from "./overrides.ts";
import { returnedSecrets } from "./returned-secrets.ts";
import { taggingChecks } from "./tagging-checks.ts";

/** What the plans are made of, beside the model. */
export interface PlanSources {
  readonly reference: AuthorizationReference;
  /** Ten months older, but with dependent actions. */
  readonly old: AuthorizationReference;
  readonly types: ResourceTypes;
  readonly conditionKeys: ReadonlySet<string>;
  readonly map: IamDatasetMap | undefined;
  readonly tables: OperationActions;
  /** `iam:PassedToService` of AWS's tables. */
  readonly passedTo: (service: Service, operation: string) => readonly string[];
  readonly principals: Readonly<Record<string, string>>;
  readonly escapes: EscapeClasses;
  /** Hooks that give checks: the actions each may give. */
  readonly checkHooks: Readonly<Record<string, readonly string[]>>;
  readonly resourceHooks: ReadonlySet<string>;
  readonly contextHooks: ReadonlySet<string>;
  readonly note: (kind: Note, text: string) => void;
}

/** Where the tags of a request are: a list of keys and values, or a map. */
type TagSpec =
  | { readonly list: string; readonly key: string; readonly value: string; readonly type?: string }
  | { readonly map: string };

export type Note = "disagreement" | "wildcard" | "missed" | "part" | "concrete" | "reviewed" | "none" | "passRole";

/** The parts of an operation's entry in a shard; see `OperationEntry` of the resolver. */
export interface Plan {
  readonly c: string | readonly unknown[];
  readonly m?: Readonly<Record<string, string>>;
  readonly f?: Readonly<Record<string, string>>;
  readonly p?: string;
  readonly x?: Readonly<Record<string, unknown>>;
  readonly t?: unknown;
  readonly s?: string;
}

const fixed = new Set(["Partition", "Region", "Account", "DnsSuffix", "SigningName", "@key", "Operation"]);

/** Turns the decided actions of an operation into checks on resources, from overrides and from what can be derived. */
export function planOperation(
  service: Service,
  operation: OperationModel,
  prefix: string,
  protocols: readonly string[],
  decided: Decided,
  overrides: ServiceOverrides | undefined,
  sources: PlanSources,
): Plan {
  return new Planner(service, operation, prefix, protocols, decided, overrides, sources).plan();
}

class Planner {
  readonly #input: Input;
  readonly #name: string;
  readonly #prefix: string;
  readonly #protocols: readonly string[];
  readonly #decided: Decided;
  readonly #overrides: ServiceOverrides;
  readonly #own: Partial<OperationOverride>;
  readonly #sources: PlanSources;
  readonly #names: Names = { m: {}, f: {} };
  readonly #paths = new Set<string>();

  constructor(
    service: Service,
    operation: OperationModel,
    prefix: string,
    protocols: readonly string[],
    decided: Decided,
    overrides: ServiceOverrides | undefined,
    sources: PlanSources,
  ) {
    this.#input = inputOf(service, operation);
    this.#name = sdkName(operation);
    this.#prefix = prefix;
    this.#protocols = protocols;
    this.#decided = decided;
    this.#overrides = overrides ?? {};
    this.#own = overrides?.operations?.[this.#name] ?? overrides?.extra?.[this.#name] ?? {};
    this.#sources = sources;
  }

  plan(): Plan {
    const { marker, actions } = this.#decided;
    if (marker !== undefined) {
      const items = actions.map((action) => this.#actionText(action)).join(",");
      return { c: `#${marker};${items}` };
    }
    const tags = this.#tags();
    const checks: unknown[] = [];
    const named = new Set<string>();
    if (this.#own.checks !== undefined) {
      for (const check of this.#own.checks.flatMap((one) => taggingChecks(one, this.#sources.reference)))
        checks.push(this.#check(check, tags !== undefined, named));
    } else {
      for (const action of actions) checks.push(this.#derived(action, tags !== undefined));
    }
    for (const check of this.#own.also ?? []) checks.push(this.#check(check, tags !== undefined, named));
    for (const check of this.#overrides.also ?? []) {
      if (this.#has(check)) checks.push(this.#check(check, tags !== undefined, named));
    }
    const tagAction = this.#tagAction();
    if (
      tags !== undefined &&
      tags !== "?" &&
      tagAction !== undefined &&
      !named.has(tagAction) &&
      !actions.includes(tagAction)
    ) {
      checks.push(this.#tagCheck(tagAction, tags));
    }
    if (!named.has("iam:PassRole")) checks.push(...this.#passRoles());
    const context = this.#contexts();
    const simple = checks.every((check) => typeof check === "string");
    for (const path of this.#paths) addNames(this.#input, path, this.#protocols, this.#names);
    for (const [path, name] of Object.entries(this.#own.form ?? {})) {
      if (shapeAt(this.#input, path) === undefined) this.#fail(`form: the input has no member ${path}`);
      this.#names.f[path] = name;
    }
    const secrets = this.#own.returns?.secrets ?? returnedSecrets(this.#input.service, this.#input.operation);
    const { payload } = this.#input.shape ?? {};
    const readsPayload =
      payload !== undefined && [...this.#paths].some((path) => path === payload || path.startsWith(`${payload}.`));
    return {
      c: simple ? checks.join(",") : checks,
      ...(Object.keys(this.#names.m).length > 0 ? { m: this.#names.m } : {}),
      ...(Object.keys(this.#names.f).length > 0 ? { f: this.#names.f } : {}),
      ...(readsPayload ? { p: payload } : {}),
      ...(Object.keys(context).length > 0 ? { x: context } : {}),
      ...(tags === undefined ? {} : { t: tags }),
      ...(secrets === undefined ? {} : { s: secrets }),
    };
  }

  #fail(what: string): never {
    throw new Error(`${this.#input.service.name} ${this.#name}: ${what}`);
  }

  /** `lambda:` may be left out in overrides. */
  #full(action: string): string {
    const whole = action.includes(":") ? action : `${this.#prefix}:${action}`;
    const known = this.#sources.reference.get(whole.toLowerCase());
    if (known === undefined && !this.#own.unlisted) this.#fail(`no action ${whole} in the Authorization Reference`);
    return known?.name ?? whole;
  }

  #actionText(action: string): string {
    const known = this.#sources.reference.get(action.toLowerCase());
    const text =
      action === `${this.#prefix}:${this.#name}`
        ? "."
        : action.startsWith(`${this.#prefix}:`)
          ? action.slice(this.#prefix.length + 1)
          : action;
    const facts =
      (known?.level || (known === undefined ? "W" : "")) + this.#sources.escapes(action, this.#overrides, this.#prefix);
    return `${text}${known?.hasResource === false ? "!" : ""}${facts === "" ? "" : `|${facts}`}`;
  }

  #options(action: string, fill: Readonly<Record<string, Expressions>> = {}) {
    return {
      reference: this.#sources.reference,
      types: this.#sources.types,
      map: this.#sources.map?.resource(this.#input.service, this.#name, action),
      ownTypes: this.#overrides.types ?? {},
      fills: [fill, this.#own.fill ?? {}, this.#overrides.fill ?? {}],
    };
  }

  /** A check of an action with the resources that its operation's members give. */
  #derived(action: string, hasTags: boolean): unknown {
    const known = this.#sources.reference.get(action.toLowerCase());
    const text = this.#actionText(action);
    if (this.#own.resources !== undefined && action.startsWith(`${this.#prefix}:`)) {
      const tags = hasTags && this.#takesTags(known) ? 1 : undefined;
      const resources = this.#own.resources.map((resource) => {
        const spec = this.#resource(resource, undefined, action);
        return tags === undefined || this.#carriesTags(known, resource, spec) ? spec : untagged(spec);
      });
      this.#sources.note("reviewed", `${this.#name} ${action}`);
      return [text, one(resources), ...this.#more({ tags, fallback: this.#fallback(known) })];
    }
    if (known === undefined || !known.hasResource) {
      this.#sources.note("none", `${this.#name} ${action}`);
      return hasTags && this.#takesTags(known) ? [text, "none", { tags: 1 }] : known === undefined ? [text, "*"] : text;
    }
    const { resources, fallback, disagreements } = deriveResources(
      this.#input,
      this.#name,
      known,
      this.#options(action),
    );
    for (const one of disagreements)
      this.#sources.note("disagreement", `${this.#input.service.name} ${this.#name} ${action}: ${one}`);
    const tags = hasTags && resources.some((resource: DerivedResource) => resource.tags) ? 1 : undefined;
    const specs = resources.map((resource) =>
      tags === undefined || resource.tags ? this.#encode(resource.spec) : untagged(this.#encode(resource.spec)),
    );
    const has = (filled: DerivedResource["filled"]): boolean =>
      resources.some((resource) => resource.filled === filled);
    this.#sources.note(
      has("whole") ? "concrete" : has("part") ? "part" : this.#mayCarry(known) ? "missed" : "wildcard",
      `${this.#name} ${action} ${has("whole") ? "" : `[${this.#memberNames()}] ${JSON.stringify(specs)}`}`,
    );
    if (specs.length === 0) return [text, this.#short(fallback), ...this.#more({ tags })];
    const needsFallback = specs.every((spec) => typeof spec !== "string" || spec.includes("[]"));
    return [text, one(specs), ...this.#more({ tags, fallback: needsFallback ? this.#short(fallback) : undefined })];
  }

  #mayCarry(known: ReferenceAction): boolean {
    if (/^(?:Create|List|Search)/.test(this.#name)) return false;
    return known.resourceTypes.some(({ name, required }) => {
      const template = templateOf(known.name, name, this.#options(known.name));
      return required && template !== undefined && mayCarry(this.#input, name, template);
    });
  }

  #memberNames(): string {
    return Object.keys(this.#input.shape?.members ?? {})
      .slice(0, 12)
      .join(" ");
  }

  #takesTags(known: ReferenceAction | undefined): boolean {
    return known !== undefined && (known.tags || known.resourceTypes.some(({ tags }) => tags));
  }

  /**
   * Whether AWS looks at the request's tags when it authorises a resource: the Reference has `aws:RequestTag` for the action, or for the
   * resource's type. What stands in the operation beside what it makes (the VPC of a new subnet) is authorised without them. A resource whose
   * type cannot be told is taken to have them.
   */
  #carriesTags(known: ReferenceAction | undefined, resource: Resource, spec: unknown): boolean {
    if (known === undefined || known.tags) return true;
    if (typeof resource === "object" && resource.type !== undefined) {
      const named = resource.type.toLowerCase();
      return known.resourceTypes.some(({ name, tags }) => tags && name.toLowerCase() === named);
    }
    const ofKind = this.#typesOf(known, spec);
    return ofKind.length === 0 || ofKind.some(({ tags }) => tags);
  }

  /** Whether a resource is one that the action takes, as far as its template tells. */
  #isOfAction(action: string, spec: unknown): boolean {
    const known = this.#sources.reference.get(action.toLowerCase());
    return known === undefined || templateIn(spec) === undefined || this.#typesOf(known, spec).length > 0;
  }

  /** The resource types of an action that a resource's template may be of. */
  #typesOf(known: ReferenceAction, spec: unknown): ReferenceAction["resourceTypes"] {
    const kind = kindOf(templateIn(spec));
    if (kind === undefined) return [];
    return known.resourceTypes.filter(({ name }) =>
      (templateOf(known.name, name, this.#options(known.name)) ?? "")
        .split(/, (?=arn:)/)
        .some((arn) => kindOf(arn) === kind),
    );
  }

  #fallback(known: ReferenceAction | undefined): string | undefined {
    if (known === undefined || known.resourceTypes.length === 0) return undefined;
    const templates = known.resourceTypes.flatMap(({ name }) =>
      (templateOf(known.name, name, this.#options(known.name)) ?? "*").split(/, (?=arn:)/),
    );
    return this.#short(commonPattern(templates));
  }

  #more(more: Readonly<Record<string, unknown>>): readonly unknown[] {
    const given = Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined));
    return Object.keys(given).length === 0 ? [] : [given];
  }

  /** A template of derivation, its members noted. */
  #encode(spec: DerivedResource["spec"]): unknown {
    if (typeof spec === "string") return this.#template(spec);
    return {
      ...(spec.when === undefined ? {} : { when: this.#condition(spec.when as Condition, undefined) }),
      ...(spec.arn === undefined ? {} : { arn: this.#path(spec.arn, undefined) }),
      ...(spec.else === undefined ? {} : { else: this.#template(spec.else as string) }),
      ...(spec.text === undefined ? {} : { text: this.#template(spec.text) }),
    };
  }

  #template(text: string, forEach?: string): string {
    for (const path of pathsIn(text)) this.#path(path, forEach);
    const named = text.replaceAll("${Operation}", this.#name);
    return this.#short(
      named.replace(/\$\{(Method|Path)(?=[|}])/g, (whole, path: string) =>
        this.#isOfRequest(path) ? `\${@${path}` : whole,
      ),
    );
  }

  #short(text: string): string {
    const at = text.startsWith("@") ? "@" : "";
    const whole = text.slice(at.length);
    const stem = `arn:\${Partition}:${this.#prefix}:\${Region}:\${Account}:`;
    return whole.startsWith(stem) ? `${at}~${whole.slice(stem.length)}` : text;
  }

  /** `Method` and `Path` are the request's, unless the input has members of these names. */
  #isOfRequest(path: string): boolean {
    return (path === "Method" || path === "Path") && shapeAt(this.#input, path) === undefined;
  }

  /** Checks that a path leads to a member, and has it read. */
  #path(path: string, forEach: string | undefined): string {
    if (fixed.has(path) || /^[hq]:/.test(path)) return path;
    if (this.#isOfRequest(path)) return `@${path}`;
    const whole = path.startsWith(".")
      ? `${forEach ?? this.#fail(`${path} stands outside of a forEach`)}${path === "." ? "" : path}`
      : path;
    if (shapeAt(this.#input, whole) === undefined) {
      this.#fail(
        `the input has no member ${whole}; it has ${Object.keys(this.#input.shape?.members ?? {}).join(", ")}`,
      );
    }
    this.#paths.add(whole);
    return path;
  }

  /** A condition; whether a list or map is there is asked of its elements. */
  #condition(condition: Condition, forEach: string | undefined): unknown {
    if (typeof condition === "string") {
      const [, not = "", path = "", rest = ""] = /^(!)?(.+?)((?:!=|\^=|\$=|\*=|=).*)?$/s.exec(condition) ?? [];
      if (fixed.has(path) || /^[hq]:/.test(path)) return condition;
      const whole = path.startsWith(".") ? `${forEach ?? ""}${path === "." ? "" : path}` : path;
      const shape = shapeAt(this.#input, whole);
      const inside = rest !== "" ? "" : shape?.type === "list" ? "[]" : shape?.type === "map" ? "{key}" : "";
      return `${not}${this.#path(path + inside, forEach)}${rest}`;
    }
    if ("any" in condition) return { any: condition.any.map((one) => this.#condition(one, forEach)) };
    if ("all" in condition) return { all: condition.all.map((one) => this.#condition(one, forEach)) };
    if ("not" in condition) return { not: this.#condition(condition.not, forEach) };
    return condition.map((one) => this.#condition(one, forEach));
  }

  #resource(resource: Resource, forEach: string | undefined, action: string): unknown {
    if (typeof resource === "string") {
      if (resource === "none") return resource;
      if (resource.startsWith("=")) {
        const named =
          this.#overrides.resources?.[resource.slice(1)] ?? this.#fail(`no resource ${resource} in the file`);
        return this.#resource(named, forEach, action);
      }
      return this.#template(resource, forEach);
    }
    const when = resource.when === undefined ? {} : { when: this.#condition(resource.when, forEach) };
    const why = resource.why === undefined ? {} : { why: resource.why };
    if (resource.type !== undefined) {
      const template =
        templateOf(action, resource.type, this.#options(action)) ??
        this.#fail(`${action} has no resource type ${resource.type}`);
      const { spec } = deriveType(this.#input, this.#name, resource.type, template, {
        map: undefined,
        fills: [resource.fill ?? {}, this.#own.fill ?? {}, this.#overrides.fill ?? {}],
      });
      const given = this.#relative(spec, resource.fill);
      const encoded = this.#encodeIn(given, forEach);
      if (typeof encoded === "string")
        return Object.keys({ ...when, ...why }).length === 0 ? encoded : { ...when, ...why, text: encoded };
      const both = [when, encoded].flatMap((one) => ("when" in one ? [one.when] : []));
      return {
        ...encoded,
        ...why,
        ...(both.length === 0 ? {} : { when: both.length === 1 ? both[0] : { all: both } }),
      };
    }
    if (resource.none) return { ...when, none: true };
    if (resource.text !== undefined) return { ...when, ...why, text: this.#template(resource.text, forEach) };
    if (resource.pattern !== undefined) return { ...when, ...why, text: this.#template(resource.pattern, forEach) };
    if (resource.arn !== undefined) {
      return {
        ...when,
        ...why,
        arn: this.#path(resource.arn, forEach),
        ...(resource.else === undefined ? {} : { else: this.#resource(resource.else, forEach, action) }),
      };
    }
    const hook = resource.hook as string;
    if (!this.#sources.resourceHooks.has(hook))
      this.#fail(`no resource hook ${hook}; there are ${[...this.#sources.resourceHooks].join(", ")}`);
    return {
      ...when,
      hook,
      ...(resource.kind === undefined ? {} : { kind: resource.kind }),
      members: this.#members(resource.members, forEach),
    };
  }

  /** With members of a `forEach`'s element in its fill, a template is taken as it is. */
  #relative(
    spec: DerivedResource["spec"],
    fill: Readonly<Record<string, Expressions>> | undefined,
  ): DerivedResource["spec"] {
    return typeof spec === "object" &&
      spec.text !== undefined &&
      fill !== undefined &&
      JSON.stringify(fill).includes("${.")
      ? spec.text
      : spec;
  }

  #encodeIn(spec: DerivedResource["spec"], forEach: string | undefined): string | Readonly<Record<string, unknown>> {
    if (typeof spec === "string") return this.#template(spec, forEach);
    return {
      ...(spec.when === undefined ? {} : { when: this.#condition(spec.when as Condition, forEach) }),
      ...(spec.arn === undefined ? {} : { arn: this.#path(spec.arn, forEach) }),
      ...(spec.else === undefined ? {} : { else: this.#template(spec.else as string, forEach) }),
      ...(spec.text === undefined ? {} : { text: this.#template(spec.text, forEach) }),
    };
  }

  #members(
    members: Readonly<Record<string, string>> = {},
    forEach: string | undefined,
  ): Readonly<Record<string, string>> {
    return Object.fromEntries(Object.entries(members).map(([name, path]) => [name, this.#path(path, forEach)]));
  }

  /** A check of the overrides. */
  #check(check: OverrideCheck, hasTags: boolean, named: Set<string>): unknown {
    const { forEach } = check;
    if (forEach !== undefined) this.#path(forEach, undefined);
    const when = check.when === undefined ? undefined : this.#condition(check.when, forEach);
    const context = check.context && this.#context(check.context, forEach);
    if (check.hook !== undefined) {
      const actions = this.#sources.checkHooks[check.hook] ?? this.#fail(`no check hook ${check.hook}`);
      for (const action of actions) named.add(this.#full(action));
      return {
        hook: check.hook,
        members: this.#members(check.members, forEach),
        actions: actions.map((action) => this.#actionText(this.#full(action))),
        ...(this.#more({ when, forEach, context })[0] as object),
      };
    }
    const action = this.#full(check.action as string);
    named.add(action);
    const known = this.#sources.reference.get(action.toLowerCase());
    const own = typeof check.tags === "string" ? this.#tagSpec(check.tags, forEach) : undefined;
    if (own === "?") this.#fail(`tags: ${check.tags} is not a list of keys and values`);
    const tags = own ?? (hasTags && check.tags !== null && this.#takesTags(known) ? 1 : undefined);
    const more = { when, forEach, context, authoritative: check.authoritative, tags };
    if (check.resources === undefined) {
      const derived = this.#derived(action, hasTags);
      const [text, resources, given] = (typeof derived === "string" ? [derived, "none"] : derived) as [
        string,
        unknown,
        object?,
      ];
      return [text, resources, ...this.#more({ ...given, ...more })];
    }
    const resources = check.resources.map((resource) => {
      const spec = this.#resource(resource, forEach, action);
      return tags !== 1 || this.#carriesTags(known, resource, spec) ? spec : untagged(spec);
    });
    const isFixed = resources.some(
      (one) => typeof one === "string" && !/[[{]\]?\}?/.test(one.replace(/\$\{[^[{}|]*(?:\|[^}]*)?\}/g, "")),
    );
    return [
      this.#actionText(action),
      one(resources),
      ...this.#more({ ...more, fallback: isFixed ? undefined : this.#fallback(known) }),
    ];
  }

  /** Whether the input has the members that a check of every operation looks at. */
  #has(check: OverrideCheck): boolean {
    if (check.forEach !== undefined) return shapeAt(this.#input, check.forEach) !== undefined;
    const texts = [check.when, ...Object.values(check.members ?? {})].filter(
      (one): one is string => typeof one === "string",
    );
    return (
      texts.length > 0 && texts.every((text) => shapeAt(this.#input, text.replace(/^!|[!^$*]?=.*$/g, "")) !== undefined)
    );
  }

  #contexts(): Readonly<Record<string, unknown>> {
    const all: Record<string, ContextValue> = {};
    for (const [key, value] of Object.entries(this.#overrides.context ?? {})) {
      if (pathsOfValue(value).every((path) => shapeAt(this.#input, path) !== undefined)) all[key] = value;
    }
    const untag = Object.keys(this.#input.shape?.members ?? {}).find((name) => /^(?:tagkeys|tagkeylist)$/i.test(name));
    if (untag !== undefined && shapeAt(this.#input, `${untag}[]`)?.type === "string")
      all["aws:TagKeys"] = [`\${${untag}[]}`];
    return this.#context({ ...all, ...this.#own.context }, undefined);
  }

  #context(
    context: Readonly<Record<string, ContextValue>>,
    forEach: string | undefined,
  ): Readonly<Record<string, unknown>> {
    for (const key of Object.keys(context)) {
      const plain = plainKey(key);
      const family = plain.replace(/[/:][^/:]*$/, (rest) => `${rest[0]}*`);
      if (
        !plain.startsWith("aws:") &&
        !this.#sources.conditionKeys.has(plain) &&
        !this.#sources.conditionKeys.has(family)
      )
        this.#fail(`no condition key ${key} in the Authorization Reference`);
    }
    return Object.fromEntries(Object.entries(context).map(([key, value]) => [key, this.#value(value, forEach)]));
  }

  #value(value: ContextValue, forEach: string | undefined): unknown {
    if (typeof value === "string") return this.#template(value, forEach);
    if (isList(value)) return value.map((one) => this.#template(one, forEach));
    if (value.bool !== undefined) return { bool: this.#path(value.bool, forEach) };
    if (value.number !== undefined) return { number: this.#path(value.number, forEach) };
    if (value.map !== undefined) {
      this.#path(`${value.map}{}`, forEach);
      return { map: value.map };
    }
    if (value.arn !== undefined) {
      return {
        arn: this.#path(value.arn, forEach),
        ...(value.else === undefined ? {} : { else: this.#template(value.else, forEach) }),
      };
    }
    if (value.absent) return { absent: true };
    if (value.unknownWhen !== undefined) return { unknownWhen: this.#condition(value.unknownWhen, forEach) };
    if (value.choose !== undefined) return { choose: value.choose.map((one) => this.#value(one, forEach)) };
    if (value.hook !== undefined) {
      if (!this.#sources.contextHooks.has(value.hook))
        this.#fail(`no context hook ${value.hook}; there are ${[...this.#sources.contextHooks].join(", ")}`);
      return { hook: value.hook, members: this.#members(value.members, forEach) };
    }
    if (value.value === undefined) this.#fail("a context value has none of value, bool, number, map, arn and absent");
    return {
      ...(value.when === undefined ? {} : { when: this.#condition(value.when, forEach) }),
      value: this.#value(value.value as ContextValue, forEach),
      ...(value.partial ? { partial: true } : {}),
    };
  }

  /** Where the request sets tags; `?` when a member may do so in a form that is not known. */
  #tags(): TagSpec | "?" | undefined {
    if (this.#own.tags === null) return undefined;
    const members = Object.keys(this.#input.shape?.members ?? {});
    const path =
      this.#own.tags ??
      members.find((name) => /^(?:tags|tag|taglist|tagslist|tagmap|resourcetags|tagstoadd|newtags)$/i.test(name)) ??
      (members.includes("TagSpecifications") && shapeAt(this.#input, "TagSpecifications[].Tags")
        ? "TagSpecifications[].Tags"
        : this.#otherTags());
    if (path === undefined || path === "?") return path;
    const shape = shapeAt(this.#input, path);
    if (shape === undefined) this.#fail(`tags: the input has no member ${path}`);
    // Requests that look for tags, or list their keys, set none.
    if (/^(?:List|Describe|Get|Search|Untag|Remove|Delete)/.test(this.#name) && this.#own.tags === undefined)
      return undefined;
    const spec = this.#tagSpec(path, undefined);
    // Each of EC2's lists is for a type of resource, by the name that the type has in ARNs.
    const typed = this.#prefix === "ec2" && path === "TagSpecifications[].Tags";
    return typed && spec !== "?" ? { ...spec, type: "ResourceType" } : spec;
  }

  /**
   * Tags under a name of their own (`BackupVaultTags`), or inside a structure, of an action that looks at the request's tags. Where there
   * are several, or each element of a list has its own, the ones that AWS means cannot be told.
   */
  #otherTags(): string | "?" | undefined {
    if (!this.#decided.actions.some((action) => this.#takesTags(this.#sources.reference.get(action.toLowerCase()))))
      return undefined;
    const found = tagPaths(this.#input);
    const [only, ...more] = found;
    return more.length > 0 || only?.includes("[]") ? "?" : only;
  }

  #tagSpec(path: string, forEach: string | undefined): TagSpec | "?" {
    const whole = path.startsWith(".") ? `${forEach ?? ""}${path}` : path;
    if (shapeAt(this.#input, whole)?.type === "map") {
      this.#path(`${path}{}`, forEach);
      return { map: path };
    }
    const names = Object.keys(shapeAt(this.#input, `${whole}[]`)?.members ?? {});
    const key = names.find((name) => /^(?:tag)?key$/i.test(name));
    const value = names.find((name) => /^(?:tag)?value$/i.test(name));
    if (key === undefined || value === undefined) return "?";
    this.#path(`${path}[].${key}`, forEach);
    this.#path(`${path}[].${value}`, forEach);
    return { list: path, key, value };
  }

  /** The action that AWS also checks when a request sets tags. */
  #tagAction(): string | undefined {
    const mine = new Set(this.#decided.actions);
    const isTag = (action: string): boolean =>
      action.startsWith(`${this.#prefix}:`) &&
      /:(?:TagResource|CreateTags|AddTags|AddTagsToResource|TagResources)$/.test(action);
    const listed = this.#sources.tables(this.#input.service, this.#name).find((action) => isTag(action));
    const dependent = [...mine]
      .flatMap((action) => this.#sources.old.get(action.toLowerCase())?.dependents ?? [])
      .find(isTag);
    const found = listed ?? dependent;
    return found === undefined || mine.has(found) ? undefined : this.#sources.reference.get(found.toLowerCase())?.name;
  }

  #tagCheck(action: string, tags: { readonly list: string } | { readonly map: string }): unknown {
    const when = this.#condition("list" in tags ? tags.list : tags.map, undefined);
    // The tags go on what the operation makes.
    const primary = this.#own.checks?.find((check) => check.action !== undefined && check.resources !== undefined);
    let resources: unknown;
    if (primary !== undefined && primary.forEach === undefined) {
      const name = this.#full(primary.action as string);
      const known = this.#sources.reference.get(name.toLowerCase());
      const all = (primary.resources ?? []).map((resource) => ({
        resource,
        spec: this.#resource(resource, undefined, name),
      }));
      const made = all.filter(
        ({ resource, spec }) => this.#carriesTags(known, resource, spec) && this.#isOfAction(action, spec),
      );
      resources = one((made.length > 0 ? made : all).map(({ spec }) => spec));
    } else {
      const own = this.#decided.actions.find((name) => name.startsWith(`${this.#prefix}:`)) ?? action;
      const derived = this.#derived(own, true);
      const [, found = "none"] = typeof derived === "string" ? [] : (derived as readonly unknown[]);
      const all = Array.isArray(found) ? (found as readonly unknown[]) : [found];
      const made = all.filter((spec) => !isUntagged(spec));
      resources =
        found === "none"
          ? (this.#fallback(this.#sources.reference.get(action.toLowerCase())) ?? "*")
          : one(made.length > 0 ? made : all.map(tagged));
    }
    const known = this.#sources.reference.get(action.toLowerCase());
    return [
      this.#actionText(action),
      known?.hasResource === false ? "none" : resources,
      { when, tags: 1, fallback: this.#fallback(known) },
    ];
  }

  /** A check of iam:PassRole for every role that the request hands over. */
  #passRoles(): readonly unknown[] {
    const given = this.#own.passRole;
    const text = this.#actionText("iam:PassRole");
    const service = this.#own.passRole === undefined ? this.#passedTo() : undefined;
    const check = (role: string, to: string | undefined, when: Condition | undefined): unknown => {
      const context = to === undefined ? {} : { context: { "iam:PassedToService": to } };
      if (role === "*") {
        const condition = when === undefined ? {} : { when: this.#condition(when, undefined) };
        const any = { text: "arn:${Partition}:iam::${Account}:role/*", why: "the role is not in the request" };
        return [text, any, ...this.#more({ ...condition, ...context })];
      }
      const path = this.#path(role, undefined);
      const conditions = [path, ...(when === undefined ? [] : [this.#condition(when, undefined)])];
      const resource = { arn: path, else: { hook: "iam-path", kind: "role", members: { name: path } } };
      return [text, resource, { when: conditions.length === 1 ? conditions[0] : conditions, ...context }];
    };
    if (given !== undefined) return given.map(({ role, service: to, when }) => check(role, to, when));
    const roles = this.#roleMembers();
    if (roles.length === 0) return [];
    for (const role of roles) this.#sources.note("passRole", `${this.#name} ${role} -> ${service ?? "?"}`);
    return roles.map((role) => check(role, service, undefined));
  }

  #passedTo(): string | undefined {
    const table = this.#sources.passedTo(this.#input.service, this.#name);
    if (table.length === 1) return table[0];
    if (table.length > 1) return undefined;
    return this.#overrides.passedTo ?? this.#sources.principals[this.#input.service.name];
  }

  /** Members that look like roles, where a source or the kind of operation says that they are passed. */
  #roleMembers(): readonly string[] {
    const found = scalarPaths(this.#input).filter(
      ({ name, shape }) =>
        shape.type === "string" &&
        /(?:role(?:_?arns?)?|rolearns?|role(?:arn)?update|role(?:name)?arn|roleidentifier|iamrole(?:arn|id)?|^iamrolefor[a-z]+arn)$/i.test(
          name,
        ) &&
        !/assume|external|session|(?:crossaccount|approval)role$|^(?:source|target|principal|user|member|grantee|node|admin)?role(?:name|type)$/i.test(
          name,
        ) &&
        (shape.enum === undefined || shape.enum.length === 0),
    );
    if (found.length === 0) return [];
    const { reference, old, tables, map } = this.#sources;
    const actions = this.#decided.actions;
    const isListed =
      tables(this.#input.service, this.#name).includes("iam:PassRole") ||
      actions.some((action) => old.get(action.toLowerCase())?.dependents.includes("iam:PassRole")) ||
      map?.actions(this.#input.service, this.#name).some((action) => action.toLowerCase() === "iam:passrole") === true;
    const writes = actions.some((action) => ["W", "P"].includes(reference.get(action.toLowerCase())?.level ?? "W"));
    const hands =
      /^(?:Create|Update|Put|Start|Run|Register|Modify|Submit|Import|Associate|Enable|Restore|Set|Configure|Deploy|Add|Send|Execute|Batch|Attach|Provision|Export|Publish|Copy|Replace|Allocate|Request|Launch|Initiate|Bulk|Upgrade|Schedule|Invoke|Generate|Merge|Grant|Discover)/;
    if (!isListed && !(writes && hands.test(this.#name))) return [];
    // A role by its name, or by what its value must look like; `role` alone may be one in a team.
    const certain = ({ name, type, shape }: (typeof found)[number]): boolean =>
      /role_?arns?$|role(?:name)?arn$|rolearnupdate$|roleidentifier$|(?:execution|service)role(?:update)?$|^iamrolefor/i.test(
        name,
      ) ||
      /rolearn|iamrole|executionrole/i.test(type) ||
      /iam.*role/.test(shape.pattern ?? "");
    return found.filter((one) => isListed || certain(one)).map(({ path }) => path);
  }
}

/** A resource that is authorised without the tags of the request. */
function untagged(spec: unknown): unknown {
  if (spec === "none") return spec;
  return typeof spec === "string" ? { text: spec, untagged: true } : { ...(spec as object), untagged: true };
}

function isUntagged(spec: unknown): boolean {
  return typeof spec === "object" && spec !== null && "untagged" in spec;
}

function tagged(spec: unknown): unknown {
  if (!isUntagged(spec)) return spec;
  const { untagged: _, ...rest } = spec as { readonly untagged: true; readonly text?: string };
  return Object.keys(rest).length === 1 && rest.text !== undefined ? rest.text : rest;
}

function templateIn(spec: unknown): string | undefined {
  if (typeof spec === "string") return spec;
  const { text, else: other } = spec as { readonly text?: string; readonly else?: unknown };
  return text ?? (other === undefined ? undefined : templateIn(other));
}

/** What an ARN template says of the kind of its resource: `subnet/`, from `~subnet/${SubnetId}`. */
function kindOf(template: unknown): string | undefined {
  if (typeof template !== "string") return undefined;
  const text = template.replace(/^@/, "");
  const resource = text.startsWith("~") ? text.slice(1) : /^arn:(?:[^:]*:){4}(.*)$/s.exec(text)?.[1];
  return resource === undefined ? undefined : /^[A-Za-z][A-Za-z0-9-]*[/:]/.exec(resource)?.[0];
}

function one(list: readonly unknown[]): unknown {
  return list.length === 1 ? list[0] : list;
}

function isList(value: ContextValue): value is readonly string[] {
  return Array.isArray(value);
}

function pathsOfValue(value: ContextValue): readonly string[] {
  if (typeof value === "string") return pathsIn(value);
  if (isList(value)) return value.flatMap(pathsIn);
  return [value.bool, value.number, value.map, value.arn]
    .filter((path) => path !== undefined)
    .concat(
      value.else === undefined ? [] : pathsIn(value.else),
      (value.choose ?? []).flatMap(pathsOfValue),
      Object.values(value.members ?? {}),
      value.value === undefined ? [] : pathsOfValue(value.value),
    );
}
