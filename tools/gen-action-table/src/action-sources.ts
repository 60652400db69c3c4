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
  readonly resource_mappings?: Readonly<Record<string, { readonly template: string }>>;
  readonly resourcearn_mappings?: Readonly<Record<string, string>>;
  readonly arn_override?: { readonly template: string };
}

/** What iam-dataset says of an action's resource: members by template variable, and members that are the ARN by resource type. */
export interface MapResource {
  readonly variables: ReadonlyMap<string, string>;
  readonly arns: ReadonlyMap<string, string>;
  /** Variables that it says the request does not name. */
  readonly wild: ReadonlySet<string>;
}

export interface IamDatasetMap {
  readonly actions: OperationActions;
  readonly resource: (service: Service, operation: string, action: string) => MapResource | undefined;
}

/** iam-dataset's `map.json`: SDK method to IAM actions. */
export function readIamDatasetMap(path: string): IamDatasetMap {
  const { sdk_method_iam_mappings: methods } = readJson(path) as {
    sdk_method_iam_mappings: Readonly<Record<string, readonly MapEntry[]>>;
  };
  const byKey = new Map<string, readonly MapEntry[]>();
  for (const [method, entries] of Object.entries(methods)) {
    const [name = "", operation = ""] = method.split(".");
    byKey.set(`${plain(name)}.${operation.toLowerCase()}`, entries);
  }
  const entriesOf = ({ name, model }: Service, operation: string): readonly MapEntry[] => {
    for (const candidate of [mapClasses[name] ?? "", model.metadata.serviceId, name]) {
      const found = byKey.get(`${plain(candidate)}.${operation.toLowerCase()}`);
      if (found !== undefined) return found;
    }
    return [];
  };
  return {
    actions: (service, operation) =>
      entriesOf(service, operation)
        .filter(({ conditions }) => conditions === undefined)
        .map(({ action }) => action),
    resource(service, operation, action) {
      const own = entriesOf(service, operation).filter((entry) => entry.action.toLowerCase() === action.toLowerCase());
      if (own.length === 0) return undefined;
      const variables = new Map<string, string>();
      const arns = new Map<string, string>();
      const wild = new Set<string>();
      for (const { resource_mappings: mapped = {}, resourcearn_mappings: byArn = {} } of own) {
        for (const [variable, { template }] of Object.entries(mapped)) {
          const path = simplePath(template);
          if (path !== undefined) variables.set(variable, path);
          else if (template === "*") wild.add(variable);
        }
        for (const [type, template] of Object.entries(byArn)) {
          const path = simplePath(template);
          if (path !== undefined) arns.set(type.toLowerCase(), path);
        }
      }
      return { variables, arns, wild };
    },
  };
}

/** The member of a template that is nothing but one, or one without the ARN or URL before its name. */
function simplePath(template: string): string | undefined {
  const [, plainly, unwrapped] =
    /^\$\{([^}:]+)\}$|^%%regex%\$\{([^}]+)\}%\/\^\(\?:\.[+*]\??\\\/\)\?\((?:\.\+|\[0-9a-f-\]\+)\)\$\/g%%$/.exec(
      template,
    ) ?? [];
  return plainly ?? unwrapped;
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

interface TableRow {
  readonly actions: readonly string[];
  readonly sdk?: string;
  readonly contextByAction?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

export interface OperationTables {
  readonly actions: OperationActions;
  /** `iam:PassedToService` of the roles an operation passes. */
  readonly passedTo: OperationActions;
}

/** AWS's tables "API operations defined by ...": the superset of actions an operation can check. */
export function readOperationTables(dir: string): OperationTables {
  const byPage = new Map<string, Readonly<Record<string, TableRow>>>();
  for (const file of readdirSync(dir).sort()) {
    const { operations } = readJson(join(dir, file)) as { operations: Readonly<Record<string, TableRow>> };
    byPage.set(basename(file, ".json"), operations);
  }
  const pages: Readonly<Record<string, string>> = { stepfunctions: "states" };
  const rowOf = ({ name }: Service, operation: string): TableRow | undefined => {
    const own = byPage.get(pages[name] ?? name)?.[operation];
    if (own !== undefined && (own.sdk === undefined || own.sdk === name)) return own;
    return [...byPage.values()].map((operations) => operations[operation]).find((shared) => shared?.sdk === name);
  };
  return {
    actions: (service, operation) => rowOf(service, operation)?.actions ?? [],
    passedTo: (service, operation) =>
      rowOf(service, operation)?.contextByAction?.["iam:PassRole"]?.["iam:PassedToService"] ?? [],
  };
}
