import { existsSync, readFileSync } from "node:fs";
import {
  type AwsRequest,
  type Check,
  type CredentialScope,
  type Endpoint,
  headerValue,
  splitTarget,
} from "@iap/aws-core";
import { type MemberMap, type MemberValue, present, TwoReadings } from "../../src/member-value.ts";
import { type Operation, readOperation } from "../../src/operation.ts";
import { operationChecks } from "../../src/operation-checks.ts";
import { readQueryString } from "../../src/query-string.ts";
import type { Scope } from "../../src/scope.ts";
import type { Shard } from "../../src/shard.ts";
import type { Wanted } from "../../src/wanted.ts";
import { resolver } from "../support.ts";

/** The parameters a request was made from, as readers would give them: only what is wanted. */
function fromParameters(value: unknown, wanted: Wanted): MemberValue | undefined {
  if (value === null || value === undefined) return undefined;
  const { fields, each, values, keys } = wanted;
  if (fields.size === 0 && each === undefined && values === undefined && !keys) {
    if (Array.isArray(value)) return value.length === 0 ? [] : present;
    return typeof value === "object" ? present : (value as string | number | boolean);
  }
  if (each !== undefined) return (value as readonly unknown[]).flatMap((one) => fromParameters(one, each) ?? []);
  const entries = Object.entries(value as object);
  if (values !== undefined || keys) {
    return new Map(entries.map(([key, one]) => [key, (values && fromParameters(one, values)) ?? present]));
  }
  return new Map(
    entries.flatMap(([key, one]) => {
      const inner = fields.get(key);
      const read = inner && fromParameters(one, inner);
      return read === undefined ? [] : [[key, read] as const];
    }),
  );
}

/** A request an SDK made, and what it was asked to make. */
export interface Made {
  /** In botocore's words. */
  readonly service: string;
  readonly operation: string;
  readonly request: AwsRequest;
  readonly scope: CredentialScope;
  readonly endpoint: Endpoint;
  readonly parameters: unknown;
}

/**
 * The checks resolved from the bytes against those of the tables filled with the parameters: empty when they agree, undefined when the operation's
 * checks look at no members.
 */
export function compare({ service, operation, request, scope, endpoint, parameters }: Made): string | undefined {
  const shard = shardOf(service);
  const read = shard && readOperation(shard, operation);
  if (shard === undefined || read === undefined || read.marker !== undefined || read.wanted.fields.size === 0)
    return undefined;
  const isForm = shard.protocols[0] === "awsQuery" || shard.protocols[0] === "ec2Query";
  const { path, query } = splitTarget(request.target);
  const queries = readQueryString(query) ?? [];
  const call = resolver.resolve({ request, scope, endpoint }, { account: "123456789012" });
  const expected = expectedChecks(read, {
    input: (fromParameters(isForm ? withoutEmpty(parameters) : parameters, read.wanted) as MemberMap) ?? new Map(),
    resources: shard.resources ?? [],
    call: {
      partition: endpoint.partition,
      region: endpoint.region ?? scope.region,
      account: endpoint.account ?? "123456789012",
      signingName: scope.service,
      prefix: read.prefix,
      method: request.method,
      path,
      header: (name) => headerValue(request.headers, name),
      query: (name) => queries.find(([key]) => key === name)?.[1],
    },
  });
  if (expected === undefined)
    return call.marker === "ambiguous" ? "" : "is resolved, though its parameters have two readings";
  const given = new Set(call.checks.map(textOf));
  const wanted = expected.map(textOf);
  const missing = wanted.filter((one) => !given.has(one));
  // Operations that are the same on the wire unite their checks.
  const extra = call.operationIds?.length === 1 ? [...given].filter((one) => !wanted.includes(one)) : [];
  if (missing.length + extra.length === 0) return "";
  return `${call.why ?? ""} missing ${missing[0]?.slice(0, 300)}, extra ${extra[0]?.slice(0, 300)}`;
}

/** Structures without members leave no trace in a form. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty).filter((one) => one !== undefined);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value)
    .map(([key, one]) => [key, withoutEmpty(one)] as const)
    .filter(([, one]) => one !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function expectedChecks(operation: Operation, scope: Scope): ReturnType<typeof operationChecks> | undefined {
  try {
    return operationChecks(operation, scope);
  } catch (error) {
    if (error instanceof TwoReadings) return undefined;
    throw error;
  }
}

function textOf({ action, resource, context }: Pick<Check, "action" | "resource" | "context">): string {
  const own = Object.entries(context).filter(([key]) => !globalKeys.has(key));
  return JSON.stringify([action, resource, own.map(([key, value]) => [key, String(value)]).sort()]);
}

const globalKeys = new Set(["aws:RequestedRegion", "aws:SecureTransport", "aws:UserAgent"]);

const shards = new Map<string, Shard | undefined>();
function shardOf(service: string): Shard | undefined {
  const file = new URL(`../../data/${service}.json`, import.meta.url);
  if (!shards.has(service))
    shards.set(service, existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Shard) : undefined);
  return shards.get(service);
}
