import { type AwsRequest, headerValue, headerValues, type Protocol } from "@iap/aws-core";
import { formBody, isFormType } from "./form-body.ts";
import { selectQuery } from "./form-selector.ts";
import { isShared, type Model } from "./model.ts";
import type { Operation } from "./operation.ts";
import { otherSelector } from "./other-selector.ts";
import { decodePercent } from "./percent.ts";
import { printable } from "./printable.ts";
import { type QueryString, queryValues } from "./query-string.ts";
import { matchRest } from "./rest-trie.ts";

/** The one way to read the request: the operations it then is, or why it has none. */
export interface Reading {
  readonly protocol: Protocol;
  readonly found: readonly Operation[];
  /** Operations that the request names, but not in a form that makes it one of them. */
  readonly claimed?: readonly Operation[];
  readonly why?: string;
}

/**
 * How the services at this host read the request; a string when they can in more than one way. Two protocols that name the same operation are
 * two ways, for each has its members elsewhere.
 */
export function readRequest(
  models: readonly Model[],
  request: AwsRequest,
  path: string,
  query: QueryString,
): Reading | string {
  const { headers } = request;
  const readings: Reading[] = [];

  const rpc = /^\/service\/([^/]+)\/operation\/([^/]+)$/.exec(path);
  const smithy = headerValues(headers, "smithy-protocol");
  const cbor = models.filter(({ shard }) => shard.protocols.includes("rpcV2Cbor"));
  if (cbor.length > 0 && (rpc !== null || smithy.length > 0)) {
    if (rpc === null || smithy.length !== 1 || smithy[0] !== "rpc-v2-cbor") {
      return "an rpc-v2-cbor request needs both its path and one smithy-protocol header";
    }
    readings.push(named("rpcV2Cbor", cbor, rpc[1] as string, rpc[2] as string));
  }

  const targets = headerValues(headers, "x-amz-target");
  const json = models.filter((model) => model.json !== undefined);
  if (json.length > 0 && targets.length > 0) {
    const [target = ""] = targets;
    if (targets.length > 1) return "X-Amz-Target is there more than once";
    const dot = target.lastIndexOf(".");
    const protocol = json[0]?.json as Protocol;
    readings.push(named(protocol, json, target.slice(0, Math.max(dot, 0)), target.slice(dot + 1)));
  }

  const queries = models.filter((model) => model.queries);
  if (queries.length > 0) {
    const form = formBody(request, isShared(models));
    if (typeof form === "string") return form;
    const selected = selectQuery(query, form?.bytes);
    if (typeof selected === "string") return selected;
    if (selected !== undefined) {
      if (!headerValues(headers, "content-type").every(isFormType)) return "the body of a query request is not a form";
      const named = queries.flatMap(({ shard, operation: read }) => {
        const operation = read(selected.action);
        return operation === undefined ? [] : [{ operation, versions: shard.versions ?? [] }];
      });
      const found = named
        .filter(({ versions }) => selected.version !== undefined && versions.includes(selected.version))
        .map(({ operation }) => operation);
      const ec2 = queries.some(({ shard }) => shard.protocols.includes("ec2Query"));
      if (form?.compressed && found.some(({ name }) => name !== "PutMetricData")) {
        return "the body is compressed, which the service takes for no such operation";
      }
      readings.push({
        protocol: ec2 ? "ec2Query" : "awsQuery",
        found,
        // The name stays with a call of another version, for guards that go by name.
        claimed: named.map(({ operation }) => operation),
        why: `no operation ${printable(selected.action)} in version ${printable(selected.version ?? "(none)")}`,
      });
    }
  }

  const hasHeader = (name: string): boolean => headerValue(headers, name) !== undefined;
  const rest: Operation[] = [];
  let restProtocol: Protocol | undefined;
  for (const { shard, trie, operation: read } of models) {
    if (trie === undefined) continue;
    const matched = matchRest(trie, { method: request.method, path, query, hasHeader });
    if (typeof matched === "string") return matched;
    for (const name of matched) {
      restProtocol ??= shard.protocols.find((protocol) => protocol === "restJson1" || protocol === "restXml");
      // `as`: the trie is made of the shard's operations.
      rest.push(read(name) as Operation);
    }
  }
  if (rest.length > 0) readings.push({ protocol: restProtocol as Protocol, found: rest });
  const [reading, ...more] = readings;
  if (reading === undefined) {
    const protocol = models[0]?.shard.protocols[0] ?? "restJson1";
    return { protocol, found: [], why: `no operation of the service is ${request.method} ${printable(path)}` };
  }
  if (more.length > 0) return "the request names an operation in more than one protocol";
  // What is sent as a form may be read as one: the JSON protocols have content types of their own.
  const isForm = headerValues(headers, "content-type").some(isFormType);
  if (isForm && reading.protocol.startsWith("awsJson")) return "the body of an X-Amz-Target request is a form";
  const other = [
    ...(json.length === 0 ? targets.map((target) => target.slice(target.lastIndexOf(".") + 1)) : []),
    ...(queries.length === 0 ? queryValues(query, "Action") : []),
    ...(cbor.length === 0 && rpc !== null ? [rpc[2] as string] : []),
  ];
  return otherSelector(other, (name) => models.some(({ operation: read }) => read(name) !== undefined)) ?? reading;
}

/** The operation that a service name and an operation name select, exact on both. */
function named(protocol: Protocol, models: readonly Model[], service: string, operation: string): Reading {
  const name = decodePercent(operation) === operation ? operation : "";
  const found = models
    .filter(({ shard }) => shard.target === service)
    .map((model) => model.operation(name))
    .filter((read) => read !== undefined);
  return { protocol, found, why: `no operation ${printable(`${service}.${operation}`)}` };
}
