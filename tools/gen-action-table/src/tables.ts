import { join } from "node:path";
import {
  type IamDatasetMap,
  type OperationTables,
  readIamDatasetMap,
  readOperationTables,
  readSmithyNames,
} from "./action-sources.ts";
import { readAuthorizationReference, readConditionKeys, readResourceTypes } from "./authorization-reference.ts";
import { type OperationModel, readJson, type Service, signingName } from "./botocore.ts";
import {
  checkHooks,
  contextHooks,
  type Decided,
  decideActions,
  resourceHooks,
  type Sources,
} from "./decide-actions.ts";
import { readEscapeClasses } from "./escape-classes.ts";
import { readOverrides, type ServiceOverrides } from "./overrides.ts";
import { type Note, type Plan, type PlanSources, planOperation } from "./plan-operation.ts";
import { withServiceReference } from "./service-reference.ts";

/** Where the inputs are; see the usage of `main.ts`. */
export interface InputPaths {
  readonly iamData: string;
  readonly iamDataOld: string | undefined;
  readonly map: string | undefined;
  readonly smithy: string | undefined;
  readonly operationActions: string | undefined;
  readonly serviceReference?: string | undefined;
  readonly overrides: string;
  /** The folder of this package. */
  readonly here: string;
}

/** All inputs, read, and what follows from them for an operation. */
export interface Tables {
  readonly services: readonly Service[];
  readonly overrides: ReadonlyMap<string, ServiceOverrides>;
  readonly sources: Sources;
  readonly planSources: PlanSources;
  readonly tables: OperationTables | undefined;
  readonly map: IamDatasetMap | undefined;
  readonly decide: (service: Service, operation: OperationModel) => Decided;
  readonly plan: (service: Service, operation: OperationModel, protocols: readonly string[], decided: Decided) => Plan;
}

const none = (): readonly string[] => [];

export function readTables(
  services: readonly Service[],
  paths: InputPaths,
  note: (kind: Note, text: string) => void,
): Tables {
  const given = {
    reference: readAuthorizationReference(paths.iamData),
    types: readResourceTypes(paths.iamData),
    tables: paths.operationActions === undefined ? undefined : readOperationTables(paths.operationActions),
  };
  const { reference, types, tables } =
    paths.serviceReference === undefined ? given : withServiceReference(paths.serviceReference, given);
  const map = paths.map === undefined ? undefined : readIamDatasetMap(paths.map);
  const overrides = readOverrides(paths.overrides);
  const sources: Sources = {
    reference,
    tables: tables?.actions ?? none,
    map: map?.actions ?? none,
    smithyName: paths.smithy === undefined ? () => undefined : readSmithyNames(paths.smithy),
  };
  const planSources: PlanSources = {
    reference,
    old: paths.iamDataOld === undefined ? new Map() : readAuthorizationReference(paths.iamDataOld),
    types,
    conditionKeys: readConditionKeys(paths.iamData),
    map,
    tables: sources.tables,
    passedTo: tables?.passedTo ?? none,
    principals: (
      readJson(join(paths.here, "service-principals.json")) as { services: Readonly<Record<string, string>> }
    ).services,
    escapes: readEscapeClasses(join(paths.here, "escape-classes.json"), reference),
    checkHooks,
    resourceHooks,
    contextHooks,
    note,
  };
  return {
    services,
    overrides,
    sources,
    planSources,
    tables,
    map,
    decide: (service, operation) => decideActions(service, operation, overrides.get(service.name), sources),
    plan: (service, operation, protocols, decided) => {
      const own = overrides.get(service.name);
      const prefix = own?.prefix ?? signingName(service.model);
      return planOperation(service, operation, prefix, protocols, decided, own, planSources);
    },
  };
}
