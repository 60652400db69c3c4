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

/** Whether a raw query is that of a presigned URL. */
export function isPresigned(query: string | undefined): boolean {
  if (query === undefined || query === "") return false;
  return queryParameters(query).some(({ name }) => name === "X-Amz-Algorithm");
}

/** A presigned target without the parameters that authenticate it; every other byte of the query stays, in order. */
export function withoutAuthParameters(target: string): string {
  const mark = target.indexOf("?");
  if (mark < 0) return target;
  const kept = target
    .slice(mark + 1)
    .split("&")
    .filter((piece) => piece === "" || !AUTH_PARAMETERS.has(queryParameter(piece).name))
    .join("&");
  return kept === "" ? target.slice(0, mark) : `${target.slice(0, mark)}?${kept}`;
}
