import {
  type Check,
  type Context,
  type ContextValue,
  headerValue,
  headerValues,
  type Protocol,
  type ResolvedCall,
  type ScopedRequest,
  splitTarget,
} from "@iap/aws-core";
import { returnedCredentials } from "./credential-operations.ts";
import { type MemberMap, TwoReadings } from "./member-value.ts";
import { readMembers } from "./members.ts";
import { type Model, s3Model } from "./model.ts";
import type { Operation } from "./operation.ts";
import { eachOnce, type OperationCheck, operationChecks } from "./operation-checks.ts";
import { printable } from "./printable.ts";
import { type QueryString, queryValues, readQueryString } from "./query-string.ts";
import { readRequest } from "./readings.ts";
import { resolveS3 } from "./s3-request.ts";
import type { CallFacts } from "./scope.ts";
import { isCustomersOwn, resolveUserContent } from "./user-content.ts";

/** The operation and checks of a request, by the models that its scope and its host leave. */
export function resolveCall(
  models: readonly Model[],
  scoped: ScopedRequest,
  account: string | undefined,
): ResolvedCall {
  const { request, scope, endpoint } = scoped;
  const region = endpoint.region ?? scope.region;
  const { context, authoritative } = globalContext(scoped);
  const first = models[0]?.shard;
  const call = {
    service: first?.prefix ?? scope.service,
    operations: [] as readonly string[],
    protocol: first?.protocols[0] ?? "restJson1",
    region,
    account: endpoint.account ?? account,
    checks: [] as readonly Check[],
  } satisfies ResolvedCall;
  const refuse = (marker: "unknown" | "ambiguous", why: string, named: readonly Operation[] = []): ResolvedCall =>
    withAnswer({ ...call, ...namesOf(named), marker, why: printable(why, 400) }, []);

  const override = methodOverride.find((name) => headerValue(request.headers, name) !== undefined);
  if (override !== undefined) return refuse("ambiguous", `the header ${override} asks for another method`);
  if (headerValues(request.headers, "x-amz-account-id").some((id) => id !== (endpoint.account ?? id)))
    return refuse("ambiguous", "x-amz-account-id names another account than the host");
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
  const complete = (check: Omit<OperationCheck, "authoritative"> & Partial<OperationCheck>): Check =>
    Object.assign({}, check, {
      context: Object.assign({}, context, check.context),
      authoritative: [...authoritative, ...(check.authoritative ?? [])],
    });

  const s3 = s3Model(models, endpoint, request);
  if (s3?.s3 !== undefined) {
    const { marker, why, operations, checks, service } = resolveS3(s3, s3.s3, scoped, { path, query, account });
    const found = operations.map((name) => s3.operation(name)).filter((one) => one !== undefined);
    if (marker !== undefined) return refuse(marker, why ?? "", found);
    const answer = { service, protocol: "restXml", checks: checks.map(complete) } as const;
    return withAnswer(Object.assign({}, call, answer, namesOf(found)), found);
  }

  const own = models.filter((model) => model.s3 === undefined);
  const reading = readRequest(own, request, path, query);
  if (typeof reading === "string") return refuse("ambiguous", reading);
  const [operation] = reading.found;
  if (operation === undefined) {
    return { ...refuse("unknown", reading.why ?? "", reading.claimed), protocol: reading.protocol };
  }
  const { operations } = namesOf(reading.found);

  const markers = new Set(reading.found.map(({ marker }) => marker));
  if (markers.has("unknown"))
    return refuse("unknown", `the actions of ${operations.join(", ")} are not known`, reading.found);
  // Services that are the same on the wire: one that needs permission is enough to need it.
  const marker = [...markers].find((one) => one !== undefined && (one !== "permissionless" || markers.size === 1));
  const found = Object.assign({}, call, namesOf(reading.found), {
    service: operation.prefix,
    protocol: reading.protocol,
  });
  let checks: readonly Check[];
  try {
    checks = eachOnce(
      reading.found.flatMap((operation) =>
        checksOf(operation, reading.protocol, scoped, { path, query, region, account: call.account }),
      ),
    ).map(complete);
  } catch (error) {
    if (!(error instanceof TwoReadings)) throw error;
    return { ...refuse("ambiguous", error.message, reading.found), service: found.service, protocol: found.protocol };
  }
  return withAnswer(Object.assign(found, { checks }, marker && { marker }), reading.found);
}

/** The checks of one of the operations a request may be. */
function checksOf(
  operation: Operation,
  protocol: Protocol,
  { request, scope, endpoint }: ScopedRequest,
  facts: {
    readonly path: string;
    readonly query: QueryString;
    readonly region: string;
    readonly account: string | undefined;
  },
): readonly OperationCheck[] {
  const { path, query, region, account } = facts;
  // An operation that nothing is sure of by signature has no members worth reading.
  const input: MemberMap = readMembers(operation, protocol, request, { path, query });
  const call: CallFacts = {
    partition: endpoint.partition,
    region,
    account,
    prefix: operation.prefix,
    signingName: scope.service,
    method: request.method,
    path,
    header: (name) => headerValue(request.headers, name),
    query: (name) => queryValues(query, name)[0],
  };
  return operationChecks(operation, { call, input, resources: operation.shard.resources ?? [] });
}

/** The keys that every request has, as the proxy sees it. TLS is all it listens to. */
function globalContext({ request, endpoint }: ScopedRequest): {
  readonly context: Context;
  readonly authoritative: readonly string[];
} {
  const context: Record<string, ContextValue> = {};
  if (endpoint.region !== undefined) context["aws:RequestedRegion"] = endpoint.region;
  context["aws:SecureTransport"] = true;
  const [agent, ...more] = headerValues(request.headers, "user-agent");
  // Of two, AWS takes one, or both.
  if (agent !== undefined && more.length === 0) context["aws:UserAgent"] = agent;
  const known = Object.keys(context);
  return { context, authoritative: agent === undefined ? [...known, "aws:UserAgent"] : known };
}

function withAnswer(call: ResolvedCall, found: readonly Operation[]): ResolvedCall {
  const credentials = returnedCredentials(call);
  const secrets = found.find(({ entry }) => entry.s !== undefined)?.entry.s;
  return Object.assign(
    call,
    credentials === undefined ? undefined : { returnsCredentials: credentials },
    secrets === undefined ? undefined : { returnsSecrets: secrets },
  );
}

const methodOverride = ["x-http-method-override", "x-http-method", "x-method-override"] as const;

function namesOf(
  found: readonly Operation[],
): Pick<ResolvedCall, "operations"> & { readonly operationIds?: readonly string[] } {
  if (found.length === 0) return { operations: [] };
  return {
    operations: [...new Set(found.map(({ name }) => name))],
    operationIds: [...new Set(found.map(({ shard, name }) => `${shard.id}.${name}`))],
  };
}
