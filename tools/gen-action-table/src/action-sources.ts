import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { readJson, type Service } from "./botocore.ts";

/** What a list of others says an operation needs: actions by full name, conditional ones left out. */
export type OperationActions = (service: Service, operation: string) => readonly string[];

const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, "");

/** Class names of the 2023 map that differ from the service id. */
const mapClasses: Readonly<Record<string, string>> = {
  "cognito-idp": "CognitoIdentityServiceProvider",
  events: "EventBridge",
  forecast: "ForecastService",
  forecastquery: "ForecastQueryService",
  "rds-data": "RDSDataService",
  "sagemaker-a2i-runtime": "AugmentedAIRuntime",
  transcribe: "TranscribeService",
};

interface MapEntry {
  readonly action: string;
  readonly conditions?: unknown;
}

/** iam-dataset's `map.json`: SDK method to IAM actions. */
export function readIamDatasetMap(path: string): OperationActions {
  const { sdk_method_iam_mappings: methods } = readJson(path) as {
    sdk_method_iam_mappings: Readonly<Record<string, readonly MapEntry[]>>;
  };
  const byKey = new Map<string, readonly string[]>();
  for (const [method, entries] of Object.entries(methods)) {
    const [name = "", operation = ""] = method.split(".");
    const actions = entries.filter(({ conditions }) => conditions === undefined).map(({ action }) => action);
    byKey.set(`${plain(name)}.${operation.toLowerCase()}`, actions);
  }
  return ({ name, model }, operation) => {
    for (const candidate of [mapClasses[name] ?? "", model.metadata.serviceId, name]) {
      const found = byKey.get(`${plain(candidate)}.${operation.toLowerCase()}`);
      if (found !== undefined) return found;
    }
    return [];
  };
}

interface SmithyService {
  readonly sdkId?: string;
  readonly operations?: Readonly<
    Record<string, { readonly iamAction?: { readonly name?: string }; readonly actionName?: string }>
  >;
}

/** The explicit action names among the IAM traits of AWS's Smithy models, without a prefix. */
export function readSmithyNames(path: string): (service: Service, operation: string) => string | undefined {
  const bySdkId = new Map<string, SmithyService>();
  for (const [name, service] of Object.entries(readJson(path) as Readonly<Record<string, SmithyService>>)) {
    bySdkId.set(plain(service.sdkId ?? name), service);
  }
  return ({ model }, operation) => {
    const found = bySdkId.get(plain(model.metadata.serviceId))?.operations?.[operation];
    return found?.iamAction?.name ?? found?.actionName;
  };
}

/** AWS's tables "API operations defined by ...": the superset of actions an operation can check. */
export function readOperationTables(dir: string): OperationActions {
  const byPage = new Map<
    string,
    Readonly<Record<string, { readonly actions: readonly string[]; readonly sdk?: string }>>
  >();
  for (const file of readdirSync(dir).sort()) {
    const { operations } = readJson(join(dir, file)) as {
      operations: Readonly<Record<string, { readonly actions: readonly string[]; readonly sdk?: string }>>;
    };
    byPage.set(basename(file, ".json"), operations);
  }
  const pages: Readonly<Record<string, string>> = { stepfunctions: "states" };
  return ({ name }, operation) => {
    const own = byPage.get(pages[name] ?? name)?.[operation];
    if (own !== undefined && (own.sdk === undefined || own.sdk === name)) return own.actions;
    for (const operations of byPage.values()) {
      const shared = operations[operation];
      if (shared?.sdk === name) return shared.actions;
    }
    return [];
  };
}
