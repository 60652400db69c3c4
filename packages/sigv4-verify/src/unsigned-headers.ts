import { AwsError, type RequestHead } from "@iap/aws-core";
import { headerName, isS3Family, nameLookup } from "@iap/sigv4";
import type { Authorization } from "./authorization.ts";

/**
 * Refuses a request to S3 that has `x-amz-*` headers outside its SignedHeaders, as S3 does: signing anew would bless
 * what the agent never signed. Throws `HeadersNotSigned`. The date, token and hash are judged by themselves.
 */
export function checkUnsignedHeaders(head: RequestHead, { algorithm, scope, signedHeaders }: Authorization): void {
  // Signature Version 2 signs every such header.
  if (algorithm === "AWS" || !isS3Family(scope.service)) return;
  const isSigned = nameLookup(signedHeaders);
  const unsigned: string[] = [];
  for (const [key] of head.headers) {
    const { name } = headerName(key);
    if (name.startsWith("x-amz-") && !EXEMPT.has(name) && !isSigned(name)) unsigned.push(name);
  }
  if (unsigned.length === 0) return;
  throw new AwsError("HeadersNotSigned", "There were headers present in the request which were not signed", {
    details: { HeadersNotSigned: unsigned.join(", ") },
  });
}

const EXEMPT: ReadonlySet<string> = new Set([
  "x-amz-date",
  "x-amz-security-token",
  "x-amz-s3session-token",
  "x-amz-content-sha256",
  "x-amz-user-agent",
]);
