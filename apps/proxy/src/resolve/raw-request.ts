import type { AwsRequest } from "@iap/aws-core";
import { UsageError } from "../usage-error.ts";

/**
 * A request as bytes of HTTP/1.1: request line, headers, an empty line, the body, which ends where Content-Length says (an editor may have
 * added a line). Throws `UsageError` for what is none.
 */
export function readRawRequest(bytes: Buffer): AwsRequest {
  const text = bytes.toString("latin1");
  const separator = /\r?\n\r?\n/.exec(text);
  const head = separator === null ? text.replace(/\r?\n$/, "") : text.slice(0, separator.index);
  const body = separator === null ? Buffer.alloc(0) : bytes.subarray(separator.index + separator[0].length);
  const [line = "", ...lines] = head.split(/\r?\n/);
  const [, method, given] = /^([A-Z]+) (\S+)(?: HTTP\/[0-9.]+)?$/.exec(line.trim()) ?? [];
  if (method === undefined || given === undefined) {
    throw new UsageError(
      `a raw request begins with its method and target (GET /bucket HTTP/1.1), not ${JSON.stringify(line.slice(0, 80))}`,
    );
  }
  const headers = lines.map((one): readonly [string, string] => {
    const colon = one.indexOf(":");
    if (colon <= 0) throw new UsageError(`${JSON.stringify(one.slice(0, 80))} is not a header (Name: value)`);
    return [one.slice(0, colon).trim(), one.slice(colon + 1).trim()];
  });
  const [, authority, target = given] = /^https?:\/\/([^/?#]+)(.*)$/s.exec(given) ?? [];
  const host = authority ?? headers.find(([name]) => /^(?:host|:authority)$/i.test(name))?.[1];
  if (host === undefined) throw new UsageError("the request has no Host header");
  return {
    httpVersion: "1.1",
    method,
    target: target.startsWith("/") ? target : `/${target}`,
    headers: headers.filter(([name]) => !name.startsWith(":")),
    host: host.toLowerCase().replace(/:443$/, ""),
    body: body.subarray(0, lengthOf(headers) ?? body.length),
  };
}

function lengthOf(headers: readonly (readonly [string, string])[]): number | undefined {
  const value = headers.find(([name]) => name.toLowerCase() === "content-length")?.[1];
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
}
