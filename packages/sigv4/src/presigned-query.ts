import { uriDecode } from "./uri-encode.ts";

/** The parameters of a presigned URL that authenticate it, by their decoded names. */
export const AUTH_PARAMETERS: ReadonlySet<string> = new Set([
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Date",
  "X-Amz-Expires",
  "X-Amz-SignedHeaders",
  "X-Amz-Signature",
  "X-Amz-Security-Token",
  "X-Amz-Content-Sha256",
  "X-Amz-Region-Set",
  "X-Amz-S3session-Token",
]);

/** Those of a URL presigned with Signature Version 2, of which the token is one of the headers hoisted into the query. */
export const SIGNATURE_V2_PARAMETERS: ReadonlySet<string> = new Set([
  "AWSAccessKeyId",
  "Signature",
  "Expires",
  "x-amz-security-token",
]);

/** One parameter of a raw query: its decoded name, and its value as it stood. */
export interface QueryParameter {
  readonly name: string;
  readonly rawValue: string;
}

/** The parameters of a raw query, in order; empty pieces are none. */
export function queryParameters(query: string): readonly QueryParameter[] {
  const parameters: QueryParameter[] = [];
  for (const piece of query.split("&")) {
    if (piece !== "") parameters.push(queryParameter(piece));
  }
  return parameters;
}

function queryParameter(piece: string): QueryParameter {
  const equals = piece.indexOf("=");
  return equals < 0
    ? { name: uriDecode(piece), rawValue: "" }
    : { name: uriDecode(piece.slice(0, equals)), rawValue: piece.slice(equals + 1) };
}

/** The parameters by which a raw query authenticates its request: those of SigV4, of Signature Version 2, or none. */
export function queryAuthentication(query: string | undefined): ReadonlySet<string> | undefined {
  if (query === undefined || query === "") return undefined;
  // Nearly every query says so by its text; a name may also be escaped.
  if (!query.includes("X-Amz-Algorithm") && !query.includes("AWSAccessKeyId") && !query.includes("%")) return undefined;
  const parameters = queryParameters(query);
  const has = (wanted: string): boolean => parameters.some(({ name }) => name === wanted);
  if (has("X-Amz-Algorithm")) return AUTH_PARAMETERS;
  return has("AWSAccessKeyId") && has("Signature") ? SIGNATURE_V2_PARAMETERS : undefined;
}

/** A target without those parameters that authenticate it; every other byte of the query stays, in order. */
export function withoutParameters(target: string, names: ReadonlySet<string> = AUTH_PARAMETERS): string {
  const mark = target.indexOf("?");
  if (mark < 0) return target;
  const kept = target
    .slice(mark + 1)
    .split("&")
    .filter((piece) => piece === "" || !names.has(queryParameter(piece).name))
    .join("&");
  return kept === "" ? target.slice(0, mark) : `${target.slice(0, mark)}?${kept}`;
}
