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
  const wanted = pattern.toLowerCase();
  const whole = wanted.includes(":");
  return (identity) => {
    const is = identity.toLowerCase();
    return matches(wanted, whole || !is.startsWith("arn:") ? is : is.slice(is.lastIndexOf("/") + 1));
  };
}

/** A glob by one backtrack: at worst the product of both lengths, whatever the pattern. */
function matches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let from = 0;
  while (t < text.length) {
    if (pattern[p] === "*") {
      star = p++;
      from = t;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++from;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}
