import { AwsError, headerValues, type RequestHead, splitTarget } from "@iap/aws-core";
import { AUTH_PARAMETERS, type QueryParameter, queryParameters } from "@iap/sigv4";
import type { Authorization } from "./authorization.ts";
import { malformed, notImplemented } from "./authorization-error.ts";
import { parseHeaderAuthorization } from "./header-authorization.ts";
import { parseQueryAuthorization } from "./query-authorization.ts";

/**
 * Reads how a request is signed, whatever the form. Throws `AwsError`: `MissingAuthentication` when it is not signed,
 * `MalformedAuthorization` when what it says is wrong or can be read in two ways, `NotImplemented` when it is signed in a
 * form that is recognised but not supported. Nothing is verified here.
 */
export function parseAuthorization(head: RequestHead): Authorization {
  const headers = headerValues(head.headers, "authorization");
  const parameters = queryParameters(splitTarget(head.target).query ?? "");
  const signatureV2 = isSignatureV2(parameters);
  const [header] = headers;
  if (signatureV2 && header === undefined) throw signatureV2InQuery();

  const authParameters = authenticating(parameters);
  refuseUnsupportedSessions(head, parameters);
  if (headers.length > 1) throw malformed("the request has more than one Authorization header");
  if (header !== undefined) {
    const [name = signatureV2 ? "AWSAccessKeyId" : undefined] = authParameters.keys();
    if (name !== undefined) {
      throw malformed(`only one mechanism is allowed, but there are an Authorization header and ${name} in the query`);
    }
    return parseHeaderAuthorization(head, header);
  }
  if (authParameters.size > 0) return parseQueryAuthorization(head, authParameters);
  throw unsigned(head);
}

/** Whether the query holds a Signature Version 2, whose session token is an `x-amz-security-token` in lower case. */
function isSignatureV2(parameters: readonly QueryParameter[]): boolean {
  const has = (wanted: string): boolean => parameters.some(({ name }) => name === wanted);
  return has("AWSAccessKeyId") && has("Signature");
}

function signatureV2InQuery(): AwsError {
  return notImplemented(
    "Signature Version 2 (AWSAccessKeyId in the query)",
    "set the client's signature version to s3v4 or v4",
  );
}

/** The presigned URL's own parameters, by name. Throws when one is repeated or in another case than AWS's. */
function authenticating(parameters: readonly QueryParameter[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { name, rawValue } of parameters) {
    if (AUTH_PARAMETERS.has(name)) {
      if (found.has(name)) throw malformed(`the query parameter ${name} is repeated`);
      found.set(name, rawValue);
    } else if (AUTH_PARAMETERS_LOWER.has(name.toLowerCase())) {
      throw malformed(`the query parameter ${name} is not in the case AWS writes it in`);
    }
  }
  return found;
}

const AUTH_PARAMETERS_LOWER: ReadonlySet<string> = new Set([...AUTH_PARAMETERS].map((name) => name.toLowerCase()));

function refuseUnsupportedSessions(head: RequestHead, parameters: readonly QueryParameter[]): void {
  const inQuery = parameters.some(({ name }) => name.toLowerCase() === "x-amz-s3session-token");
  if (inQuery || headerValues(head.headers, "x-amz-s3session-token").length > 0) {
    throw notImplemented(
      "S3 Express session credentials (x-amz-s3session-token)",
      "turn session authentication off in the client (AWS_S3_DISABLE_EXPRESS_SESSION_AUTH=true)",
    );
  }
}

/** The error of a request that is not signed in a way that its head shows. */
function unsigned(head: RequestHead): AwsError {
  const contentType = headerValues(head.headers, "content-type")[0]?.trimStart().toLowerCase();
  if (head.method === "POST" && contentType?.startsWith("multipart/form-data") && isS3Host(head.host)) {
    return notImplemented("an S3 POST policy form", "upload with PutObject or a presigned PUT URL");
  }
  return new AwsError(
    "MissingAuthentication",
    "The request is not signed. Sign it with the agent's credentials (profile iam-agent-proxy).",
  );
}

function isS3Host(host: string): boolean {
  return host.split(".").some((label) => label === "s3" || label.startsWith("s3-"));
}
