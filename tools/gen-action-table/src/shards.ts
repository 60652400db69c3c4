import { type OperationModel, type Service, sdkName, signingName } from "./botocore.ts";
import type { ServiceOverrides } from "./overrides.ts";
import type { Plan } from "./plan-operation.ts";

/** A shard as `@iap/action-resolver` reads it; its `Shard` type says what the parts are. */
export interface ShardFile {
  readonly service: string;
  readonly id: string;
  readonly prefix: string;
  readonly endpointPrefix: string;
  readonly protocols: readonly string[];
  readonly versions?: readonly string[];
  readonly target?: string;
  readonly facts?: Readonly<Record<string, string>>;
  readonly resources?: readonly unknown[];
  readonly operations: Readonly<Record<string, string | Entry>>;
}

/** `OperationEntry` of the resolver. */
export interface Entry extends Plan {
  readonly w?: readonly string[];
  readonly q?: readonly string[];
  readonly h?: readonly string[];
  readonly o?: readonly string[];
}

const restProtocols = new Set(["restJson1", "restXml"]);

/** The shard of a service; `plan` gives each operation's checks. */
export function makeShard(
  service: Service,
  overrides: ServiceOverrides | undefined,
  plan: (operation: OperationModel, protocols: readonly string[]) => Plan,
  facts?: Readonly<Record<string, string>>,
): ShardFile {
  const { metadata, operations } = service.model;
  const prefix = overrides?.prefix ?? signingName(service.model);
  const protocols = protocolsOf(service);
  const isRest = protocols.some((protocol) => restProtocols.has(protocol));
  const isQuery = protocols.some((protocol) => protocol === "awsQuery" || protocol === "ec2Query");
  const all = Object.values(operations);
  const wireForms = new Map(all.map((operation) => [operation, restEntry(service, operation, overrides)]));
  const entries = all.map((operation): [string, Entry] => {
    const name = sdkName(operation);
    const planned = plan(operation, protocols);
    const wire = wireForms.get(operation) as RestWire;
    // A deprecated operation that a newer one has the wire form of is never what a request is.
    const hasSuccessor = all.some(
      (other) => operation.deprecated && !other.deprecated && keyOf(wireForms.get(other) as RestWire) === keyOf(wire),
    );
    return [name, isRest && !hasSuccessor ? { ...planned, ...wireOf(wire) } : planned];
  });
  for (const [name, { wire }] of Object.entries(overrides?.extra ?? {})) {
    // The newest models may have it by now.
    if (operations[name] !== undefined) continue;
    const planned = plan({ name, http: { method: wire?.[0]?.split(" ")[0] ?? "POST", requestUri: "/" } }, protocols);
    entries.push([name, isRest ? { ...planned, w: wire ?? [] } : planned]);
  }
  const { resources, pooled } = pool(entries);
  return {
    service: service.name,
    id: metadata.serviceId,
    prefix,
    endpointPrefix: metadata.endpointPrefix,
    protocols,
    ...(isQuery ? { versions: service.versions } : {}),
    ...(metadata.targetPrefix === undefined ? {} : { target: metadata.targetPrefix }),
    ...(facts === undefined ? {} : { facts }),
    ...(resources.length === 0 ? {} : { resources }),
    operations: Object.fromEntries(
      pooled.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, entry]) => [name, shortest(entry)]),
    ),
  };
}

/** An operation with nothing but its actions is their text. */
function shortest(entry: Entry): string | Entry {
  return Object.keys(entry).length === 1 && typeof entry.c === "string" ? entry.c : entry;
}

function wireOf([w, q, h, o]: RestWire): Partial<Entry> {
  return { w, ...(q.length > 0 ? { q } : {}), ...(h.length > 0 ? { h } : {}), ...(o.length > 0 ? { o } : {}) };
}

/** Resources that several checks name stand once. */
function pool(entries: readonly [string, Entry][]): {
  readonly resources: readonly unknown[];
  readonly pooled: [string, Entry][];
} {
  const counts = new Map<string, number>();
  const each = (entry: Entry, visit: (resource: unknown) => unknown): Entry =>
    typeof entry.c === "string"
      ? entry
      : {
          ...entry,
          c: entry.c.map((check) => {
            if (!Array.isArray(check)) return check;
            const [action, resources, ...more] = check as [string, unknown, ...unknown[]];
            return [action, Array.isArray(resources) ? resources.map(visit) : visit(resources), ...more];
          }),
        };
  for (const [, entry] of entries) {
    each(entry, (resource) => {
      const text = JSON.stringify(resource);
      counts.set(text, (counts.get(text) ?? 0) + 1);
      return resource;
    });
  }
  const shared = [...counts]
    .filter(([text, count]) => count > 1 && text.length > 12)
    .map(([text]) => text)
    .sort();
  const numbers = new Map(shared.map((text, number) => [text, number]));
  const pooled = entries.map(([name, entry]): [string, Entry] => [
    name,
    each(entry, (resource) => numbers.get(JSON.stringify(resource)) ?? resource),
  ]);
  return { resources: shared.map((text) => JSON.parse(text) as unknown), pooled };
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
    const { w: wires = [], q: query = [], h: headers = [] } = entry;
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

function restEntry(
  { name: service, model, wires: newer }: Service,
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
  const name = sdkName(operation);
  const wires = [`${method} ${uri}`, ...(newer?.[name] ?? []), ...(overrides?.wire?.[name] ?? [])];
  return [wires, query.sort(), headers.sort(), service === "s3" ? optional.sort() : []];
}
