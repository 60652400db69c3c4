import { type Headers, headerValues, type RequestHead } from "@iap/aws-core";
import { formatAuthority, parseAuthority } from "./authority.ts";

export interface RequestFault {
  readonly status: number;
  readonly reason: string;
}

/** Why a request inside a tunnel is not even looked at: it does not say plainly, once, that it is for the tunnel's host. */
export function requestFault(head: RequestHead, httpVersion: string): RequestFault | undefined {
  if (httpVersion !== "1.1") return { status: 505, reason: `HTTP/${httpVersion} is not spoken; HTTP/1.1 is` };
  const target = targetFault(head.target);
  if (target !== undefined) return target;
  const codings = headerValues(head.headers, "transfer-encoding");
  if (codings.length > 1 || codings.some((coding) => coding.toLowerCase() !== "chunked"))
    return { status: 400, reason: `Transfer-Encoding: ${codings.join(", ")} is not understood; chunked is` };
  const expectation = expectationFault(head.headers);
  if (expectation !== undefined) return expectation;
  const hosts = headerValues(head.headers, "host");
  if (hosts.length !== 1) return { status: 400, reason: `a request needs one Host header, not ${hosts.length}` };
  if (hosts[0] === head.host) return undefined;
  const named = parseAuthority(hosts[0] as string, 443);
  if (named === undefined || formatAuthority(named) !== head.host) {
    return { status: 421, reason: `the Host header names ${hosts[0]}, and this connection is for ${head.host}` };
  }
  return undefined;
}

/**
 * A target is a path and perhaps a query (RFC 9112 section 3.2.1), in ASCII. A fragment is no part of it: who takes it for
 * one sees another path than who does not.
 */
export function targetFault(target: string): RequestFault | undefined {
  if (!target.startsWith("/")) return { status: 400, reason: "the request target must be a path" };
  if (/[^\x21-\x7e]|#/.test(target))
    return { status: 400, reason: "the request target holds a character that has to be percent-encoded in it" };
  return undefined;
}

/** An expectation that is not known must not be passed over (RFC 9110 section 10.1.1). */
export function expectationFault(headers: Headers): RequestFault | undefined {
  const expected = headerValues(headers, "expect");
  if (expected.every((expectation) => expectation.toLowerCase() === "100-continue")) return undefined;
  return { status: 417, reason: `Expect: ${expected.join(", ")} is not understood; 100-continue is` };
}
