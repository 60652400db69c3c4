import { timingSafeEqual } from "node:crypto";
import { type AgentKey, AwsError, type RequestHead, splitTarget } from "@iap/aws-core";
import {
  type Algorithm,
  canonicalRequest,
  EMPTY_SHA256,
  formatCredentialScope,
  isS3Family,
  keyFor,
  pathRule,
  queryParameters,
  type SigningKeys,
  type StreamSeed,
  signatureV2,
  stringToSign,
  stringToSignV2,
  uriDecode,
  verifySignatureOf,
  withoutParameters,
} from "@iap/sigv4";
import type { Authorization } from "./authorization.ts";
import { s3Endpoint } from "./signature-v2-authorization.ts";

/**
 * Verifies that the agent key signed this head, with this hash line for its body. Throws `SignatureDoesNotMatch`; its
 * details show the canonical request and string to sign, so that a developer can compare: they are made of the inbound
 * request alone, and hold nothing but the agent's own credentials.
 */
export function verifySignature(
  head: RequestHead,
  authorization: Authorization,
  key: AgentKey,
  payloadHash: string,
  signingKeys?: SigningKeys | undefined,
): void {
  const { algorithm, covers } = authorization;
  if (algorithm === "AWS") return verifyV2(head, authorization, key);
  const signed = covers ?? head;
  const hashLine = covers === undefined ? payloadHash : EMPTY_SHA256;
  const canonical = judge(signed, authorization, algorithm, key, hashLine, signingKeys);
  if (canonical === undefined) return;
  // AWS IoT's signers add the token after signing; what it must be is known, so where it stands proves nothing more.
  const { form, scope, sessionToken } = authorization;
  if (form === "query" && sessionToken !== undefined && !isS3Family(scope.service)) {
    const target = withoutParameters(signed.target, TOKEN);
    if (target !== signed.target) {
      const bare = { ...signed, target };
      if (judge(bare, authorization, algorithm, key, hashLine, signingKeys) === undefined) return;
    }
  }
  throw mismatch(authorization, canonical.toSign, canonical.request);
}

const TOKEN: ReadonlySet<string> = new Set(["X-Amz-Security-Token"]);

/** Undefined when the signature is right; else what was to be signed. */
function judge(
  head: RequestHead,
  { scope, amzDate, signedHeaders, form, signature }: Authorization,
  algorithm: Algorithm,
  { credentials }: AgentKey,
  payloadHash: string,
  signingKeys: SigningKeys | undefined,
): { readonly request: string; readonly toSign: string } | undefined {
  const names = form === "bearer" ? BEARER_HEADERS : signedHeaders;
  const request = canonicalRequest(head, { pathRule: pathRule(scope.service), signedHeaders: names, payloadHash });
  const toSign = stringToSign(request, { amzDate, scope: formatCredentialScope(scope), algorithm });
  const key = keyFor(credentials, scope, algorithm, signingKeys);
  return verifySignatureOf(key, toSign, signature, algorithm) ? undefined : { request, toSign };
}

const BEARER_HEADERS: readonly string[] = ["host"];

function verifyV2(head: RequestHead, authorization: Authorization, { credentials }: AgentKey): void {
  const { bucket } = s3Endpoint(head.host);
  const parameters = queryParameters(splitTarget(head.target).query ?? "");
  const raw = authorization.form === "query" ? parameters.find(({ name }) => name === "Expires")?.rawValue : undefined;
  const expires = raw === undefined ? undefined : uriDecode(raw);
  const toSign = stringToSignV2(head, { bucket, expires });
  const expected = Buffer.from(signatureV2(credentials.secretAccessKey, toSign), "latin1");
  const provided = Buffer.from(authorization.signature, "latin1");
  if (expected.length === provided.length && timingSafeEqual(expected, provided)) return;
  throw mismatch(authorization, toSign);
}

/** Where the signatures of this request's body begin, on the agent's side. */
export function inboundSeed(
  { algorithm, scope, amzDate, signature }: Authorization,
  { credentials }: AgentKey,
  signingKeys?: SigningKeys | undefined,
): StreamSeed {
  if (algorithm === "AWS") throw new AwsError("InternalFailure", "Signature Version 2 signs no streams.");
  const key = keyFor(credentials, scope, algorithm, signingKeys);
  return { algorithm, key, amzDate, scope: formatCredentialScope(scope), signature };
}

/** The error of a signature that is not the request's. */
export function mismatch(
  { accessKeyId, signature }: Pick<Authorization, "accessKeyId" | "signature">,
  toSign: string,
  canonical?: string | undefined,
): AwsError {
  return new AwsError(
    "SignatureDoesNotMatch",
    "The signature of the request does not match the one calculated from it. Check that the client signs with all of the agent's current credentials, and that nothing changes the request on its way to the proxy.",
    {
      details: {
        AWSAccessKeyId: accessKeyId,
        StringToSign: toSign,
        SignatureProvided: signature,
        ...(canonical === undefined ? {} : { CanonicalRequest: canonical }),
      },
    },
  );
}
