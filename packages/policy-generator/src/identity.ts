import { matchesGlob } from "./glob.ts";

/** The identity of requests that went on with the proxy's own credentials. */
export const BASE_IDENTITY = "base";

/**
 * Whose permissions a request used: `base`, or of a session that an agent got from AWS the ARN of the role, which is the
 * last in its lineage. Where no role is known it is the operation that gave the session: `cognito-identity:GetCredentialsForIdentity`.
 */
export function identityOf({ lineage }: { readonly lineage?: readonly string[] | undefined }): string {
  return lineage?.findLast((step) => !keepsPrincipal(step)) ?? BASE_IDENTITY;
}

/** Whether the sessions that an operation gives, named with its IAM prefix, are still of whoever asked. */
export function keepsPrincipal(operation: string): boolean {
  return SAME_PRINCIPAL.has(operation);
}

/** Operations whose sessions are still of whoever asked (IAM User Guide, "Compare AWS STS credentials"; S3 API, CreateSession). */
const SAME_PRINCIPAL: ReadonlySet<string> = new Set(["sts:GetSessionToken", "s3express:CreateSession"]);

/**
 * Whether an identity is meant by a pattern: an ARN, or the plain name of a role; `*` stands for any text and `?` for one
 * character. Case does not matter, for names of roles that differ by case only are the same name to IAM.
 */
export function identityMatcher(pattern: string): (identity: string) => boolean {
  const whole = pattern.includes(":");
  return (identity) =>
    matchesGlob(
      pattern,
      whole || !identity.startsWith("arn:") ? identity : identity.slice(identity.lastIndexOf("/") + 1),
    );
}
