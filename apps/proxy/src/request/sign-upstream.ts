import { type Credentials, type RequestHead, type SignedHead, splitTarget } from "@iap/aws-core";
import type { BodyFilter } from "@iap/interceptor";
import {
  ALGORITHM,
  AUTH_PARAMETERS,
  type PresignOptions,
  presign,
  queryParameters,
  SIGNATURE_V2_PARAMETERS,
  type SigningKeys,
  type SignOptions,
  signStream,
} from "@iap/sigv4";
import type { VerifiedRequest } from "@iap/sigv4-verify";

export interface SignUpstreamOptions {
  readonly credentials: Credentials;
  readonly now: Date;
  readonly signingKeys: SigningKeys;
}

/** A request as it goes to AWS. */
export interface UpstreamMessage {
  readonly head: SignedHead;
  readonly body: Uint8Array | BodyFilter;
  /** How long the body goes out, when it is not as long as it came. */
  readonly length?: number | undefined;
}

/**
 * Signs a verified request with the upstream credentials, in the form it came in: streams stay streams, SigV4a stays
 * SigV4a for the same regions. A presigned URL is signed in its header instead, as is S3's Signature Version 2, but for
 * two, which stay URLs: those that open a WebSocket, and those whose query holds `x-amz-*` settings, for S3 reads these
 * in the query of a presigned URL only.
 */
export function signUpstream(
  { request, authorization, payload, body }: VerifiedRequest,
  { credentials, now, signingKeys }: SignUpstreamOptions,
): UpstreamMessage {
  const { algorithm, scope, signedHeaders, regionSet, tokenHeader, webSocket } = authorization;
  const options: SignOptions = {
    credentials,
    region: scope.region,
    service: scope.service,
    now,
    payload,
    signedHeaders,
    algorithm: algorithm === "AWS" ? ALGORITHM : algorithm,
    regionSet,
    tokenHeader,
    signingKeys,
  };
  if (webSocket || (authorization.form === "query" && holdsSettings(request))) {
    const url: PresignOptions = { ...options, expiresSeconds, tokenUnsigned: scope.service === "iotdevicegateway" };
    return { head: presign(request, url), body: body.kind === "bytes" ? body.bytes : body.filter() };
  }
  const { head, seed } = signStream(request, options);
  return { head, body: body.kind === "bytes" ? body.resigned(seed) : body.filter(seed) };
}

/** For a URL that is used at once, and allows for clocks that are off. */
const expiresSeconds = 900;

/** Whether a query holds `x-amz-*` parameters other than those that authenticate it. */
function holdsSettings({ target }: RequestHead): boolean {
  return queryParameters(splitTarget(target).query ?? "").some(
    ({ name }) =>
      name.toLowerCase().startsWith("x-amz-") && !AUTH_PARAMETERS.has(name) && !SIGNATURE_V2_PARAMETERS.has(name),
  );
}
