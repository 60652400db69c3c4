import {
  type Check,
  type Context,
  headerValue,
  type ResolvedCall,
  type ScopedRequest,
  splitTarget,
} from "@iap/aws-core";
import { type Model, s3Model } from "./model.ts";
import { printable } from "./printable.ts";
import { readQueryString } from "./query-string.ts";
import { type Reading, readRequest } from "./readings.ts";
import { resolveS3 } from "./s3-request.ts";
import type { Operation, RequiredAction } from "./shard.ts";
import { isCustomersOwn, resolveUserContent } from "./user-content.ts";

/** The operation and checks of a request, by the models that its scope and its host leave. */
export function resolveCall(
  models: readonly Model[],
  scoped: ScopedRequest,
  account: string | undefined,
): ResolvedCall {
  const { request, scope, endpoint } = scoped;
  const region = endpoint.region ?? scope.region;
  const context: Context = endpoint.region === undefined ? {} : { "aws:RequestedRegion": endpoint.region };
  const authoritative = Object.keys(context);
  const first = models[0]?.shard;
  const call = {
    service: first?.prefix ?? scope.service,
    operations: [] as readonly string[],
    protocol: first?.protocols[0] ?? "restJson1",
    region,
    account: endpoint.account ?? account,
    checks: [] as readonly Check[],
  } satisfies ResolvedCall;
  const refuse = (marker: "unknown" | "ambiguous", why: string, operations: readonly string[] = []): ResolvedCall => ({
    ...call,
    operations,
    marker,
    why: printable(why, 400),
  });

  const override = methodOverride.find((name) => headerValue(request.headers, name) !== undefined);
  if (override !== undefined) return refuse("ambiguous", `the header ${override} asks for another method`);
  const { path, query: rawQuery } = splitTarget(request.target);
  if (isCustomersOwn(endpoint)) {
    const found = resolveUserContent(scoped, path, call.account);
    if ("marker" in found) return refuse(found.marker, found.why);
    return {
      ...call,
      ...found,
      protocol: "restJson1",
      checks: found.checks.map((check) => ({ ...check, context, authoritative })),
    };
  }
  if (models.length === 0)
    return refuse("unknown", `no table of operations for the service ${printable(scope.service)}`);
  const query = readQueryString(rawQuery);
  if (query === undefined) return refuse("ambiguous", "the query string does not decode");

  const s3 = s3Model(models, endpoint, request);
  if (s3?.s3 !== undefined) {
    const { marker, why, operations, checks, service } = resolveS3(s3.s3, scoped, { path, query, account });
    if (marker !== undefined) return refuse(marker, why ?? "", operations);
    return {
      ...call,
      service,
      protocol: "restXml",
      operations,
      checks: checks.map((check) => ({ ...check, context: { ...check.context, ...context }, authoritative })),
    };
  }

  const own = models.filter((model) => model.s3 === undefined);
  const readings = readRequest(own, request, path, query);
  if (typeof readings === "string") return refuse("ambiguous", readings);
  const [reading, ...others] = readings;
  if (reading === undefined) return refuse("unknown", "nothing in the request names an operation of the service");
  const names = namesOf(reading);
  if (others.some((other) => namesOf(other) !== names)) {
    return refuse("ambiguous", "the request names one operation in one place and another in another");
  }
  const operations = [...new Set(reading.found.map(({ name }) => name))];
  if (reading.found.length === 0) {
    const claimed = [...new Set((reading.claimed ?? []).map(({ name }) => name))];
    return { ...refuse("unknown", reading.why ?? "", claimed), protocol: reading.protocol };
  }

  const markers = new Set(reading.found.map(({ marker }) => marker));
  if (markers.has("unknown"))
    return refuse("unknown", `the actions of ${operations.join(", ")} are not known`, operations);
  // Services that are the same on the wire: one that needs permission is enough to need it.
  const marker = [...markers].find((one) => one !== undefined && (one !== "permissionless" || markers.size === 1));
  return {
    ...call,
    service: reading.found[0]?.prefix ?? call.service,
    protocol: reading.protocol,
    operations,
    ...(marker === undefined ? {} : { marker }),
    checks: unite(reading.found, scope.service).map(({ name, hasResource }) => ({
      action: name,
      resource: hasResource ? anyResource : { none: true },
      context,
      authoritative,
    })),
  };
}

/** Every action that one of the operations needs, once. */
function unite(operations: readonly Operation[], signingName: string): readonly RequiredAction[] {
  const united = new Map<string, RequiredAction>();
  for (const { actions } of operations) {
    for (const action of actions) {
      const name = s3Control(action.name, signingName);
      united.set(name, { name, hasResource: action.hasResource || united.get(name)?.hasResource === true });
    }
  }
  return [...united.values()];
}

const methodOverride = ["x-http-method-override", "x-http-method", "x-method-override"] as const;
const anyResource = { pattern: "*", why: "the resources of this service are not read from the request" } as const;

function namesOf({ found }: Reading): string {
  return [...new Set(found.map(({ service, name }) => `${service}:${name}`))].sort().join(" ");
}

/** S3 Control's operations are those of Outposts or of directory buckets when signed for them. */
function s3Control(action: string, signingName: string): string {
  const other = signingName === "s3-outposts" || signingName === "s3express";
  return other && action.startsWith("s3:") ? `${signingName}:${action.slice(3)}` : action;
}
