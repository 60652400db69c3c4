import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { readJson } from "./botocore.ts";

export type OverrideMarker = "permissionless" | "unsigned" | "bearer" | "unknown";

/** Expressions for a template's variable, the first that fits; null forbids one. */
export type Expressions = string | readonly string[] | null;

export type Condition =
  | string
  | readonly Condition[]
  | { readonly any: readonly Condition[] }
  | { readonly all: readonly Condition[] }
  | { readonly not: Condition };

export type Resource =
  | string
  | {
      readonly type?: string;
      readonly fill?: Readonly<Record<string, Expressions>>;
      readonly arn?: string;
      readonly else?: Resource;
      readonly pattern?: string;
      /** A template under a condition. */
      readonly text?: string;
      readonly none?: true;
      readonly why?: string;
      readonly when?: Condition;
      readonly hook?: string;
      readonly members?: Readonly<Record<string, string>>;
      readonly kind?: string;
    };

export type ContextValue =
  | string
  | readonly string[]
  | {
      readonly bool?: string;
      readonly number?: string;
      readonly map?: string;
      readonly arn?: string;
      readonly else?: string;
      readonly when?: Condition;
      readonly value?: ContextValue;
      readonly partial?: boolean;
      readonly absent?: true;
      readonly unknownWhen?: Condition;
      readonly choose?: readonly ContextValue[];
      readonly hook?: string;
      readonly members?: Readonly<Record<string, string>>;
    };

export interface OverrideCheck {
  readonly action?: string;
  readonly hook?: string;
  /** Instead of an action: those by which the services of the ARNs that `forEach` goes through set or remove tags. */
  readonly tagging?: "set" | "remove";
  readonly members?: Readonly<Record<string, string>>;
  readonly when?: Condition;
  readonly forEach?: string;
  readonly resources?: readonly Resource[];
  readonly context?: Readonly<Record<string, ContextValue>>;
  readonly authoritative?: readonly string[];
  /** The tags of this check, where the operation has several lists of them; null where it is authorised without them. */
  readonly tags?: string | null;
}

/** What was decided by hand for one operation. Every entry says where it is written. See OVERRIDES.md. */
export interface OperationOverride {
  /** Replaces whatever the other sources say; a name without a prefix is the service's own. */
  readonly actions?: readonly string[];
  readonly marker?: OverrideMarker;
  /** Names an action the Authorization Reference lacks on purpose. */
  readonly unlisted?: true;
  readonly source: string;
  readonly resources?: readonly Resource[];
  readonly checks?: readonly OverrideCheck[];
  readonly also?: readonly OverrideCheck[];
  readonly fill?: Readonly<Record<string, Expressions>>;
  readonly context?: Readonly<Record<string, ContextValue>>;
  readonly tags?: string | null;
  readonly passRole?: readonly { readonly role: string; readonly service?: string; readonly when?: Condition }[];
  /** Names in a form, by path, of members that the model has for other protocols alone: `Tags` or `Tags{}` (`entry,key,value`). */
  readonly form?: Readonly<Record<string, string>>;
  readonly returns?: { readonly credentials?: string; readonly secrets?: string };
}

/** Reviewed by hand for one botocore service: `overrides/<service>.json`. */
export interface ServiceOverrides {
  /** The IAM prefix, where it is not the signing name. */
  readonly prefix?: string;
  /** The default for operations that no other entry names. */
  readonly all?: OperationOverride;
  readonly operations?: Readonly<Record<string, OperationOverride>>;
  /** Operations that botocore's models lack; a REST one says where it is on the wire. */
  readonly extra?: Readonly<Record<string, OperationOverride & { readonly wire?: readonly string[] }>>;
  /** Operations that SDKs send otherwise than their model says: further `METHOD /uri` of an operation. */
  readonly wire?: Readonly<Record<string, readonly string[]>>;
  /** A path that the endpoint rules put in front of every URI. */
  readonly pathPrefix?: string;
  readonly passedTo?: string;
  readonly types?: Readonly<Record<string, string>>;
  readonly fill?: Readonly<Record<string, Expressions>>;
  readonly resources?: Readonly<Record<string, Resource>>;
  readonly escape?: Readonly<Record<string, string | readonly string[]>>;
  /** Another service whose operations it shares: their overrides hold here too. */
  readonly like?: string;
  /** Checks and context of every operation that has the members they name. */
  readonly also?: readonly OverrideCheck[];
  readonly context?: Readonly<Record<string, ContextValue>>;
  readonly wanted?: readonly string[];
  readonly source?: string;
}

const fileKeys = new Set(
  "like prefix all operations extra wire pathPrefix passedTo types fill resources escape also context wanted source".split(
    " ",
  ),
);
const operationKeys = new Set(
  "actions marker unlisted source resources checks also fill context tags passRole form returns wire".split(" "),
);
const checkKeys = new Set(
  "action hook tagging members when forEach resources context authoritative tags source".split(" "),
);
const resourceKeys = new Set("type fill arn else pattern text none why when hook members kind source".split(" "));

export function readOverrides(dir: string): ReadonlyMap<string, ServiceOverrides> {
  const overrides = new Map<string, ServiceOverrides>();
  for (const file of readdirSync(dir).sort()) {
    let read: ServiceOverrides;
    try {
      read = readJson(join(dir, file)) as ServiceOverrides;
    } catch (error) {
      throw new Error(`${file}: ${(error as Error).message}`);
    }
    onlyKeys(file, read, fileKeys);
    const where = (entry: string): string => `${file}: ${entry} needs a "source": the URL of the page that says so`;
    const { operations: _, extra: __, all: ___, ...own } = read;
    if (Object.keys(own).some((key) => key !== "source" && key !== "wanted") && !read.source?.startsWith("https://"))
      throw new Error(where("the file"));
    checkAll(file, read.also ?? []);
    for (const [name, resource] of Object.entries(read.resources ?? {}))
      checkResource(`${file}: resources ${name}`, resource);
    for (const [name, entry] of Object.entries({
      ...read.operations,
      ...read.extra,
      ...(read.all && { all: read.all }),
    })) {
      if (!entry.source?.startsWith("https://")) throw new Error(where(name));
      const at = `${file}: ${name}`;
      onlyKeys(at, entry, operationKeys);
      for (const resource of entry.resources ?? []) checkResource(at, resource);
      checkAll(at, entry.checks ?? []);
      checkAll(at, entry.also ?? []);
      if (entry.checks !== undefined && entry.actions !== undefined)
        throw new Error(`${at}: "checks" replaces "actions": give one of them`);
      if (entry.checks !== undefined && entry.resources !== undefined)
        throw new Error(`${at}: "resources" goes with derived actions: put them in each of the "checks"`);
    }
    overrides.set(basename(file, ".json"), read);
  }
  for (const [name, own] of overrides) {
    if (own.like === undefined) continue;
    const other = overrides.get(own.like);
    if (other === undefined) throw new Error(`${name}.json: no overrides of ${own.like} to be like`);
    overrides.set(name, {
      ...other,
      ...own,
      fill: { ...other.fill, ...own.fill },
      types: { ...other.types, ...own.types },
      resources: { ...other.resources, ...own.resources },
      context: { ...other.context, ...own.context },
      escape: { ...other.escape, ...own.escape },
      operations: { ...other.operations, ...own.operations },
    });
  }
  return overrides;
}

function checkAll(at: string, checks: readonly OverrideCheck[]): void {
  for (const check of checks) {
    onlyKeys(`${at}: a check`, check, checkKeys);
    if ([check.action, check.hook, check.tagging].filter((one) => one !== undefined).length !== 1)
      throw new Error(`${at}: a check has one of "action", "hook" and "tagging"`);
    for (const resource of check.resources ?? []) checkResource(at, resource);
  }
}

function checkResource(at: string, resource: Resource): void {
  if (typeof resource === "string") {
    if (!/^(?:@?arn:|@?~|none$|=|\$\{|\*$)/.test(resource))
      throw new Error(`${at}: the resource ${resource} begins with none of arn: ~ @~ = \${ and is not "none"`);
    return;
  }
  onlyKeys(`${at}: a resource`, resource, resourceKeys);
  if (
    [resource.type, resource.arn, resource.pattern, resource.text, resource.none, resource.hook].filter(
      (one) => one !== undefined,
    ).length !== 1
  )
    throw new Error(`${at}: a resource has one of "type", "arn", "pattern", "text", "none" and "hook"`);
  if (resource.else !== undefined) checkResource(at, resource.else);
}

function onlyKeys(at: string, object: object, known: ReadonlySet<string>): void {
  for (const key of Object.keys(object)) {
    if (!known.has(key)) throw new Error(`${at}: ${key} is not known; known are ${[...known].join(", ")}`);
  }
}
