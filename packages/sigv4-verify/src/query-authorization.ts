import { headerValues, type RequestHead } from "@iap/aws-core";
import { ALGORITHM, ALGORITHM_V4A, type Algorithm, isS3Family, parseAmzDate, uriDecode } from "@iap/sigv4";
import type { Authorization, Payload } from "./authorization.ts";
import { malformed } from "./authorization-error.ts";
import { parsePayload } from "./payload.ts";
import { onlyValue, parseCredential, parseSignature, parseSignedHeaders } from "./signature-parts.ts";

const MAX_EXPIRES_SECONDS = 604_800;

/** Reads a presigned URL's parameters, given by name with their raw values. */
export function parseQueryAuthorization(head: RequestHead, raw: ReadonlyMap<string, string>): Authorization {
  const value = (name: string): string | undefined => {
    const text = raw.get(name);
    return text === undefined ? undefined : uriDecode(text);
  };
  const required = (name: string): string => {
    const text = value(name);
    if (text === undefined) throw malformed(`the query has no ${name}`);
    return text;
  };

  const algorithm = parseAlgorithm(required("X-Amz-Algorithm"));
  const { accessKeyId, scope } = parseCredential(required("X-Amz-Credential"), algorithm);
  const amzDate = required("X-Amz-Date");
  const date = parseAmzDate(amzDate);
  if (date === undefined) throw malformed("X-Amz-Date is not a date of the form YYYYMMDDTHHMMSSZ");
  if (scope.date !== amzDate.slice(0, 8)) {
    throw malformed(`the credential scope is of ${scope.date}, but the URL was signed on ${amzDate.slice(0, 8)}`);
  }
  const expiresSeconds = parseExpires(required("X-Amz-Expires"));
  const signedHeaders = parseSignedHeaders(required("X-Amz-SignedHeaders"), head);
  const signature = parseSignature(required("X-Amz-Signature"), algorithm);
  const payload = presignedPayload(head, scope.service, value("X-Amz-Content-Sha256"), algorithm);
  const s3Session = value("X-Amz-S3session-Token");
  const token = presignedToken(head, value("X-Amz-Security-Token"));
  if (s3Session !== undefined && token !== undefined) throw malformed("the query has two session tokens");
  const regionSet = algorithm === ALGORITHM_V4A ? presignedRegionSet(head, required("X-Amz-Region-Set")) : undefined;
  return {
    form: "query",
    algorithm,
    accessKeyId,
    scope,
    signedHeaders,
    signature,
    date,
    amzDate,
    sessionToken: s3Session ?? token,
    payload,
    expiresSeconds,
    ...(s3Session === undefined ? {} : { tokenHeader: "x-amz-s3session-token" }),
    ...(regionSet === undefined ? {} : { regionSet }),
    ...(opensWebSocket(head) ? { webSocket: true } : {}),
  };
}

function parseAlgorithm(text: string): Algorithm {
  if (text === ALGORITHM || text === ALGORITHM_V4A) return text;
  throw malformed(`X-Amz-Algorithm is neither ${ALGORITHM} nor ${ALGORITHM_V4A}`);
}

function opensWebSocket({ headers }: RequestHead): boolean {
  return headerValues(headers, "upgrade").some((protocol) => protocol.trim().toLowerCase() === "websocket");
}

function parseExpires(text: string): number {
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (seconds < 1 || seconds > MAX_EXPIRES_SECONDS) {
    throw malformed(`X-Amz-Expires is not a number of seconds from 1 to ${MAX_EXPIRES_SECONDS}`);
  }
  return seconds;
}

/** S3 takes the body of a presigned URL as unsigned unless it says otherwise; other services hash it. */
function presignedPayload(
  head: RequestHead,
  service: string,
  inQuery: string | undefined,
  algorithm: Algorithm,
): Payload {
  const inHeader = onlyValue(head, "x-amz-content-sha256");
  if (inQuery !== undefined && inHeader !== undefined && inQuery !== inHeader) {
    throw malformed("x-amz-content-sha256 says one thing in the query and another in the header");
  }
  const stated = parsePayload(inQuery ?? inHeader, algorithm);
  if (stated !== undefined) return stated;
  return isS3Family(service) ? { kind: "unsigned" } : { kind: "collect" };
}

function presignedToken(head: RequestHead, inQuery: string | undefined): string | undefined {
  const inHeader = onlyValue(head, "x-amz-security-token");
  if (inQuery !== undefined && inHeader !== undefined && inQuery !== inHeader) {
    throw malformed("the query and the header have different session tokens");
  }
  return inQuery ?? inHeader;
}

/** The regions that a URL is signed for. A header that named others would be signed in their place. */
function presignedRegionSet(head: RequestHead, inQuery: string): string {
  const inHeader = onlyValue(head, "x-amz-region-set");
  if (inHeader !== undefined && inHeader !== inQuery) {
    throw malformed("the query and the header have different region sets");
  }
  return inQuery;
}
