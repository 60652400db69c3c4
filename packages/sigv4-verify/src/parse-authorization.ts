import { AwsError, type AwsRequest, headerValues, type RequestHead, splitTarget } from "@iap/aws-core";
import { ALGORITHM, ALGORITHM_V4A, type QueryParameter, queryParameters, trimBlanks } from "@iap/sigv4";
import type { Authorization } from "./authorization.ts";
import { foreign, malformed, multiple } from "./authorization-error.ts";
import { parseBearerAuthorization } from "./bearer-authorization.ts";
import { parseHeaderAuthorization } from "./header-authorization.ts";
import { isPostForm } from "./post-form.ts";
import { presignedParameters } from "./presigned-parameters.ts";
import { parseQueryAuthorization } from "./query-authorization.ts";
import { parseV2Header, parseV2Query } from "./signature-v2-authorization.ts";
import { isSignatureV2Body } from "./signing-form.ts";

/**
 * Reads how a request is signed, whatever the form. Throws `AwsError`: `MissingAuthentication` when it is not signed,
 * `MalformedAuthorization` when what it says is wrong or can be read in two ways, `MultipleAuthentication` when it is
 * signed twice, `UnknownAccessKey` for a bearer token of somebody else. Nothing is verified here.
 *
 * An S3 POST form is signed in its body: `isPostForm` tells one, `readPostForm` reads it. A body that is here only tells
 * what is wrong with a request that its head does not show to be signed.
 */
export function parseAuthorization(head: RequestHead & Partial<Pick<AwsRequest, "body">>): Authorization {
  const headers = headerValues(head.headers, "authorization");
  const { query } = splitTarget(head.target);
  const parameters = query === undefined || query === "" ? NONE : queryParameters(query);
  const [header] = headers;
  const v2 = isSignatureV2(parameters);

  if (header === undefined) {
    if (v2) return parseV2Query(head, onlyV2(parameters));
    const presigned = presignedParameters(parameters);
    if (presigned.size > 0) return parseQueryAuthorization(head, presigned);
    throw unsigned(head);
  }
  if (headers.length > 1) throw malformed("the request has more than one Authorization header");
  const [inQuery = v2 ? "AWSAccessKeyId" : undefined] = presignedParameters(parameters).keys();
  if (inQuery !== undefined) throw multiple(`an Authorization header and ${inQuery} in the query`);
  return parseScheme(head, header);
}

const NONE: readonly QueryParameter[] = [];

function parseScheme(head: RequestHead, header: string): Authorization {
  const text = trimBlanks(header);
  const blank = firstBlank(text);
  const scheme = blank < 0 ? text : text.slice(0, blank);
  const rest = blank < 0 ? "" : text.slice(blank);
  if (scheme === ALGORITHM || scheme === ALGORITHM_V4A) return parseHeaderAuthorization(head, rest, scheme);
  if (scheme === "AWS") return parseV2Header(head, trimBlanks(rest));
  // The scheme is named, and never echoed: it may be a secret.
  if (scheme.toLowerCase() === "bearer") return parseBearerAuthorization(trimBlanks(rest));
  if (scheme.toLowerCase() === "basic") throw foreign("A user name and password (Basic authentication)");
  throw malformed(`the Authorization header does not begin with ${ALGORITHM} or ${ALGORITHM_V4A}`);
}

function firstBlank(text: string): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x20 || code === 0x09) return i;
  }
  return -1;
}

/** Whether the query holds a Signature Version 2, whose session token is an `x-amz-security-token` in lower case. */
function isSignatureV2(parameters: readonly QueryParameter[]): boolean {
  return (
    parameters.some(({ name }) => name === "AWSAccessKeyId") && parameters.some(({ name }) => name === "Signature")
  );
}

function onlyV2(parameters: readonly QueryParameter[]): readonly QueryParameter[] {
  if (parameters.some(({ name }) => name === "SignatureVersion")) throw v2OfQueryService();
  // Headers hoisted into the query are in lower case, and signed; in any other case they are of Version 4, or of nothing.
  const other = parameters.find(({ name }) => /^x-amz-/i.test(name) && !name.startsWith("x-amz-"));
  if (other !== undefined) throw multiple(`AWSAccessKeyId and ${other.name} in the query`);
  return parameters;
}

function v2OfQueryService(): AwsError {
  return malformed(
    "it is of Signature Version 2, which is supported for S3 only: set the client's signature version to v4",
  );
}

/** The error of a request that is not signed in a way that its head shows. */
function unsigned(head: RequestHead & Partial<Pick<AwsRequest, "body">>): AwsError {
  if (isSignatureV2Body(head.body)) return v2OfQueryService();
  if (isPostForm(head)) {
    return new AwsError("MissingAuthentication", "An S3 POST form is signed in its fields, not in its head.");
  }
  return new AwsError(
    "MissingAuthentication",
    "The request is not signed. Sign it with the agent's credentials (profile iam-agent-proxy), in Signature Version 4.",
  );
}
