import { type CheckResource, type Endpoint, headerValues, type ScopedRequest } from "@iap/aws-core";
import { decodePercent } from "./percent.ts";

export interface UserContentCall {
  readonly service: string;
  readonly operations: readonly string[];
  readonly checks: readonly { readonly action: string; readonly resource: CheckResource }[];
}

/** Why a request to a customer's endpoint is not understood. */
export interface NotUnderstood {
  readonly marker: "unknown" | "ambiguous";
  readonly why: string;
}

/**
 * Whether a customer's own API, function or data answers at this host, rather than AWS's API. At a VPC endpoint it is
 * AWS's API that answers, but for API Gateway's.
 */
export function isCustomersOwn({ kind, vpce, endpointPrefix }: Endpoint): boolean {
  return kind === "neverSigned" || (kind === "userContent" && (vpce === undefined || endpointPrefix === "execute-api"));
}

/**
 * The checks of a request to a customer's endpoint that IAM authorises: an API of API Gateway or AppSync, a Lambda
 * function URL, a domain of OpenSearch Service, a collection of OpenSearch Serverless, a gateway of AgentCore. The body is not needed: none of
 * these services authorises by it, or what it says of that is a pattern here. `account` is that of the endpoint.
 */
export function resolveUserContent(
  { request, endpoint }: ScopedRequest,
  path: string,
  account: string | undefined,
): UserContentCall | NotUnderstood {
  const { endpointPrefix, labels, partition, region = "", host } = endpoint;
  const read: Read = {
    request,
    endpoint,
    label: labels.length === 1 ? labels[0] : undefined,
    arn: (service, resource, unsaid) => {
      const arn = `arn:${partition}:${service}:${region}:${account ?? "*"}:${resource}`;
      const why = [...(unsaid === undefined ? [] : [unsaid]), ...(account === undefined ? [noAccount] : [])];
      return why.length === 0 ? { arn } : { pattern: arn, why: why.join("; ") };
    },
    paths: pathForms(path),
  };
  const services: Readonly<Record<string, (read: Read) => UserContentCall | NotUnderstood | undefined>> = {
    "execute-api": apiGateway,
    lambda: functionUrl,
    es: searchDomain,
    aoss: searchCollection,
    appsync: appSync,
    "bedrock-agentcore": agentGateway,
  };
  const resolve =
    endpoint.kind === "userContent" && Object.hasOwn(services, endpointPrefix) ? services[endpointPrefix] : undefined;
  return (
    resolve?.(read) ?? {
      marker: "unknown",
      why: `${host} is a customer's endpoint: what a request to it does is not AWS's to say`,
    }
  );
}

interface Read {
  readonly request: ScopedRequest["request"];
  readonly endpoint: Endpoint;
  /** What stands in front of the service in the host, if it is one label. */
  readonly label: string | undefined;
  /** A resource of the endpoint's account and region: a pattern where `unsaid` tells what the request does not say. */
  readonly arn: (service: string, resource: string, unsaid?: string) => CheckResource;
  /** Every way the path may be read, as segments; undefined when they do not agree on more than that. */
  readonly paths: readonly (readonly string[])[] | undefined;
}

const noAccount = "the account of the endpoint is not known";

const pathAmbiguous: NotUnderstood = {
  marker: "ambiguous",
  why: "the path has empty or dot segments, or does not decode",
};

/**
 * `{api}/{stage}/{METHOD}/{path}` (API Gateway, "Statement reference of IAM policies for executing API"). A REST API's
 * stage is the first segment of the path; an HTTP API's `$default` stage has none there, and the host does not say
 * which of the two it is: both must be allowed. Messages to a WebSocket API's clients are their own action.
 */
function apiGateway({ request, endpoint, label, arn, paths }: Read): UserContentCall | NotUnderstood | undefined {
  // Private APIs are also called `{api}-vpce-{id}`; at the VPC endpoint itself a header says which.
  const inHost = label === undefined ? undefined : /^([a-z0-9]+)(?:-vpce-[0-9a-f]+)?$/.exec(label)?.[1];
  if (inHost === undefined && (endpoint.vpce === undefined || label !== undefined)) return undefined;
  const inHeader = headerValues(request.headers, "x-apigw-api-id");
  const [named, ...more] = inHeader;
  if (more.length > 0 || (named !== undefined && inHost !== undefined && named !== inHost)) {
    return { marker: "ambiguous", why: "x-apigw-api-id names another API than the host" };
  }
  const api = inHost ?? (named !== undefined && /^[a-z0-9]+$/.test(named) ? named : undefined);
  const unsaid = api === undefined ? "the request does not say which API it is for" : undefined;
  if (paths === undefined) return pathAmbiguous;

  const { method } = request;
  const call = (action: string, operation: string, resources: ReadonlySet<string>): UserContentCall => ({
    service: "execute-api",
    operations: [operation],
    checks: [...resources].map((rest) => ({
      action: `execute-api:${action}`,
      resource: arn("execute-api", `${api ?? "*"}/${rest}`, unsaid),
    })),
  });
  const staged = paths.filter(([stage]) => stage !== "");
  const inStages = staged.map(([stage, ...rest]) => `${stage}/${method}/${rest.join("/")}`);
  const [, decoded = []] = paths;
  const connection = Object.hasOwn(connectionOperations, method) ? connectionOperations[method] : undefined;
  if (connection !== undefined && decoded.length === 3 && decoded[1] === "@connections") {
    return call("ManageConnections", connection, new Set(inStages));
  }
  const inDefault = paths.map((segments) => `$default/${method}/${segments.join("/")}`);
  return call("Invoke", "Invoke", new Set([...inStages, ...inDefault]));
}

/** The operations of the API Gateway Management API, by method. */
const connectionOperations: Readonly<Record<string, string>> = {
  POST: "PostToConnection",
  GET: "GetConnection",
  DELETE: "DeleteConnection",
};

function functionUrl({ arn }: Read): UserContentCall {
  const resource = arn("lambda", "function:*", "a function URL does not say which function it is of");
  return one("lambda", "InvokeFunctionUrl", resource);
}

/** `domain/{name}/{path}`: policies name indices and APIs below the domain (OpenSearch Service, "Identity and Access Management"). */
function searchDomain({
  request,
  endpoint,
  label = "",
  arn,
  paths,
}: Read): UserContentCall | NotUnderstood | undefined {
  const action = Object.hasOwn(searchActions, request.method) ? searchActions[request.method] : undefined;
  if (action === undefined || endpoint.vpce !== undefined) return undefined;
  if (paths === undefined) return pathAmbiguous;
  // search-{domain}-{id} on the internet, vpc-{domain}-{id} in a VPC.
  const name = /^(?:search|vpc)-([a-z][a-z0-9-]{2,27})-[a-z0-9]{26}$/.exec(label)?.[1];
  const unsaid = name === undefined ? "the host does not name its domain in a form that is known" : undefined;
  const resources = new Set(paths.map((segments) => `domain/${name ?? "*"}/${segments.join("/")}`));
  return {
    service: "es",
    operations: [action],
    checks: [...resources].map((resource) => ({ action: `es:${action}`, resource: arn("es", resource, unsaid) })),
  };
}

const searchActions: Readonly<Record<string, string>> = {
  GET: "ESHttpGet",
  HEAD: "ESHttpHead",
  POST: "ESHttpPost",
  PUT: "ESHttpPut",
  DELETE: "ESHttpDelete",
  PATCH: "ESHttpPatch",
};

function searchCollection({ label, arn }: Read): UserContentCall | undefined {
  if (label === undefined || label === "dashboards") return undefined;
  return one("aoss", "APIAccessAll", arn("aoss", `collection/${label}`));
}

/** The id in the host is not the API's id, and fields and channels are named in the body. */
function appSync({ request, endpoint, arn, paths }: Read): UserContentCall | undefined {
  if (paths === undefined || endpoint.host.includes(".appsync-realtime-api.")) return undefined;
  const resource = arn("appsync", "apis/*", "the request does not say the API's id, and its fields are in the body");
  const is = (name: string): boolean => paths.every((segments) => segments.length === 1 && segments[0] === name);
  if (is("graphql")) return one("appsync", "GraphQL", resource);
  return is("event") && request.method === "POST" ? one("appsync", "EventPublish", resource) : undefined;
}

/** The gateway's id is the first part of its host; its tools and targets are named in the body, and not authorised by IAM. */
function agentGateway({ label, arn }: Read): UserContentCall | undefined {
  return label === undefined
    ? undefined
    : one("bedrock-agentcore", "InvokeGateway", arn("bedrock-agentcore", `gateway/${label}`));
}

function one(service: string, action: string, resource: CheckResource): UserContentCall {
  return { service, operations: [action], checks: [{ action: `${service}:${action}`, resource }] };
}

/**
 * The path as segments: raw, then decoded, each with and without a slash at its end. AWS does not say which of these a
 * policy is held against, so what is allowed must be allowed for all.
 */
function pathForms(path: string): Read["paths"] {
  const decoded = decodePercent(path);
  if (decoded === undefined || !path.startsWith("/")) return undefined;
  const forms = [path, decoded].map((form) => form.slice(1).split("/"));
  const dots = (segment: string): boolean => segment === "." || segment === "..";
  for (const form of forms) if (form.slice(0, -1).includes("") || form.some(dots)) return undefined;
  return [...forms, ...forms.filter((form) => form.length > 1 && form.at(-1) === "").map((form) => form.slice(0, -1))];
}
