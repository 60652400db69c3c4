import type { ResolvedCall } from "@iap/aws-core";
import { credentialOperations } from "./credential-operations.data.ts";

/** Services that are there to hand out credentials: of these, what is not understood may well do that. */
const credentialServices: ReadonlySet<string> = new Set([
  "cognito-identity",
  "eks-auth",
  "iam",
  "rolesanywhere",
  "signin",
  "sso",
  "sso-oauth",
  "sts",
]);

/**
 * Why the answer to a call holds AWS credentials or tokens that must not reach an agent (one sentence), or undefined
 * when it is not known to. The list is reviewed by hand and covers every operation whose modelled answer has an AWS
 * secret key; at services whose trade is credentials it covers what is not understood too. Operations that return
 * secrets by design (secretsmanager GetSecretValue, kms Decrypt, ssm GetParameter) are a matter of policy, and are not in it.
 */
export function mintsCredentials(call: ResolvedCall): string | undefined {
  return call.returnsCredentials ?? returnedCredentials(call);
}

/** The same, from the reviewed list alone. */
export function returnedCredentials({ service, operations, marker }: ResolvedCall): string | undefined {
  for (const operation of operations) {
    const key = `${service}:${operation}`;
    if (Object.hasOwn(credentialOperations, key)) return credentialOperations[key];
  }
  if (marker === "unknown" && credentialServices.has(service)) {
    return "The request is not understood, and at this service its answer may hold credentials.";
  }
  return undefined;
}

/** The operations whose answers are known to hold credentials: IAM prefix and name, `sts:AssumeRole`. */
export function credentialOperationNames(): readonly string[] {
  return Object.keys(credentialOperations);
}
