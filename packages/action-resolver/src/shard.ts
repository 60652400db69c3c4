import type { Marker, Protocol } from "@iap/aws-core";
import type { Condition } from "./condition.ts";

/**
 * One service of the table, as `data/<name>.json` holds it: its wire forms and, per operation, what AWS authorises.
 */
export interface Shard {
  /** The service's name in botocore and the AWS CLI: `sesv2`. */
  readonly service: string;
  /** Its id in AWS's models: `SESv2`, `CloudWatch Logs`. */
  readonly id: string;
  /** Its IAM prefix: `ses`. */
  readonly prefix: string;
  readonly endpointPrefix: string;
  readonly protocols: readonly Protocol[];
  /** The API versions that a query request may name. */
  readonly versions?: readonly string[];
  /** What stands before the dot of `X-Amz-Target`, and after `/service/` in an rpc-v2-cbor path. */
  readonly target?: string;
  /** Access level and escape classes of actions that code chooses between. */
  readonly facts?: Readonly<Record<string, string>>;
  /** Resources that several checks name, by number. */
  readonly resources?: readonly OwnResource[];
  /** By operation name. A text is the operation's checks alone. */
  readonly operations: Readonly<Record<string, string | OperationEntry>>;
}

/** An operation with more to say than its actions. One-letter names keep the tables small. */
export interface OperationEntry {
  /** Checks: `[#marker;]item,item`, or a list. */
  readonly c: string | readonly CheckSpec[];
  /** `METHOD /uri?literals` of a REST operation; more than one where SDKs send other forms too. */
  readonly w?: readonly string[];
  /** Names of required query parameters and headers. */
  readonly q?: readonly string[];
  readonly h?: readonly string[];
  /** For S3: the query names the operation may have. */
  readonly o?: readonly string[];
  /** Where members stand: `u:label`, `q:name`, `h:name`; else their name in the body, by path (see `WireNames`). */
  readonly m?: Readonly<Record<string, string>>;
  /** Their names in a form, by path. */
  readonly f?: Readonly<Record<string, string>>;
  /** The member that is the whole body. */
  readonly p?: string;
  /** Condition keys of every check under the service's own prefix. */
  readonly x?: Readonly<Record<string, ContextSpec>>;
  /** The member that sets tags; `?` when there may be one that is not read. */
  readonly t?: TagSpec | "?";
  /** Why the answer holds secrets. */
  readonly s?: string;
}

/**
 * A check. Its action is `.` (of the operation's own name), a name under the service's prefix, or `prefix:name`; then `!` when the action takes no
 * resource; then `|`, the letter of the access level and letters of escape classes (see `actionFacts`).
 */
export type CheckSpec =
  | string
  | readonly [action: string, resources: ResourceSpec | readonly ResourceSpec[], more?: CheckMore]
  | HookCheck;

export interface CheckMore {
  readonly when?: Condition;
  readonly forEach?: string;
  readonly context?: Readonly<Record<string, ContextSpec>>;
  readonly authoritative?: readonly string[];
  /** The action takes `aws:RequestTag` and `aws:TagKeys`: those of the operation, or of a member of its own. */
  readonly tags?: 1 | TagSpec;
  /** The wildcard when no resource comes out. */
  readonly fallback?: string;
}

/** Code that says which checks there are. */
export interface HookCheck {
  readonly hook: string;
  readonly members: Readonly<Record<string, string>>;
  readonly when?: Condition;
  readonly forEach?: string;
  /** The actions it may give, as in a check. */
  readonly actions: readonly string[];
  readonly context?: Readonly<Record<string, ContextSpec>>;
}

/** A number of the shard's `resources`, a template, `none`, or more than that. */
export type ResourceSpec = number | OwnResource;

/** One that does not stand among the shared: every alternative. */
export type OwnResource = string | ResourceObject;

export interface ResourceObject {
  /** A member that may be an ARN; else `else`. */
  readonly arn?: string;
  readonly else?: OwnResource;
  readonly text?: string;
  /** The action takes no resource then. */
  readonly none?: true;
  readonly when?: Condition;
  readonly why?: string;
  readonly hook?: string;
  readonly members?: Readonly<Record<string, string>>;
  readonly kind?: string;
  /** AWS authorises it without the tags that the request sets: they are another resource's. */
  readonly untagged?: true;
}

export type ContextSpec =
  | string
  | readonly string[]
  | { readonly bool: string }
  | { readonly number: string }
  | { readonly map: string }
  | { readonly arn: string; readonly else?: string }
  | { readonly when?: Condition; readonly value: ContextSpec; readonly partial?: boolean }
  | { readonly absent: true }
  /** Absent, but unknown when the condition holds. */
  | { readonly unknownWhen: Condition }
  /** The first whose condition holds. */
  | { readonly choose: readonly ContextSpec[] }
  | { readonly hook: string; readonly members: Readonly<Record<string, string>> };

export function isList(spec: ContextSpec): spec is readonly string[] {
  return Array.isArray(spec);
}

/**
 * A list of structures with the names of their key and value, or a map. `type` is the member beside the list that says which type of
 * resource its tags are for.
 */
export type TagSpec =
  | { readonly list: string; readonly key: string; readonly value: string; readonly type?: string }
  | { readonly map: string };

export type ShardMarker = Exclude<Marker, "ambiguous">;

/** An operation's entry in its long form. */
export function entryOf(shard: Shard, name: string): OperationEntry | undefined {
  const entry = Object.hasOwn(shard.operations, name) ? shard.operations[name] : undefined;
  return typeof entry === "string" ? { c: entry } : entry;
}
