import { type AwsRequest, headerValues, type RequestHead } from "@iap/aws-core";
import { gunzip } from "./gunzip.ts";

/** The form a query request carries; `compressed` when it came as gzip. */
export interface FormBody {
  readonly bytes: Uint8Array;
  readonly compressed: boolean;
}

/**
 * The form body of a request to a query service: undefined when there is none, a string when it cannot be read in one
 * way only. At a host that also has other protocols (`shared`), a body of another content type is theirs.
 */
export function formBody(request: AwsRequest, shared: boolean): FormBody | string | undefined {
  const { headers, body, method } = request;
  const types = headerValues(headers, "content-type");
  const isForm = types.every(isFormType);
  if (types.length > 1) return "Content-Type is there more than once";
  if (!isForm && shared) return undefined;
  if (isBodiless(method)) {
    return body !== undefined && body.length > 0 ? `a ${method} request carries a body` : undefined;
  }
  if (body === undefined) return "the body was not read, and may name the operation";
  if (body.length === 0) return undefined;
  if (!isForm) return "the body of a query request is not a form";
  if (hasOtherCharset(types[0] ?? "")) return "the form is not UTF-8";
  const encodings = headerValues(headers, "content-encoding");
  if (encodings.length === 0) return { bytes: body, compressed: false };
  if (encodings.length > 1 || encodings[0]?.trim().toLowerCase() !== "gzip") {
    return "the body of a query request has a Content-Encoding that is not gzip";
  }
  const bytes = gunzip(body);
  return bytes === undefined ? notGzip : { bytes, compressed: true };
}

export const notGzip = "the gzip body is not one member that can be read, or grows past 32 MiB";

/** Whether `formBody` would look at the body of this request. */
export function mayCarryForm({ method, headers }: RequestHead, shared: boolean): boolean {
  return !isBodiless(method) && (!shared || headerValues(headers, "content-type").every(isFormType));
}

/** GET and HEAD carry `Action` in the URL. */
function isBodiless(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/** Whether a content type names a character set other than UTF-8, or than what all of it is alike in. */
export function hasOtherCharset(contentType: string): boolean {
  return /charset\s*=\s*"?(?!utf-?8\b|us-ascii\b)/i.test(contentType);
}

export function isFormType(contentType: string): boolean {
  return /^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(contentType.trim());
}
