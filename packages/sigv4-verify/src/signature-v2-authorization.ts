import type { Endpoint, RequestHead } from "@iap/aws-core";
import { formatAmzDate, parseAmzDate, type QueryParameter, uriDecode } from "@iap/sigv4";
import type { Authorization } from "./authorization.ts";
import { malformed } from "./authorization-error.ts";
import { bucketEndpoint } from "./bucket-endpoint.ts";
import { parseHttpDate } from "./http-date.ts";
import { checkAccessKeyId, onlyValue } from "./signature-parts.ts";

/**
 * Reads S3's Signature Version 2: `Authorization: AWS access-key-id:signature`, given without the scheme. It has no
 * scope: the host stands for it.
 */
export function parseV2Header(head: RequestHead, text: string): Authorization {
  const colon = text.indexOf(":");
  const accessKeyId = text.slice(0, Math.max(colon, 0));
  checkAccessKeyId(accessKeyId);
  const stated = onlyValue(head, "x-amz-date") ?? onlyValue(head, "date");
  if (stated === undefined) throw malformed("the request has neither an x-amz-date nor a Date header");
  const date = parseHttpDate(stated) ?? parseAmzDate(stated);
  if (date === undefined) throw malformed("its date is not one of RFC 1123 or of the form YYYYMMDDTHHMMSSZ");
  return {
    ...parts(head, "header", accessKeyId, text.slice(colon + 1), date),
    sessionToken: onlyValue(head, "x-amz-security-token"),
  };
}

/** Reads a URL presigned with Signature Version 2: `AWSAccessKeyId`, `Signature`, `Expires` (seconds since the epoch). */
export function parseV2Query(head: RequestHead, parameters: readonly QueryParameter[]): Authorization {
  const value = (wanted: string): string | undefined => {
    const found = parameters.filter(({ name }) => name === wanted);
    if (found.length > 1) throw malformed(`the query parameter ${wanted} is repeated`);
    return found[0] === undefined ? undefined : uriDecode(found[0].rawValue);
  };
  const accessKeyId = value("AWSAccessKeyId") ?? "";
  checkAccessKeyId(accessKeyId);
  const signature = value("Signature") ?? "";
  const expires = value("Expires") ?? "";
  if (!/^\d{1,11}$/.test(expires)) throw malformed("Expires is not a number of seconds since 1970");
  const inHeader = onlyValue(head, "x-amz-security-token");
  const inQuery = value("x-amz-security-token");
  if (inHeader !== undefined && inQuery !== undefined) throw malformed("the request has two session tokens");
  return {
    ...parts(head, "query", accessKeyId, signature, new Date(Number(expires) * 1000)),
    sessionToken: inQuery ?? inHeader,
    expiresSeconds: 0,
  };
}

function parts(
  head: RequestHead,
  form: "header" | "query",
  accessKeyId: string,
  signature: string,
  date: Date,
): Authorization {
  const { region } = s3Endpoint(head.host);
  if (!/^[A-Za-z0-9+/]{27}=$/.test(signature)) throw malformed("Signature is not an HMAC-SHA1 in base64");
  const amzDate = formatAmzDate(date);
  return {
    form,
    algorithm: "AWS",
    accessKeyId,
    scope: { date: amzDate.slice(0, 8), region, service: "s3" },
    signedHeaders: [],
    signature,
    date,
    amzDate,
    payload: { kind: "unsigned" },
  };
}

/** The bucket and region of an S3 host. Throws `MalformedAuthorization` for another: only S3 ever had this version. */
export function s3Endpoint(host: string): { readonly region: string; readonly bucket: string | undefined } {
  const endpoint = bucketEndpoint(host);
  if (endpoint === undefined) {
    throw malformed(
      "it is of Signature Version 2, which is supported for S3 buckets only: set the client's signature version to v4 (s3v4)",
    );
  }
  return { region: endpoint.region ?? implicitRegion(endpoint), bucket: endpoint.s3?.bucket };
}

/** The global S3 host serves every region of the partition, and signs for the first. Other partitions have none. */
function implicitRegion({ partition }: Endpoint): string {
  const region = GLOBAL_HOST_REGIONS.get(partition);
  if (region === undefined) throw malformed("its host names no region, without which S3 is not served there");
  return region;
}

const GLOBAL_HOST_REGIONS: ReadonlyMap<string, string> = new Map([
  ["aws", "us-east-1"],
  ["aws-cn", "cn-north-1"],
]);
