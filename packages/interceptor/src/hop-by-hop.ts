import { type Headers, headerValues, withoutHeaders } from "@iap/aws-core";

/** The headers that belong to one connection, not to the message (RFC 9110 section 7.6.1). */
const connectionHeaders = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** What says where a message ends cannot be dropped by naming it in Connection. */
const framing = new Set(["content-length", "trailer", "date", ""]);

/**
 * A request's headers as they go upstream. Headers that Connection names stay: they may be signed and decided upon, and
 * what is forwarded is what was decided.
 */
export function endToEndRequestHeaders(headers: Headers): Headers {
  return withoutHeaders(headers, (name) => connectionHeaders.has(name));
}

/**
 * A request's trailers as they go upstream: none that would mean something in its head (RFC 9110 section 6.5.1). They are
 * neither signed nor decided upon, and a server may put them with the headers.
 */
export function requestTrailers(trailers: Headers): Headers {
  return withoutHeaders(trailers, (name) => connectionHeaders.has(name) || ofHeads.test(name));
}

/** What frames, routes, authenticates or changes a request, or says what its body is; and all of AWS's own. */
const ofHeads =
  /^(?:x-amz|content-|if-|x-http-method|x-forwarded-)|^(?:host|authorization|cookie|trailer|expect|range|cache-control|max-forwards|date|smithy-protocol)$/;

/** A response's headers as they go to the client: those that Connection names are dropped too. */
export function endToEndResponseHeaders(headers: Headers): Headers {
  const connection = headerValues(headers, "connection");
  if (connection.length === 0) return withoutHeaders(headers, (name) => connectionHeaders.has(name));
  const named = connection
    .flatMap((value) => value.toLowerCase().split(","))
    .map((name) => name.trim())
    .filter((name) => !framing.has(name));
  return withoutHeaders(headers, (name) => connectionHeaders.has(name) || named.includes(name));
}
