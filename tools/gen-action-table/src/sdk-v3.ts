import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type MemberModel, type OperationModel, readJson, type Service, type ShapeModel, sdkName } from "./botocore.ts";

/** What of a schema of the SDK is used; `NormalizedSchema` of `@smithy/core/schema`. */
interface Schema {
  isStringSchema(): boolean;
  isNumericSchema(): boolean;
  isBooleanSchema(): boolean;
  isTimestampSchema(): boolean;
  isBlobSchema(): boolean;
  isListSchema(): boolean;
  isMapSchema(): boolean;
  isStructSchema(): boolean;
  isUnionSchema(): boolean;
  getName(qualified?: boolean): string | undefined;
  getSchema(): unknown;
  getKeySchema(): Schema;
  getValueSchema(): Schema;
  getMergedTraits(): Readonly<Record<string, unknown>>;
  structIterator(): Iterable<readonly [string, Schema]>;
}

export interface NewerOperations {
  readonly services: readonly Service[];
  /** `service Operation`: added, or sent otherwise than botocore's model says. */
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly clients: readonly SdkClient[];
}

/** A client of the SDK that was read. */
export interface SdkClient {
  readonly name: string;
  readonly version: string;
  /** The folder of the modules that its schemas were loaded from. */
  readonly modules: string;
}

/**
 * The services with what the AWS SDK for JavaScript v3 has beside botocore's models: its clients are published within days of a new operation. `folder`
 * holds `node_modules/@aws-sdk/client-*`; services whose client is not there stay as they are. S3 is left out: the SDK rewrites its paths.
 */
export async function withSdkV3(folder: string, services: readonly Service[]): Promise<NewerOperations> {
  const scope = join(folder, "node_modules", "@aws-sdk");
  const names = existsSync(scope)
    ? readdirSync(scope)
        .filter((name) => name.startsWith("client-"))
        .sort()
    : [];
  const byId = new Map(services.map((service) => [service.model.metadata.serviceId, service]));
  const replaced = new Map<string, Service>();
  const added: string[] = [];
  const changed: string[] = [];
  const clients: SdkClient[] = [];
  for (const name of names) {
    const directory = join(scope, name);
    const { version } = readJson(join(directory, "package.json")) as { version: string };
    clients.push({ name: `@aws-sdk/${name}`, version, modules: join(directory, "dist-cjs") });
    const require = createRequire(join(directory, "package.json"));
    const load = async (id: string): Promise<Readonly<Record<string, unknown>>> =>
      (await import(pathToFileURL(require.resolve(id)).href)) as Readonly<Record<string, unknown>>;
    const module = await load(`@aws-sdk/${name}`);
    const { NormalizedSchema } = (await load("@smithy/core/schema")) as {
      NormalizedSchema: { of(schema: unknown): Schema };
    };
    const service = byId.get(serviceId(module));
    if (service === undefined || service.name === "s3") continue;
    const operations: Record<string, OperationModel> = {};
    const shapes: Record<string, ShapeModel> = {};
    const wires: Record<string, readonly string[]> = {};
    const known = new Map(Object.values(service.model.operations).map((operation) => [sdkName(operation), operation]));
    for (const [key, command] of Object.entries(module)) {
      if (!/^[A-Z].*Command$/.test(key) || typeof command !== "function") continue;
      const operation = key.slice(0, -"Command".length);
      const schema = module[`${operation}$`] as
        | readonly [number, string, string, unknown, unknown, unknown]
        | undefined;
      if (schema?.[0] !== 9) continue;
      const traits = schema[3] as { readonly http?: readonly [string, string] } | 0;
      const [method, uri] = (traits === 0 ? undefined : traits.http) ?? ["POST", "/"];
      const model = known.get(operation);
      const isRest = service.model.metadata.protocol.startsWith("rest");
      if (model !== undefined) {
        const own = `${model.http.method} ${model.http.requestUri}`;
        if (isRest && plainWire(own) !== plainWire(`${method} ${uri}`)) {
          wires[operation] = [`${method} ${uri}`];
          changed.push(`${service.name} ${operation}`);
        }
        continue;
      }
      const shapeOf = (given: unknown): { readonly shape: string } | undefined => {
        const resolved = typeof given === "function" ? (given as () => unknown)() : given;
        return resolved === "unit" ? undefined : { shape: addShape(NormalizedSchema.of(resolved), shapes, isRest) };
      };
      const input = shapeOf(schema[4]);
      const output = shapeOf(schema[5]);
      operations[operation] = {
        name: operation,
        http: { method, requestUri: uri },
        ...(input === undefined ? {} : { input }),
        ...(output === undefined ? {} : { output }),
      };
      added.push(`${service.name} ${operation}`);
    }
    replaced.set(service.name, {
      ...service,
      wires,
      model: {
        ...service.model,
        operations: { ...service.model.operations, ...operations },
        shapes: { ...service.model.shapes, ...shapes },
      },
    });
  }
  return { services: services.map((service) => replaced.get(service.name) ?? service), added, changed, clients };
}

function serviceId(module: Readonly<Record<string, unknown>>): string {
  const Client = Object.entries(module).find(([key]) => /^[A-Z][A-Za-z0-9]*Client$/.test(key))?.[1] as
    | (new (
        options: object,
      ) => { readonly config: { readonly serviceId: string } })
    | undefined;
  if (Client === undefined) return "";
  return new Client({ region: "us-east-1", credentials: { accessKeyId: "A", secretAccessKey: "s" } }).config.serviceId;
}

/** Label names do not count, nor does the SDK's hint of the operation. */
function plainWire(wire: string): string {
  return wire
    .replace(/[?&]x-id=[A-Za-z]+/, "")
    .replace(/\{[^}+]+\}/g, "{}")
    .replace(/\{[^}]+\+\}/g, "{+}")
    .replace(/\/(?=\?|$)/, "");
}

/** Adds a schema as one of botocore's shapes; its name. */
function addShape(schema: Schema, shapes: Record<string, ShapeModel>, isRest: boolean): string {
  if (schema.isStructSchema() || schema.isUnionSchema()) {
    const name = `v3.${schema.getName(true)}`;
    if (shapes[name] !== undefined) return name;
    const members: Record<string, MemberModel> = {};
    const raw = schema.getSchema() as readonly unknown[];
    const required = typeof raw[6] === "number" ? (raw[4] as readonly string[]).slice(0, raw[6]) : [];
    let payload: string | undefined;
    // Known before its members are: it may hold itself.
    shapes[name] = { type: "structure", members, required };
    for (const [member, one] of schema.structIterator()) {
      const traits = one.getMergedTraits();
      if (traits.httpPayload !== undefined) payload = member;
      members[member] = { shape: addShape(one, shapes, isRest), ...placeOf(member, traits, isRest) };
    }
    if (payload !== undefined) shapes[name] = { ...shapes[name], type: "structure", payload };
    return name;
  }
  const sensitive = schema.getMergedTraits().sensitive !== undefined ? { sensitive: true } : {};
  if (schema.isListSchema()) {
    const value = schema.getValueSchema();
    const member = { shape: addShape(value, shapes, isRest), ...named(value.getMergedTraits().xmlName) };
    return keep(shapes, { type: "list", member, ...flattened(schema) });
  }
  if (schema.isMapSchema()) {
    const [key, value] = [schema.getKeySchema(), schema.getValueSchema()];
    return keep(shapes, {
      type: "map",
      key: { shape: addShape(key, shapes, isRest), ...named(key.getMergedTraits().xmlName) },
      value: { shape: addShape(value, shapes, isRest), ...named(value.getMergedTraits().xmlName) },
      ...flattened(schema),
    });
  }
  const type = schema.isNumericSchema()
    ? "integer"
    : schema.isBooleanSchema()
      ? "boolean"
      : schema.isTimestampSchema()
        ? "timestamp"
        : schema.isBlobSchema()
          ? "blob"
          : "string";
  return keep(shapes, { type, ...sensitive });
}

function keep(shapes: Record<string, ShapeModel>, shape: ShapeModel): string {
  const name = `v3:${JSON.stringify(shape)}`;
  shapes[name] = shape;
  return name;
}

function named(name: unknown): { readonly locationName?: string } {
  return typeof name === "string" ? { locationName: name } : {};
}

function flattened(schema: Schema): { readonly flattened?: true } {
  return schema.getMergedTraits().xmlFlattened === undefined ? {} : { flattened: true };
}

function placeOf(
  member: string,
  traits: Readonly<Record<string, unknown>>,
  isRest: boolean,
): Omit<MemberModel, "shape"> {
  const ec2 = typeof traits.ec2QueryName === "string" ? { queryName: traits.ec2QueryName } : {};
  if (isRest) {
    if (traits.httpLabel !== undefined) return { location: "uri", locationName: member };
    if (typeof traits.httpQuery === "string") return { location: "querystring", locationName: traits.httpQuery };
    if (typeof traits.httpHeader === "string") return { location: "header", locationName: traits.httpHeader };
    if (typeof traits.httpPrefixHeaders === "string")
      return { location: "headers", locationName: traits.httpPrefixHeaders };
    if (traits.httpQueryParams !== undefined) return { location: "querystring", locationName: member };
  }
  return { ...named(traits.jsonName ?? traits.xmlName), ...ec2 };
}
