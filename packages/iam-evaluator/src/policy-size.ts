import type { PolicyType } from "@iap/aws-core";

/** The most characters of a managed policy, white space not counted (IAM User Guide, "IAM and AWS STS quotas"). */
export const MANAGED_POLICY_CHARACTERS = 6144;

/** The size of a policy document as AWS counts it for identity policies: its characters without white space. */
export function policyCharacters(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) count++;
  }
  return count;
}

/** How much AWS takes, and whether white space counts. */
export interface SizeLimit {
  readonly characters: number;
  readonly countsWhiteSpace: boolean;
  /** Of what. */
  readonly what: string;
}

/**
 * The limit for each type of policy (IAM User Guide, "IAM and AWS STS quotas"; STS API Reference, AssumeRole;
 * Organizations User Guide, "Quotas"). Those of resource policies differ from service to service.
 */
export const SIZE_LIMITS: Readonly<Record<PolicyType, SizeLimit | undefined>> = {
  identity: { characters: MANAGED_POLICY_CHARACTERS, countsWhiteSpace: false, what: "a managed policy" },
  permissionsBoundary: { characters: MANAGED_POLICY_CHARACTERS, countsWhiteSpace: false, what: "a managed policy" },
  session: { characters: 2048, countsWhiteSpace: true, what: "a session policy" },
  scp: { characters: 10_240, countsWhiteSpace: true, what: "a service control policy" },
  rcp: { characters: 5120, countsWhiteSpace: true, what: "a resource control policy" },
  vpcEndpoint: { characters: 20_480, countsWhiteSpace: true, what: "a VPC endpoint policy" },
  resource: undefined,
};

/** The size of a document as AWS counts it for a type of policy. */
export function sizeOf(text: string, { countsWhiteSpace }: SizeLimit): number {
  return countsWhiteSpace ? text.length : policyCharacters(text);
}
