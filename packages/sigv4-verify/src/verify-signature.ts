import { timingSafeEqual } from "node:crypto";
import { type AgentKey, AwsError, type RequestHead } from "@iap/aws-core";
import {
  canonicalRequest,
  formatCredentialScope,
  pathRule,
  type SigningKeys,
  signature,
  signingKey,
  stringToSign,
} from "@iap/sigv4";
import type { Authorization } from "./authorization.ts";

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
  const { scope, amzDate, signedHeaders } = authorization;
  const canonical = canonicalRequest(head, { pathRule: pathRule(scope.service), signedHeaders, payloadHash });
  const toSign = stringToSign(canonical, { amzDate, scope: formatCredentialScope(scope) });
  const { credentials } = key;
  const signingKeyOfScope = signingKeys?.get(credentials, scope) ?? signingKey(credentials.secretAccessKey, scope);
  const expected = Buffer.from(signature(signingKeyOfScope, toSign), "latin1");
  const provided = Buffer.from(authorization.signature, "latin1");
  if (provided.length === expected.length && timingSafeEqual(provided, expected)) return;
  throw new AwsError(
    "SignatureDoesNotMatch",
    "The signature of the request does not match the one calculated from it. Check that the client signs with all of the agent's current credentials, and that nothing changes the request on its way to the proxy.",
    {
      details: {
        AWSAccessKeyId: authorization.accessKeyId,
        StringToSign: toSign,
        SignatureProvided: authorization.signature,
        CanonicalRequest: canonical,
      },
    },
  );
}
