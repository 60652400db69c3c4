import {
  type CredentialScope,
  type Credentials,
  type RequestHead,
  type SignedHead,
  withoutHeaders,
} from "@iap/aws-core";
import { ALGORITHM } from "./algorithm.ts";
import { formatAmzDate } from "./amz-date.ts";
import { formatCredentialScope } from "./credential-scope.ts";
import { headerFate } from "./header-policy.ts";
import { keyFor } from "./signer-key.ts";
import { signature } from "./signing-key.ts";
import type { SigningKeys } from "./signing-keys.ts";

/** The policy document of an S3 POST form, as JSON has it. */
export interface PostPolicyDocument {
  /** ISO 8601. */
  readonly expiration: string;
  /** `{ field: value }`, `["eq" | "starts-with", "$field", value]` or `["content-length-range", min, max]` each. */
  readonly conditions: readonly unknown[];
}

export interface SignPostPolicyOptions {
  readonly credentials: Credentials;
  readonly region: string;
  /** Default `s3`. */
  readonly service?: string | undefined;
  readonly now: Date;
  readonly signingKeys?: SigningKeys | undefined;
}

/**
 * The form fields that authenticate a browser's upload to S3: the policy, with conditions for the other fields added, and
 * its signature. `document` holds no conditions on those fields. See "Browser-based uploads using POST" in the S3 API
 * reference.
 */
export function signPostPolicy(
  { expiration, conditions }: PostPolicyDocument,
  { credentials, region, service = "s3", now, signingKeys }: SignPostPolicyOptions,
): readonly (readonly [name: string, value: string])[] {
  const amzDate = formatAmzDate(now);
  const scope: CredentialScope = { date: amzDate.slice(0, 8), region, service };
  const fields: (readonly [string, string])[] = [
    ["x-amz-algorithm", ALGORITHM],
    ["x-amz-credential", `${credentials.accessKeyId}/${formatCredentialScope(scope)}`],
    ["x-amz-date", amzDate],
  ];
  if (credentials.sessionToken !== undefined) fields.push(["x-amz-security-token", credentials.sessionToken]);
  const all = [...conditions, ...fields.map(([name, value]) => ({ [name]: value }))];
  const policy = Buffer.from(JSON.stringify({ expiration, conditions: all }), "utf8").toString("base64");
  const hex = signature(keyFor(credentials, scope, ALGORITHM, signingKeys), policy);
  return [["policy", policy], ...fields, ["x-amz-signature", hex]];
}

/**
 * The head of a POST form as it goes to S3. What authenticates the request stands in its body, signed by `signPostPolicy`:
 * the head loses what would sign it otherwise, and what is not for AWS.
 */
export function postFormHead({ httpVersion, method, target, headers, host }: RequestHead): SignedHead {
  const kept = withoutHeaders(headers, (name) => headerFate(name) === "replace" || headerFate(name) === "drop");
  // The brand has no value at run time: here, in `sign` and in `presign` it is granted.
  return { httpVersion, method, target, headers: kept, host } as RequestHead as SignedHead;
}
