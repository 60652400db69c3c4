import type { AuthorizationReference } from "./authorization-reference.ts";
import { type OperationModel, type Service, sdkName, signingName } from "./botocore.ts";
import type { Decided } from "./decide-actions.ts";
import type { ServiceOverrides } from "./overrides.ts";

/** A shard as `@iap/action-resolver` reads it; its `Shard` type says what the parts are. */
export interface ShardFile {
  readonly service: string;
  readonly prefix: string;
  readonly endpointPrefix: string;
  readonly protocols: readonly string[];
  readonly versions?: readonly string[];
  readonly target?: string;
  readonly operations: Readonly<Record<string, string | readonly unknown[]>>;
}

const restProtocols = new Set(["restJson1", "restXml"]);

/** The shard of a service; `decide` gives each operation's actions. */
export function makeShard(
  service: Service,
  overrides: ServiceOverrides | undefined,
  reference: AuthorizationReference,
  decide: (operation: OperationModel) => Decided,
): ShardFile {
  const { metadata, operations } = service.model;
  const prefix = overrides?.prefix ?? signingName(service.model);
  const protocols = protocolsOf(service);
  const isRest = protocols.some((protocol) => restProtocols.has(protocol));
  const isQuery = protocols.some((protocol) => protocol === "awsQuery" || protocol === "ec2Query");
  const all = Object.values(operations);
  const wireForms = new Map(all.map((operation) => [operation, restEntry(service, operation, overrides)]));
  const entries = all.map((operation): [string, string | readonly unknown[]] => {
    const name = sdkName(operation);
    const actions = actionText(prefix, name, decide(operation), reference);
    const wire = wireForms.get(operation) as RestWire;
    // A deprecated operation that a newer one has the wire form of is never what a request is.
    const hasSuccessor = all.some(
      (other) => operation.deprecated && !other.deprecated && keyOf(wireForms.get(other) as RestWire) === keyOf(wire),
    );
    return [name, isRest && !hasSuccessor ? trimmed([actions, ...wire]) : actions];
  });
  for (const [name, { marker, actions = [], unlisted, wire }] of Object.entries(overrides?.extra ?? {})) {
    if (operations[name] !== undefined) throw new Error(`${service.name}: the extra operation ${name} is in the model`);
    const gone = actions.find((action) => !unlisted && !reference.has(action.toLowerCase()));
    if (gone !== undefined) throw new Error(`extra operation ${service.name} ${name}: no action ${gone}`);
    const text = actionText(prefix, name, { marker, actions, by: "override" }, reference);
    entries.push([name, isRest ? [text, wire ?? []] : text]);
  }
  return {
    service: service.name,
    prefix,
    endpointPrefix: metadata.endpointPrefix,
    protocols,
    ...(isQuery ? { versions: service.versions } : {}),
    ...(metadata.targetPrefix === undefined ? {} : { target: metadata.targetPrefix }),
    operations: Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** JSON with one operation a line, so that a new version of AWS's models reads as a diff. */
export function renderShard(shard: ShardFile): string {
  const { operations, ...head } = shard;
  const lines = Object.entries(operations).map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`);
  return `${JSON.stringify(head).slice(0, -1)},"operations":{\n${lines.join(",\n")}\n}}\n`;
}

/** What names an operation on the wire, one text for each way: two operations of a service must not share one. */
export function wireKeys(shard: ShardFile): ReadonlyMap<string, readonly string[]> {
  const keys = new Map<string, string[]>();
  for (const [name, entry] of Object.entries(shard.operations)) {
    if (typeof entry === "string") continue;
    const [, wires = [], query = [], headers = []] = entry as [string, string[]?, string[]?, string[]?];
    for (const wire of wires) {
      const key = keyOf([[wire], query, headers, []]);
      keys.set(key, [...(keys.get(key) ?? []), name]);
    }
  }
  return keys;
}

/** Wire forms, required query names, required header names, optional query names. */
type RestWire = readonly [readonly string[], readonly string[], readonly string[], readonly string[]];

/** Label names do not count: only their places do. */
function keyOf([wires, query, headers]: RestWire): string {
  const plain = wires.map((wire) => wire.replace(/\{[^}+]+\}/g, "{}").replace(/\{[^}]+\+\}/g, "{+}"));
  return [...plain, ...query, ...headers].join(" ");
}

/** In Smithy's words. A model that is `awsQueryCompatible` still answers the query requests of older SDKs. */
function protocolsOf({ model: { metadata } }: Service): readonly string[] {
  const json = metadata.jsonVersion === "1.0" ? "awsJson1_0" : "awsJson1_1";
  const names: Readonly<Record<string, string>> = {
    json,
    query: "awsQuery",
    ec2: "ec2Query",
    "rest-json": "restJson1",
    "rest-xml": "restXml",
    "smithy-rpc-v2-cbor": "rpcV2Cbor",
  };
  const listed = metadata.protocols?.length ? metadata.protocols : [metadata.protocol];
  const protocols = listed.map((name) => {
    const known = names[name];
    if (known === undefined) throw new Error(`${metadata.serviceId}: protocol ${name} is not known`);
    return known;
  });
  if (metadata.awsQueryCompatible !== undefined && !protocols.includes("awsQuery")) protocols.push("awsQuery");
  return protocols;
}

function actionText(
  prefix: string,
  name: string,
  { marker, actions }: Decided,
  reference: AuthorizationReference,
): string {
  const items = actions.map((action) => {
    const known = reference.get(action.toLowerCase());
    const text =
      action === `${prefix}:${name}` ? "." : action.startsWith(`${prefix}:`) ? action.slice(prefix.length + 1) : action;
    return known?.hasResource === false ? `${text}!` : text;
  });
  return (marker === undefined ? "" : `#${marker};`) + items.join(",");
}

function restEntry(
  { name: service, model }: Service,
  operation: OperationModel,
  overrides: ServiceOverrides | undefined,
): RestWire {
  const { method, requestUri } = operation.http;
  const input = operation.input && model.shapes[operation.input.shape];
  const required = new Set(input?.required);
  const query: string[] = [];
  const headers: string[] = [];
  const optional: string[] = [];
  for (const [member, { location, locationName = member }] of Object.entries(input?.members ?? {})) {
    if (location === "querystring") (required.has(member) ? query : optional).push(locationName);
    if (location === "header" && required.has(member)) headers.push(locationName.toLowerCase());
  }
  const uri = (overrides?.pathPrefix ?? "") + requestUri;
  const wires = [`${method} ${uri}`, ...(overrides?.wire?.[sdkName(operation)] ?? [])];
  return [wires, query.sort(), headers.sort(), service === "s3" ? optional.sort() : []];
}

/** Empty lists at the end say nothing. */
function trimmed(entry: readonly (string | readonly string[])[]): readonly (string | readonly string[])[] {
  const last = entry.findLastIndex((part) => part.length > 0);
  return entry.slice(0, last + 1);
}
