import type { Marker, Protocol } from "@iap/aws-core";

/**
 * One service of the table, as `data/<name>.json` holds it: its wire forms and, per operation, the actions AWS
 * authorises.
 */
export interface Shard {
  /** The service's name in botocore and the AWS CLI: `sesv2`. */
  readonly service: string;
  /** Its IAM prefix: `ses`. */
  readonly prefix: string;
  readonly endpointPrefix: string;
  readonly protocols: readonly Protocol[];
  /** The API versions that a query request may name. */
  readonly versions?: readonly string[];
  /** What stands before the dot of `X-Amz-Target`, and after `/service/` in an rpc-v2-cbor path. */
  readonly target?: string;
  /** By operation name. A string is the operation's actions; a REST operation adds where it is on the wire. */
  readonly operations: Readonly<Record<string, string | RestEntry>>;
}

/**
 * Actions, `METHOD /uri?literals` (more than one where SDKs send other forms too), required query and header names; for
 * S3 also the query names it may have.
 */
export type RestEntry = readonly [
  actions: string,
  wire: readonly string[],
  requiredQuery?: readonly string[],
  requiredHeaders?: readonly string[],
  optionalQuery?: readonly string[],
];

/** An action an operation needs. */
export interface RequiredAction {
  /** `s3:GetObject` */
  readonly name: string;
  /** False when AWS defines no resource for it: only `Resource: "*"` matches. */
  readonly hasResource: boolean;
}

/** An operation of a shard, with its action text read. */
export interface Operation {
  readonly service: string;
  readonly prefix: string;
  readonly name: string;
  readonly protocols: readonly Protocol[];
  readonly marker: Exclude<Marker, "ambiguous"> | undefined;
  readonly actions: readonly RequiredAction[];
}

/**
 * Reads an operation's action text: `[#marker;]item,item`. An item is `.` (the action of the operation's own name), a
 * name under the service's prefix, or `prefix:name`; a `!` after it says that the action takes no resource.
 */
export function readOperation(shard: Shard, name: string): Operation | undefined {
  const entry = Object.hasOwn(shard.operations, name) ? shard.operations[name] : undefined;
  if (entry === undefined) return undefined;
  const text = typeof entry === "string" ? entry : entry[0];
  const [, marker, items = ""] = /^(?:#([a-z]+);)?(.*)$/.exec(text) ?? [];
  const actions = items === "" ? [] : items.split(",").map((item) => readAction(shard.prefix, name, item));
  return {
    service: shard.service,
    prefix: shard.prefix,
    name,
    protocols: shard.protocols,
    marker: marker as Operation["marker"],
    actions,
  };
}

function readAction(prefix: string, operation: string, item: string): RequiredAction {
  const hasResource = !item.endsWith("!");
  const text = hasResource ? item : item.slice(0, -1);
  const name = text === "." ? `${prefix}:${operation}` : text.includes(":") ? text : `${prefix}:${text}`;
  return { name, hasResource };
}
