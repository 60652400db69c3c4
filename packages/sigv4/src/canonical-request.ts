import { type RequestHead, splitTarget } from "@iap/aws-core";
import { canonicalHeaders } from "./canonical-headers.ts";
import { canonicalPath, type PathRule } from "./canonical-path.ts";
import { canonicalQuery } from "./canonical-query.ts";

export interface CanonicalRequestOptions {
  readonly pathRule: PathRule;
  /** Lower-case names, sorted. */
  readonly signedHeaders: readonly string[];
  /** The last line: the body's SHA-256 as lower-case hex, or a literal such as `UNSIGNED-PAYLOAD`. */
  readonly payloadHash: string;
}

/** The canonical form of a request: the bytes (latin1 text) SigV4 signs, and so the bytes it protects. */
export function canonicalRequest(
  head: RequestHead,
  { pathRule, signedHeaders, payloadHash }: CanonicalRequestOptions,
): string {
  const { path, query } = splitTarget(head.target);
  const canonicalPathAndQuery = `${canonicalPath(path, pathRule)}\n${canonicalQuery(query)}`;
  const headers = canonicalHeaders(head, signedHeaders);
  return `${head.method}\n${canonicalPathAndQuery}\n${headers}\n${signedHeaders.join(";")}\n${payloadHash}`;
}
