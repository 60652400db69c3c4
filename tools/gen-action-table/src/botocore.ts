import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** A service model of botocore (`service-2.json`), as far as the tables need it. */
export interface ServiceModel {
  readonly metadata: {
    readonly apiVersion: string;
    readonly endpointPrefix: string;
    readonly signingName?: string;
    readonly protocol: string;
    readonly protocols?: readonly string[];
    readonly targetPrefix?: string;
    readonly jsonVersion?: string;
    readonly serviceId: string;
    readonly auth?: readonly string[];
    readonly signatureVersion?: string;
    readonly awsQueryCompatible?: object;
  };
  readonly operations: Readonly<Record<string, OperationModel>>;
  readonly shapes: Readonly<Record<string, ShapeModel>>;
}

/** The name SDKs give an operation: CloudFront's model appends its API version. */
export function sdkName(operation: { readonly name: string }): string {
  return operation.name.replace(/\d{4}_\d{2}_\d{2}$/, "");
}

export interface OperationModel {
  readonly name: string;
  readonly http: { readonly method: string; readonly requestUri: string };
  readonly input?: { readonly shape: string };
  readonly output?: { readonly shape: string };
  readonly authtype?: string;
  readonly auth?: readonly string[];
  readonly deprecated?: boolean;
  readonly endpoint?: { readonly hostPrefix: string };
}

export interface ShapeModel {
  readonly type: string;
  readonly required?: readonly string[];
  readonly members?: Readonly<Record<string, MemberModel>>;
  /** Of a list. */
  readonly member?: { readonly shape: string; readonly locationName?: string };
  /** Of a map. */
  readonly key?: { readonly shape: string; readonly locationName?: string };
  readonly value?: { readonly shape: string; readonly locationName?: string };
  /** Of a list or map in XML and query forms: its elements stand without one around them. */
  readonly flattened?: boolean;
  readonly sensitive?: boolean;
  readonly payload?: string;
  readonly enum?: readonly string[];
  /** A regular expression that a text must match. */
  readonly pattern?: string;
}

export interface MemberModel {
  readonly shape: string;
  readonly location?: string;
  readonly locationName?: string;
  readonly queryName?: string;
  readonly flattened?: boolean;
}

/** One botocore service: its folder name, API versions, newest model and endpoint rule set. */
export interface Service {
  readonly name: string;
  /** Oldest first. */
  readonly versions: readonly string[];
  readonly model: ServiceModel;
  readonly ruleSet: unknown;
  /** Operations that newer SDKs send otherwise: `METHOD /uri`. */
  readonly wires?: Readonly<Record<string, readonly string[]>>;
}

/** Every service of a botocore `data` folder, newest API version only, in name order. */
export function readServices(dir: string): readonly Service[] {
  const services: Service[] = [];
  for (const name of readdirSync(dir).sort()) {
    if (!statSync(join(dir, name)).isDirectory()) continue;
    const versions = readdirSync(join(dir, name)).sort();
    const version = versions.at(-1);
    if (version === undefined) throw new Error(`${name}: no API version in ${dir}`);
    services.push({
      name,
      versions,
      model: readJson(join(dir, name, version, "service-2.json")) as ServiceModel,
      ruleSet: readJson(join(dir, name, version, "endpoint-rule-set-1.json")),
    });
  }
  return services;
}

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** The name a service's requests are signed for, unless its rule set says otherwise. */
export function signingName(model: ServiceModel): string {
  return model.metadata.signingName ?? model.metadata.endpointPrefix;
}
