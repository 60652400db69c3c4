import {
  type Check,
  type Endpoint,
  headerValue,
  headerValues,
  type RequestHead,
  type ScopedRequest,
  splitTarget,
} from "@iap/aws-core";
import { actionFacts, type Operation } from "./operation.ts";
import { otherSelector } from "./other-selector.ts";
import { decodePercent } from "./percent.ts";
import { type QueryString, readQueryString } from "./query-string.ts";
import type { ScopedHead } from "./resolver.ts";
import { readS3Body, type S3Body, s3BodyOperations } from "./s3-body.ts";
import { type S3Parameters, s3CheckParameters, s3Checks } from "./s3-checks.ts";
import { s3Context, s3ContextParameters, setsTagTwice } from "./s3-context.ts";
import { s3Target } from "./s3-target.ts";
import { entryOf, type OperationEntry, type Shard } from "./shard.ts";

/** S3's operations by what they act on and their method, with the query keys that select them. */
export interface S3Table {
  readonly shard: Shard;
  readonly leaves: ReadonlyMap<string, readonly S3Leaf[]>;
  /** Query keys that name a sub-resource: a request may hold one. */
  readonly subResources: ReadonlySet<string>;
}

interface S3Leaf {
  readonly operation: string;
  readonly literals: readonly (readonly [name: string, value: string | undefined])[];
  readonly requiredQuery: readonly string[];
  readonly requiredHeaders: readonly string[];
  readonly optionalQuery: ReadonlySet<string>;
}

export interface S3Resolution {
  readonly service: string;
  readonly operations: readonly string[];
  readonly checks: readonly (Omit<Check, "authoritative"> & { readonly authoritative?: readonly string[] })[];
  readonly marker?: "unknown" | "ambiguous";
  readonly why?: string;
}

type Level = "service" | "bucket" | "object" | "response";

export function buildS3Table(shard: Shard): S3Table {
  const leaves = new Map<string, S3Leaf[]>();
  const subResources = new Set(["uploadId"]);
  for (const operation of Object.keys(shard.operations)) {
    const entry = entryOf(shard, operation) as OperationEntry;
    const { w: wires = [], q: requiredQuery = [], h: requiredHeaders = [], o: optionalQuery = [] } = entry;
    for (const wire of wires) {
      const [method = "", uri = ""] = wire.split(" ");
      const [path = "", query] = uri.split("?");
      const level: Level =
        path === "/" ? "service" : path === "/{Bucket}" ? "bucket" : path.includes("{Key+}") ? "object" : "response";
      const literals = (query === undefined ? [] : query.split("&")).map((pair) => {
        const [name = "", value] = pair.split("=");
        return [name, value] as const;
      });
      for (const [name] of literals) if (name !== "select-type") subResources.add(name);
      const key = `${level} ${method}`;
      const list = leaves.get(key) ?? [];
      list.push({ operation, literals, requiredQuery, requiredHeaders, optionalQuery: new Set(optionalQuery) });
      leaves.set(key, list);
    }
  }
  return { shard, leaves, subResources };
}

/** Whether checks or condition keys rest on the body: DeleteObjects, and a few that set tags, locks, roles or places. */
export function s3NeedsBody(table: S3Table, { request, endpoint }: ScopedHead): boolean {
  const { path, query: raw } = splitTarget(request.target);
  const query = readQueryString(raw);
  if (query === undefined) return false;
  if (request.method === "POST") return query.some(([name]) => name === "delete");
  if (request.method !== "PUT") return false;
  const place = locate(endpoint, path);
  if (typeof place === "string") return false;
  const parameters = readParameters(request, query);
  const leaf = choose(table.leaves.get(`${place.level} PUT`) ?? [], new Map(query), parameters, endpoint);
  return leaf !== undefined && s3BodyOperations.has(leaf.operation);
}

/** The operation and checks of a request to S3's own API, in any host form. */
export function resolveS3(
  model: { readonly operation: (name: string) => Operation | undefined },
  table: S3Table,
  { request, endpoint }: ScopedRequest,
  {
    path,
    query,
    account,
  }: { readonly path: string; readonly query: QueryString; readonly account: string | undefined },
): S3Resolution {
  const refuse = (marker: "unknown" | "ambiguous", why: string, operations: readonly string[] = []): S3Resolution => ({
    service: "s3",
    operations,
    checks: [],
    marker,
    why,
  });
  const place = locate(endpoint, path);
  if (typeof place === "string") return refuse("ambiguous", place);
  const keys = new Map(query);
  if (keys.size < query.length) return refuse("ambiguous", "a query parameter is there more than once");
  const subResources = [...keys.keys()].filter((name) => table.subResources.has(name));
  if (subResources.length > 1) return refuse("ambiguous", `${subResources.join(" and ")} are two sub-resources`);

  const parameters = readParameters(request, query);
  // S3 reads them there in presigned URLs alone.
  const unread =
    headerValue(request.headers, "authorization") !== undefined &&
    [...keys.keys()].find((name) => readOnce.includes(name.toLowerCase()) && /^x-amz-/i.test(name));
  if (unread) return refuse("ambiguous", `${unread} stands in the query of a request that is signed in its header`);
  const repeated = readOnce.find((name) => isContradictory(parameters(name)));
  if (repeated !== undefined) return refuse("ambiguous", `${repeated} is there more than once`);
  if (setsTagTwice(parameters)) return refuse("ambiguous", "x-amz-tagging sets a tag more than once");
  const leaf = choose(table.leaves.get(`${place.level} ${request.method}`) ?? [], keys, parameters, endpoint);
  if (leaf === undefined)
    return refuse("unknown", `no S3 operation is ${request.method} on ${place.level}${querySuffix(subResources)}`);
  const operation = model.operation(leaf.operation) as Operation;
  const targets = headerValues(request.headers, "x-amz-target").map((name) => name.slice(name.lastIndexOf(".") + 1));
  const contradiction = otherSelector(targets, (name) => model.operation(name) !== undefined);
  if (contradiction !== undefined) return refuse("ambiguous", contradiction, [leaf.operation]);
  const hint = keys.get("x-id");
  if (hint !== undefined && hint !== leaf.operation && twins[hint] !== leaf.operation) {
    return refuse("ambiguous", `x-id says ${hint}, but the request is ${leaf.operation}`);
  }
  const stray = [...keys.keys()].find((name) => !isKnownKey(name, leaf));
  if (stray !== undefined) {
    return refuse("unknown", `${leaf.operation} has no query parameter ${stray}`, [leaf.operation]);
  }

  const target = s3Target(endpoint, place.bucket, account);
  if (typeof target === "string") return refuse("ambiguous", target);
  let body: S3Body;
  try {
    body = readS3Body(leaf.operation, request.body);
  } catch (error) {
    return refuse("ambiguous", (error as Error).message, [leaf.operation]);
  }
  const checks = s3Checks({
    operation,
    target,
    key: place.key,
    parameters,
    body: request.body,
    account,
    role: body.role,
    tagsBucket: (body.bucket?.tags.length ?? 0) > 0,
  });
  if (typeof checks === "string") return refuse("ambiguous", checks, [leaf.operation]);
  return {
    service: target.prefix,
    operations: [leaf.operation],
    checks: checks.map((check) => {
      const known =
        check.action === "iam:PassRole"
          ? { context: {}, authoritative: ["iam:PassedToService"] }
          : s3Context(check.action, leaf.operation, parameters, { request, endpoint, query, body });
      const { action, resource, context } = check;
      return {
        action,
        resource,
        context: Object.assign({}, known.context, context),
        authoritative: known.authoritative,
        ...actionFacts(action === "iam:PassRole" ? "Wr" : (table.shard.facts?.[action] ?? "")),
      };
    }),
  };
}

/** Settings that stand in the request once, as a header or in the query: which of two S3 takes is not known. */
const readOnce = [...new Set([...s3ContextParameters, ...s3CheckParameters])];

function isContradictory(values: readonly string[]): boolean {
  return values.length > 1 && new Set(values).size > 1;
}

/** Deprecated operations that are the same on the wire as the ones that took their place. */
const twins: Readonly<Record<string, string>> = {
  GetBucketLifecycle: "GetBucketLifecycleConfiguration",
  PutBucketLifecycle: "PutBucketLifecycleConfiguration",
  GetBucketNotification: "GetBucketNotificationConfiguration",
  PutBucketNotification: "PutBucketNotificationConfiguration",
};

interface Place {
  readonly level: Level;
  readonly bucket: string | undefined;
  readonly key: string | undefined;
}

/** Bucket and key from host and path; a string says why they cannot be told. S3 does not normalise paths. */
function locate({ s3 }: Endpoint, path: string): Place | string {
  if (s3 === undefined) return "the host is not S3's";
  if (!path.startsWith("/")) return "the path does not begin with a slash";
  if (path === "/WriteGetObjectResponse" && s3.style === "objectLambda" && s3.accessPoint === undefined) {
    return { level: "response", bucket: undefined, key: undefined };
  }
  const inHost = s3.bucket ?? s3.accessPoint;
  if (inHost !== undefined) return withKey(inHost, path.slice(1));
  const slash = path.indexOf("/", 1);
  const first = slash < 0 ? path.slice(1) : path.slice(1, slash);
  if (first === "")
    return slash < 0 ? { level: "service", bucket: undefined, key: undefined } : "the path has no bucket";
  const bucket = decodePercent(first);
  // Names of before 2018 may hold capitals and underscores.
  if (bucket === undefined || !/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/.test(bucket))
    return "the path does not begin with a bucket name";
  return withKey(bucket, slash < 0 ? "" : path.slice(slash + 1));
}

function withKey(bucket: string, rawKey: string): Place | string {
  if (rawKey === "") return { level: "bucket", bucket, key: undefined };
  const key = decodePercent(rawKey);
  return key === undefined ? "the key does not decode" : { level: "object", bucket, key };
}

/** `x-amz-*` settings stand in headers, or, in a presigned URL, in the query. */
function readParameters({ headers }: RequestHead, query: QueryString): S3Parameters {
  const values = new Map<string, string[]>();
  for (const lines of [headers, query]) {
    for (const [name, value] of lines) {
      const key = name.toLowerCase();
      const before = values.get(key);
      if (before === undefined) values.set(key, [value]);
      else before.push(value);
    }
  }
  return (name) => values.get(name) ?? NO_VALUES;
}

const NO_VALUES: readonly string[] = [];

function choose(
  leaves: readonly S3Leaf[],
  keys: ReadonlyMap<string, string>,
  parameters: S3Parameters,
  { s3 }: Endpoint,
): S3Leaf | undefined {
  const fits = leaves.filter(
    ({ operation, literals, requiredQuery, requiredHeaders }) =>
      // GET / lists directory buckets at their control host, and buckets everywhere else.
      (operation === "ListDirectoryBuckets") === (s3?.style === "express" && operation.endsWith("Buckets")) &&
      literals.every(([name, value]) => keys.has(name) && (value === undefined || keys.get(name) === value)) &&
      requiredQuery.every((name) => keys.has(name)) &&
      requiredHeaders.every((name) => parameters(name).length > 0),
  );
  const weight = (leaf: S3Leaf): number =>
    leaf.literals.length * 100 + leaf.requiredQuery.length * 10 + leaf.requiredHeaders.length;
  return fits.reduce<S3Leaf | undefined>(
    (best, leaf) => (best && weight(best) >= weight(leaf) ? best : leaf),
    undefined,
  );
}

/** A key that the operation does not have may select one this table lacks. `x-*` is for signing and access logs. */
function isKnownKey(name: string, { literals, requiredQuery, optionalQuery }: S3Leaf): boolean {
  return (
    /^x-/i.test(name) ||
    literals.some(([literal]) => literal === name) ||
    requiredQuery.includes(name) ||
    optionalQuery.has(name)
  );
}

function querySuffix(subResources: readonly string[]): string {
  return subResources.length === 0 ? "" : ` with ?${subResources.join("&")}`;
}
