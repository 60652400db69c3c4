import { createHmac } from "node:crypto";
import { headerValue, type RequestHead, splitTarget } from "@iap/aws-core";
import { queryParameters, SIGNATURE_V2_PARAMETERS } from "./presigned-query.ts";
import { trimBlanks } from "./trim-blanks.ts";
import { uriDecode } from "./uri-encode.ts";

export interface StringToSignV2Options {
  /** The bucket that the host names, if it does. */
  readonly bucket?: string | undefined;
  /** Of a presigned URL: its `Expires`, as it stands. */
  readonly expires?: string | undefined;
}

/**
 * What Signature Version 2 signs of an S3 request: method, MD5, type, date (or when the URL expires), `x-amz-*` headers,
 * and the resource with those query parameters that name a part of it. In a presigned URL headers may stand in the query.
 * See "Signing and authenticating REST requests (AWS Signature Version 2)" in the S3 user guide.
 */
export function stringToSignV2(head: RequestHead, { bucket, expires }: StringToSignV2Options): string {
  const { path, query } = splitTarget(head.target);
  const parameters = queryParameters(query ?? "");
  const value = (name: string): string => {
    const inHeader = headerValue(head.headers, name);
    if (inHeader !== undefined || expires === undefined) return unfolded(inHeader ?? "");
    return uriDecode(parameters.find((parameter) => parameter.name === name)?.rawValue ?? "");
  };

  const amz = new Map<string, string>();
  const add = (name: string, text: string): void => {
    const before = amz.get(name);
    amz.set(name, before === undefined ? text : `${before},${text}`);
  };
  for (const [key, text] of head.headers) {
    const name = key.toLowerCase();
    if (name.startsWith("x-amz-")) add(name, unfolded(text));
  }
  if (expires !== undefined) {
    for (const { name, rawValue } of parameters) {
      if (name.startsWith("x-amz-")) add(name, unfolded(uriDecode(rawValue)));
    }
  }
  const headers = [...amz].sort(([a], [b]) => (a < b ? -1 : 1));
  const amzLines = headers.map(([name, text]) => `${name}:${text}\n`).join("");
  const date = expires ?? (amz.has("x-amz-date") ? "" : value("date"));
  const prefix = bucket === undefined ? "" : `/${bucket}`;
  const resource = `${prefix}${path}${subresources(parameters)}`;
  return `${head.method}\n${value("content-md5")}\n${value("content-type")}\n${date}\n${amzLines}${resource}`;
}

function subresources(parameters: ReturnType<typeof queryParameters>): string {
  const named = parameters.filter(({ name }) => SUBRESOURCES.has(name) && !SIGNATURE_V2_PARAMETERS.has(name));
  if (named.length === 0) return "";
  const sorted = [...named].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return `?${sorted.map(({ name, rawValue }) => (rawValue === "" ? name : `${name}=${uriDecode(rawValue)}`)).join("&")}`;
}

/** A value without blanks at its ends and with each fold as one space. Unlike in SigV4, blanks inside it stay. */
function unfolded(value: string): string {
  return value
    .split(/\r?\n(?=[ \t])/)
    .map(trimBlanks)
    .join(" ");
}

/** The parameters that are part of a resource, and those that override headers of the response. */
const SUBRESOURCES: ReadonlySet<string> = new Set([
  "accelerate",
  "acl",
  "analytics",
  "cors",
  "defaultObjectAcl",
  "delete",
  "inventory",
  "lifecycle",
  "location",
  "logging",
  "metrics",
  "notification",
  "object-lock",
  "partNumber",
  "policy",
  "replication",
  "requestPayment",
  "response-cache-control",
  "response-content-disposition",
  "response-content-encoding",
  "response-content-language",
  "response-content-type",
  "response-expires",
  "restore",
  "select",
  "select-type",
  "storageClass",
  "tagging",
  "torrent",
  "uploadId",
  "uploads",
  "versionId",
  "versioning",
  "versions",
  "website",
]);

/** A Signature Version 2 of text (latin1): HMAC-SHA1, in base64. It is verified, and never made for AWS. */
export function signatureV2(secretAccessKey: string, text: string): string {
  return createHmac("sha1", Buffer.from(secretAccessKey, "utf8")).update(Buffer.from(text, "latin1")).digest("base64");
}
