import type { ResolvedCall } from "@iap/aws-core";
import { credentialOperations } from "./credential-operations.data.ts";

/**
 * Why the answer to a call holds AWS credentials or tokens that must not reach an agent (one sentence), or undefined
 * when it is not known to. The list is reviewed by hand and covers every operation whose modelled answer has an AWS
 * secret key. Operations that return secrets by design (secretsmanager GetSecretValue, kms Decrypt, ssm GetParameter,
 * ec2 GetPasswordData) are a matter of policy, and are not in it.
 */
export function mintsCredentials({ service, operations }: ResolvedCall): string | undefined {
  for (const operation of operations) {
    const key = `${service}:${operation}`;
    if (Object.hasOwn(credentialOperations, key)) return credentialOperations[key];
  }
  return undefined;
}
