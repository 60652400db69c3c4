import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createResolver, type Shard } from "@iap/action-resolver";
import {
  AwsError,
  type CredentialScope,
  checkEndpoint,
  type Endpoint,
  type Headers,
  headerValues,
  parseEndpoint,
  type ResolvedCall,
} from "@iap/aws-core";
import type { Answer } from "./verbs.ts";

const resolver = createResolver({
  async load(shard) {
    const file = fileURLToPath(import.meta.resolve(`@iap/action-resolver/data/${shard}.json`));
    return JSON.parse(await readFile(file, "utf8")) as Shard;
  },
});

/**
 * `{ id, request: { method, url, headers, bodyB64 }, account? }` to the operation and its checks. The scope is the Authorization header's or the
 * query's; the signature is not checked. An unsigned request has the scope that its host would take.
 */
export const resolve: Answer = async ({ id, request, account }) => {
  const { method, url, headers, body } = readRequest(request);
  if (account !== undefined && account !== null && (typeof account !== "string" || !/^\d{12}$/.test(account)))
    throw new Error("account is not twelve digits");
  const [, authority = "", rest = ""] = /^https?:\/\/([^/?#]+)([^#]*)/s.exec(url) ?? [];
  const host = authority.toLowerCase().replace(/:443$/, "");
  const target = rest.startsWith("/") ? rest : `/${rest}`;
  const endpoint = parseEndpoint(host);
  const scope = readScope(headers, target);
  if (typeof scope === "string")
    return verdict(id, { service: "", operations: [], marker: "ambiguous", why: scope, checks: [] });
  if (endpoint === undefined) {
    const why = `${host} is not a host of AWS that is known`;
    return verdict(id, { service: scope?.service ?? "", operations: [], marker: "unknown", why, checks: [] });
  }
  const taken = scope ?? scopeOf(endpoint);
  const why = disagreement(endpoint, taken, headers, host);
  if (why !== undefined)
    return verdict(id, { service: taken.service, operations: [], marker: "ambiguous", why, checks: [] });
  await resolver.load(taken.service);
  const call = resolver.resolve(
    { request: { httpVersion: "1.1", method, target, headers, host, body }, scope: taken, endpoint },
    { account: account ?? undefined },
  );
  return verdict(id, call);
};

type Verdict = Pick<ResolvedCall, "service" | "operations" | "operationIds" | "marker" | "why" | "checks">;

function verdict(id: unknown, { service, operations, operationIds = operations, marker, why, checks }: Verdict) {
  return {
    id: id ?? null,
    service,
    operations: operationIds,
    ...(marker === undefined ? {} : { marker }),
    ...(why === undefined ? {} : { why }),
    checks: checks.map(({ action, resource, context, authoritative }) => ({
      action,
      resource,
      context,
      authoritative,
    })),
  };
}

interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

function readRequest(value: unknown): Request {
  const { method, url, headers = [], bodyB64 = "" } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof method !== "string" || method === "") throw new Error("request.method is not text");
  if (typeof url !== "string" || !/^https?:\/\/[^/?#]/.test(url)) throw new Error("request.url is not an http URL");
  if (!Array.isArray(headers) || !headers.every(isHeader))
    throw new Error("request.headers is not a list of [name, value]");
  if (bodyB64 !== null && typeof bodyB64 !== "string") throw new Error("request.bodyB64 is not text");
  const lines = headers.map(([name, text]) => [name, onWire(text)] as const);
  return { method, url: onWire(url), headers: lines, body: Buffer.from(bodyB64 ?? "", "base64") };
}

/** Text as its bytes stand on the wire, one char each: JSON may hold the characters themselves. */
function onWire(text: string): string {
  return /^[\0-\xff]*$/.test(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

function isHeader(value: unknown): value is readonly [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === "string");
}

/** The scope a request was signed for: undefined when it is not signed with SigV4, a string when it is signed twice. */
function readScope(headers: Headers, target: string): CredentialScope | string | undefined {
  const authorizations = headerValues(headers, "authorization");
  if (authorizations.length > 1) return "Authorization is there more than once";
  const inHeader = /^AWS4-[A-Z0-9-]+ .*\bCredential=([^,\s]+)/s.exec(authorizations[0] ?? "")?.[1];
  const inQuery = [...target.matchAll(/[?&]X-Amz-Credential=([^&]+)/g)].map(([, text = ""]) => text);
  if (inQuery.length > 1 || (inHeader !== undefined && inQuery.length > 0))
    return "the request is signed in more than one place";
  const credential = inHeader ?? (inQuery[0] === undefined ? undefined : decoded(inQuery[0]));
  if (credential === undefined) return undefined;
  const [, date, region, service] = /\/(\d{8})(?:\/([^/]*))?\/([^/]+)\/aws4_request$/.exec(credential) ?? [];
  if (date === undefined || service === undefined) return "the credential has no scope";
  return { date, region: region ?? "", service };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function scopeOf(endpoint: Endpoint): CredentialScope {
  return {
    date: "20260101",
    region: endpoint.region ?? "us-east-1",
    service: endpoint.signingNames[0] ?? endpoint.endpointPrefix,
  };
}

function disagreement(endpoint: Endpoint, scope: CredentialScope, headers: Headers, host: string): string | undefined {
  const named = headerValues(headers, "host").map((value) => value.trim().toLowerCase().replace(/:443$/, ""));
  if (named.some((name) => name !== host)) return `the Host header names ${named.join(", ")}, and the URL ${host}`;
  try {
    checkEndpoint(endpoint, scope, { allowed: () => true });
    return undefined;
  } catch (error) {
    if (error instanceof AwsError) return error.message;
    throw error;
  }
}
