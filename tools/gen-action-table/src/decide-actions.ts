import type { OperationActions } from "./action-sources.ts";
import type { AuthorizationReference } from "./authorization-reference.ts";
import { type OperationModel, type Service, sdkName, signingName } from "./botocore.ts";
import type { OverrideMarker, ServiceOverrides } from "./overrides.ts";

export interface Decided {
  readonly marker: OverrideMarker | undefined;
  /** Full names, spelled as the Authorization Reference does, sorted; all are required. */
  readonly actions: readonly string[];
  readonly by: "override" | "table" | "trait" | "sameName" | "map" | "union" | "authtype" | "nothing";
}

/** Hooks that give checks: the actions each may give. */
export const checkHooks: Readonly<Record<string, readonly string[]>> = {
  "dynamodb-partiql": ["PartiQLSelect", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete"].map(
    (name) => `dynamodb:${name}`,
  ),
};

/** Hooks that give resources. */
export const resourceHooks: ReadonlySet<string> = new Set([
  "bedrock-model",
  "iam-path",
  "ec2-resource-id",
  "kms-key",
  "lambda-function",
  "organizations-id",
  "s3-url",
  "secret-id",
  "sqs-queue",
  "ssm-document",
  "ssm-node",
  "ssm-parameter",
]);

/** Hooks that give the values of condition keys. */
export const contextHooks: ReadonlySet<string> = new Set(["dynamodb-attributes", "route53-record-names"]);

export interface Sources {
  readonly reference: AuthorizationReference;
  readonly tables: OperationActions;
  readonly map: OperationActions;
  readonly smithyName: (service: Service, operation: string) => string | undefined;
}

/**
 * The actions every call of an operation needs. Hand-written overrides win; then a row of AWS's own table that names a
 * single action; then the action of the same name, united with what the other sources name for it where they
 * disagree; then those sources alone. Conditional and dependent actions are not guessed. Throws for an action that
 * does not exist.
 */
export function decideActions(
  service: Service,
  operation: OperationModel,
  overrides: ServiceOverrides | undefined,
  { reference, tables, map, smithyName }: Sources,
): Decided {
  const name = sdkName(operation);
  const prefix = overrides?.prefix ?? signingName(service.model);
  const given = overrides?.operations?.[name] ?? overrides?.extra?.[name];
  const decides = given !== undefined && (given.actions ?? given.marker ?? given.checks) !== undefined;
  const override = decides ? given : overrides?.all;
  const spelled = (action: string): string | undefined => reference.get(action.toLowerCase())?.name;
  if (override !== undefined) {
    const fromChecks = (override.checks ?? []).flatMap((check) =>
      check.action === undefined ? (checkHooks[check.hook ?? ""] ?? []) : [check.action],
    );
    const actions = (override.actions ?? fromChecks).map((text) => {
      const action = text.includes(":") ? text : `${prefix}:${text}`;
      const known = override.unlisted ? action : spelled(action.replace("{METHOD}", operation.http.method));
      if (known === undefined) throw new Error(`override of ${service.name} ${name}: no action ${action}`);
      return known;
    });
    if (actions.length === 0 && override.marker === undefined)
      throw new Error(`override of ${service.name} ${name} is empty`);
    return { marker: override.marker, actions: sorted(actions), by: "override" };
  }

  const same = spelled(`${prefix}:${name}`);
  const authtypes = operation.auth ?? (operation.authtype ? [operation.authtype] : (service.model.metadata.auth ?? []));
  if (operation.authtype === "none" || authtypes.includes("smithy.api#noAuth")) {
    return { marker: "unsigned", actions: same === undefined ? [] : [same], by: "authtype" };
  }
  if (authtypes.length > 0 && authtypes.every((type) => type === "bearer" || type === "smithy.api#httpBearerAuth")) {
    return { marker: "bearer", actions: same === undefined ? [] : [same], by: "authtype" };
  }

  const table = tables(service, name).map((action) => spelled(action) ?? action);
  if (table.length === 1) {
    const [only = ""] = table;
    if (spelled(only) === undefined)
      throw new Error(`AWS's table: ${service.name} ${name} needs ${only}, which is not in the reference`);
    return { marker: undefined, actions: [only], by: "table" };
  }
  const inTable = (action: string): boolean => table.length === 0 || table.includes(action);
  const trait = spelled(`${prefix}:${smithyName(service, name) ?? ""}`);
  const mapped = map(service, name)
    .filter((action) => action.toLowerCase().startsWith(`${prefix}:`))
    .map((action) => spelled(action))
    .filter((action): action is string => action !== undefined && inTable(action));
  if (trait !== undefined && inTable(trait)) {
    const actions = same !== undefined && inTable(same) ? [same, trait] : [trait];
    return { marker: undefined, actions: sorted(actions), by: "trait" };
  }
  if (same !== undefined && inTable(same)) {
    if (mapped.length === 0 || mapped.includes(same)) return { marker: undefined, actions: [same], by: "sameName" };
    return { marker: undefined, actions: sorted([same, ...mapped]), by: "union" };
  }
  if (mapped.length > 0) return { marker: undefined, actions: sorted(mapped), by: "map" };
  return { marker: "unknown", actions: [], by: "nothing" };
}

function sorted(actions: readonly string[]): readonly string[] {
  return [...new Set(actions)].sort();
}
