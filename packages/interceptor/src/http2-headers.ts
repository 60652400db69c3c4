import { type OutgoingHttpHeaders, sensitiveHeaders } from "node:http2";
import {
  type HeaderLine,
  type Headers,
  headersFromRaw,
  headerValue,
  headerValues,
  type RequestHead,
} from "@iap/aws-core";
import { formatAuthority, parseAuthority } from "./authority.ts";
import { endToEndRequestHeaders } from "./hop-by-hop.ts";
import { expectationFault, type RequestFault, targetFault } from "./request-fault.ts";

/** The head of an HTTP/2 request, and the one pseudo-header that a head has no place for. */
export interface Http2RequestHead {
  readonly head: RequestHead;
  readonly scheme: string | undefined;
}

/**
 * A request head from its field lines as they came. `:authority` stays among the headers, for it may be signed; the other
 * pseudo-headers are the head's own. Pieces of a cookie are put together, as outside of HTTP/2 (RFC 9113 section 8.2.3).
 */
export function http2RequestHead(raw: readonly string[], host: string): Http2RequestHead {
  const lines: HeaderLine[] = [];
  const pseudo = new Map<string, string>();
  let cookieAt = -1;
  for (const line of headersFromRaw(raw)) {
    const [name, value] = line;
    if (name.startsWith(":") && name !== ":authority") pseudo.set(name, value);
    else if (name === "cookie" && cookieAt >= 0) lines[cookieAt] = [name, `${lines[cookieAt]?.[1]}; ${value}`];
    else {
      if (name === "cookie") cookieAt = lines.length;
      lines.push(line);
    }
  }
  const head: RequestHead = {
    httpVersion: "2",
    method: pseudo.get(":method") ?? "",
    target: pseudo.get(":path") ?? "",
    headers: lines,
    host,
  };
  return { head, scheme: pseudo.get(":scheme") };
}

/** Why an HTTP/2 request is not even looked at. What makes it malformed (RFC 9113 section 8.1.1), Node has refused before. */
export function http2RequestFault({ head, scheme }: Http2RequestHead): RequestFault | undefined {
  const { method, target, headers, host } = head;
  if (method === "CONNECT") return { status: 405, reason: "CONNECT is not spoken inside a tunnel" };
  if (scheme !== "https") return { status: 400, reason: `the scheme must be https, not ${scheme}` };
  const unfit = targetFault(target);
  if (unfit !== undefined) return unfit;
  const expectation = expectationFault(headers);
  if (expectation !== undefined) return expectation;
  const seen = new Set<string>();
  for (const [name] of headers) {
    if (seen.has(name) && singleValued.has(name)) return { status: 400, reason: `${name} is given more than once` };
    seen.add(name);
  }
  const named = [...headerValues(headers, ":authority"), ...headerValues(headers, "host")];
  if (named.length === 0) return { status: 400, reason: "a request needs :authority" };
  if (named.some((name) => name !== named[0]))
    return { status: 400, reason: `:authority and host differ: ${named.join(", ")}` };
  const authority = parseAuthority(named[0] as string, 443);
  if (authority === undefined || formatAuthority(authority) !== host)
    return { status: 421, reason: `:authority names ${named[0]}, and this connection is for ${host}` };
  return undefined;
}

/** A signed head's headers as an HTTP/2 request has them. */
export function http2Headers(head: RequestHead, headers: Headers): OutgoingHttpHeaders {
  const rest = headers.filter(([name]) => name !== ":authority" && name.toLowerCase() !== "host");
  return {
    ":method": head.method,
    ":scheme": "https",
    ":authority": authorityOf(head, headers),
    ":path": head.target,
    ...outgoingHeaders(endToEndRequestHeaders(rest)),
    // Not to be kept in compression tables (RFC 7541 section 7.1.3).
    [sensitiveHeaders]: ["authorization", "x-amz-security-token"],
  } as OutgoingHttpHeaders;
}

/** The same for an upstream that speaks HTTP/1.1 only. */
export function http1Headers(head: RequestHead, headers: Headers): Headers {
  const rest = headers.filter(([name]) => name !== ":authority" && name.toLowerCase() !== "host");
  return [["Host", authorityOf(head, headers)], ...rest];
}

function authorityOf({ host }: RequestHead, headers: Headers): string {
  return headerValue(headers, ":authority") ?? headerValue(headers, "host") ?? host;
}

/** Lines as Node's HTTP/2 takes them: lower-case, the values of one name together, in order. */
export function outgoingHeaders(headers: Headers): OutgoingHttpHeaders {
  const outgoing = Object.create(null) as Record<string, string | string[]>;
  for (const [key, value] of headers) {
    const name = key.toLowerCase();
    const before = outgoing[name];
    if (before === undefined) outgoing[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else outgoing[name] = [before, value];
  }
  return outgoing;
}

/** Field lines of Node's raw array, without pseudo-headers. */
export function fieldLines(raw: readonly string[]): Headers {
  return headersFromRaw(raw).filter(([name]) => !name.startsWith(":"));
}

/** Names that Node sends once only; given twice, a request has two meanings. */
const singleValued: ReadonlySet<string> = new Set([
  ":authority",
  "authorization",
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-md5",
  "content-range",
  "content-type",
  "date",
  "dnt",
  "etag",
  "expires",
  "from",
  "host",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "last-modified",
  "location",
  "max-forwards",
  "proxy-authorization",
  "range",
  "referer",
  "retry-after",
  "tk",
  "upgrade-insecure-requests",
  "user-agent",
  "x-content-type-options",
  "access-control-allow-credentials",
  "access-control-max-age",
  "access-control-request-method",
  "age",
]);
