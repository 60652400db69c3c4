import {
  AwsError,
  type AwsRequest,
  type CredentialScope,
  type Credentials,
  checkEndpoint,
  type Endpoint,
  parseEndpoint,
} from "@iap/aws-core";
import { parseAuthorization, verify } from "@iap/sigv4-verify";

export interface CheckedRequest {
  readonly endpoint: Endpoint;
  readonly scope: CredentialScope;
}

const farOff = new Date("9999-01-01T00:00:00Z");

/**
 * Finds out, as AWS does, whether a whole request was signed with the one key pair there is, for the host it came to,
 * just now, and just as it is. Throws an `AwsError` otherwise; for any other access key or session token too.
 */
export function checkSignature(
  request: AwsRequest,
  { credentials, now }: { readonly credentials: Credentials; readonly now: Date },
): CheckedRequest {
  const endpoint = parseEndpoint(request.host);
  if (endpoint === undefined) throw new AwsError("InvalidRequest", `The fake AWS has no host ${request.host}.`);
  const authorization = parseAuthorization(request);
  const { accessKeyId, sessionToken, scope, payload } = authorization;
  if (accessKeyId !== credentials.accessKeyId) {
    throw new AwsError("UnknownAccessKey", "The security token included in the request is invalid.");
  }
  if (sessionToken !== credentials.sessionToken) {
    throw new AwsError("InvalidToken", "The security token included in the request is invalid.");
  }
  checkEndpoint(endpoint, scope);
  const key = { agent: "aws", session: "aws", credentials, notAfter: farOff, upstream: "none" };
  verify(request, { keys: { lookup: () => key }, now, authorization });
  if (payload.kind === "unsignedTrailer") {
    throw new AwsError("NotImplemented", "The fake AWS does not take aws-chunked bodies.");
  }
  return { endpoint, scope };
}
