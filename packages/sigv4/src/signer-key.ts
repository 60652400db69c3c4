import type { KeyObject } from "node:crypto";
import type { CredentialScope, Credentials } from "@iap/aws-core";
import { ALGORITHM, type Algorithm } from "./algorithm.ts";
import { signingKey } from "./signing-key.ts";
import type { SigningKeys } from "./signing-keys.ts";
import { sigv4aKey } from "./sigv4a-key.ts";

/** The key that signs and verifies for these credentials in a scope, from those derived before if there are any. */
export function keyFor(
  credentials: Credentials,
  scope: CredentialScope,
  algorithm: Algorithm,
  signingKeys?: SigningKeys | undefined,
): KeyObject {
  if (algorithm !== ALGORITHM) return signingKeys?.sigv4a(credentials) ?? sigv4aKey(credentials);
  return signingKeys?.get(credentials, scope) ?? signingKey(credentials.secretAccessKey, scope);
}
