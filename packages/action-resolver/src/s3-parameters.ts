import { parseEndpoint, type ScopedRequest } from "@iap/aws-core";
import type { Operation } from "./operation.ts";
import type { ParameterCall } from "./resolver.ts";

/**
 * The request that an operation of S3 would be with these parameters, as CloudTrail logs them: `bucketName`, `key`, and
 * beside them the query and the headers under their own names. Its body is empty. Undefined when the parameters do not say enough,
 * or name an access point in the place of a bucket.
 */
export function s3RequestOf({ entry }: Operation, { parameters, region }: ParameterCall): ScopedRequest | undefined {
  const [method, uri] = entry.w?.[0]?.split(" ") ?? [];
  const endpoint = parseEndpoint(`s3.${region}.${region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com"}`);
  if (method === undefined || uri === undefined || endpoint === undefined) return undefined;
  const given = (parameters ?? {}) as Readonly<Record<string, unknown>>;
  const text = (name: string): string | undefined => (typeof given[name] === "string" ? given[name] : undefined);
  const [path = "/", literals] = uri.split("?");
  const { bucketName: bucket = "", key = "" } = { bucketName: text("bucketName"), key: text("key") };
  if (path.includes("{Bucket}") && !/^[A-Za-z0-9._-]+$/.test(bucket)) return undefined;
  if (path.includes("{Key+}") && key === "") return undefined;
  const filled = path
    .replace("{Bucket}", bucket)
    .replace("{Key+}", () => encodeURIComponent(key).replaceAll("%2F", "/"));
  const query = [...(entry.q ?? []), ...(entry.o ?? [])].flatMap((name) => {
    const value = text(name);
    return value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(value)}`];
  });
  const all = [...(literals === undefined ? [] : [literals]), ...query].join("&");
  const headers = Object.keys(given).flatMap((name) => {
    const value = text(name);
    return /^x-amz-/i.test(name) && value !== undefined ? [[name.toLowerCase(), value] as const] : [];
  });
  return {
    endpoint,
    scope: { date: "20000101", region, service: "s3" },
    request: {
      ...{ httpVersion: "1.1", method, target: `${filled}${all === "" ? "" : `?${all}`}` },
      ...{ headers, host: `s3.${region}.amazonaws.com`, body: new Uint8Array() },
    },
  };
}
