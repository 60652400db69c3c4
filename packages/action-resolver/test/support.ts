import { readFile } from "node:fs/promises";
import { type Headers, parseEndpoint, type ResolvedCall, type ScopedRequest } from "@iap/aws-core";
import { createResolver, type Resolver, type Shard } from "../src/index.ts";

/** A resolver over the committed tables. */
export const resolver: Resolver = createResolver({
  async load(shard) {
    return JSON.parse(await readFile(new URL(`../data/${shard}.json`, import.meta.url), "utf8")) as Shard;
  },
});

export interface RequestParts {
  readonly method?: string;
  readonly host: string;
  readonly target?: string;
  /** The scope's service; by default the first the host takes. */
  readonly service?: string;
  readonly region?: string;
  readonly headers?: Headers;
  readonly body?: string | Uint8Array | undefined;
  /** The body has not been read. */
  readonly streaming?: boolean;
}

export const form: Headers = [["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"]];

export function scoped({
  method = "GET",
  host,
  target = "/",
  service,
  region = "us-east-1",
  headers = [],
  body = "",
  streaming = false,
}: RequestParts): ScopedRequest {
  const endpoint = parseEndpoint(host);
  if (endpoint === undefined) throw new Error(`${host} is no endpoint`);
  return {
    endpoint,
    scope: { date: "20260101", region, service: service ?? (endpoint.signingNames[0] as string) },
    request: {
      httpVersion: "1.1",
      method,
      target,
      headers,
      host,
      body: streaming ? undefined : typeof body === "string" ? Buffer.from(body, "utf8") : body,
    },
  };
}

export async function resolve(parts: RequestParts, account?: string): Promise<ResolvedCall> {
  const request = scoped(parts);
  await resolver.load(request.scope.service);
  return resolver.resolve(request, { account });
}

/** Action and resource of each check, in short. */
export function short({ checks }: ResolvedCall): readonly (readonly [string, string])[] {
  return checks.map(({ action, resource }) => [
    action,
    "arn" in resource ? resource.arn : "pattern" in resource ? `~${resource.pattern}` : "none",
  ]);
}
