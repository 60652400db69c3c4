import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { OperationTables } from "./action-sources.ts";
import type { AuthorizationReference, ReferenceAction, ResourceTypes } from "./authorization-reference.ts";
import { readJson, type Service } from "./botocore.ts";

/** A file of AWS's Service Reference (servicereference.us-east-1.amazonaws.com), as far as it is used. */
interface ReferenceFile {
  readonly Name: string;
  readonly Actions?: readonly {
    readonly Name: string;
    readonly ActionConditionKeys?: readonly string[];
    readonly Annotations?: { readonly Properties?: Readonly<Record<string, boolean>> };
    readonly Resources?: readonly { readonly Name: string }[];
  }[];
  readonly Resources?: readonly { readonly Name: string; readonly ARNFormats?: readonly string[] }[];
  readonly Operations?: readonly {
    readonly Name: string;
    readonly AuthorizedActions?: readonly {
      readonly Name: string;
      readonly Service: string;
      readonly Context?: Readonly<Record<string, readonly string[]>>;
    }[];
    readonly SDK?: readonly { readonly Name: string; readonly Package: string }[];
  }[];
}

export interface ServiceReference {
  /** Its tables, then those given. */
  readonly tables: OperationTables;
  /** The reference given, with the actions that it lacks. */
  readonly reference: AuthorizationReference;
  readonly types: ResourceTypes;
}

/**
 * Adds a folder of AWS's Service Reference JSON, one file a service, to the other sources: its operation tables win, and actions and resource types that
 * they lack are taken from it. It does not say which resources an action must have: all count as optional.
 */
export function withServiceReference(
  dir: string,
  others: {
    readonly tables: OperationTables | undefined;
    readonly reference: AuthorizationReference;
    readonly types: ResourceTypes;
  },
): ServiceReference {
  const reference = new Map(others.reference);
  const types = new Map(others.types);
  const rows = new Map<string, { readonly actions: readonly string[]; readonly passedTo: readonly string[] }>();
  for (const file of readdirSync(dir)
    .filter((name) => name.endsWith(".json"))
    .sort()) {
    const { Name: prefix, Actions = [], Resources = [], Operations = [] } = readJson(join(dir, file)) as ReferenceFile;
    for (const action of Actions) {
      const name = `${prefix}:${action.Name}`;
      if (!reference.has(name.toLowerCase())) reference.set(name.toLowerCase(), referenceAction(name, action));
    }
    const known = types.get(prefix) ?? new Map<string, string>();
    const own = Resources.map(({ Name, ARNFormats = [] }) => [Name.toLowerCase(), ARNFormats.join(", ")] as const);
    types.set(prefix, new Map([...own, ...known]));
    for (const { Name, AuthorizedActions = [], SDK = [] } of Operations) {
      const service = SDK.find(({ Package }) => /boto/i.test(Package))?.Name ?? prefix;
      rows.set(`${service} ${Name}`, {
        actions: AuthorizedActions.map((action) => `${action.Service}:${action.Name}`),
        passedTo: AuthorizedActions.flatMap(({ Context }) => Context?.["iam:PassedToService"] ?? []),
      });
    }
  }
  const row = ({ name }: Service, operation: string) => rows.get(`${name} ${operation}`);
  return {
    reference,
    types,
    tables: {
      actions: (service, operation) =>
        row(service, operation)?.actions ?? others.tables?.actions(service, operation) ?? [],
      passedTo: (service, operation) =>
        row(service, operation)?.passedTo ?? others.tables?.passedTo(service, operation) ?? [],
    },
  };
}

function referenceAction(
  name: string,
  { ActionConditionKeys = [], Annotations = {}, Resources = [] }: NonNullable<ReferenceFile["Actions"]>[number],
): ReferenceAction {
  const { IsPermissionManagement, IsTaggingOnly, IsWrite, IsList } = Annotations.Properties ?? {};
  const tags = ActionConditionKeys.some((key) => key.startsWith("aws:RequestTag/"));
  return {
    name,
    hasResource: Resources.length > 0,
    permissionOnly: false,
    level: IsPermissionManagement ? "P" : IsTaggingOnly ? "T" : IsWrite ? "W" : IsList ? "L" : "R",
    resourceTypes: Resources.map((resource) => ({ name: resource.Name, required: false, tags })),
    tags,
    dependents: [],
  };
}
