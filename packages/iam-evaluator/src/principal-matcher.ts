import { parseArn } from "@iap/aws-core";
import type { ParsedPrincipal, PrincipalEntryType } from "./parse-principal.ts";
import { lastSegment, type RequestPrincipal } from "./request-principal.ts";
import { NO, type Truth, UNDETERMINED, YES } from "./truth.ts";

/** The `Principal` or `NotPrincipal` element of one statement. */
export interface PrincipalMatcher {
  readonly inverted: boolean;
  readonly entries: readonly CompiledPrincipal[];
}

interface CompiledPrincipal {
  readonly type: PrincipalEntryType;
  readonly text: string;
  /** Of an entry that stands for a whole account. */
  readonly account: string | undefined;
  /** Of a role: where it is and its name, by which its sessions are told. */
  readonly role: { readonly partition: string; readonly account: string; readonly name: string } | undefined;
}

/**
 * How closely a statement names who asks, and so what its Allow is worth in the same account (IAM User Guide, "How AWS
 * enforcement code logic evaluates requests", and "AWS JSON policy elements: Principal"): an account passes the question
 * on to its own policies; a role is still bound by its boundary and session policies; a user or session named itself is
 * not. Everybody, `*`, is whoever asks, and needs no other permission either; but a federated user session does, unless it
 * is named (STS API Reference, GetFederationToken).
 */
export type Naming = 0 | 1 | 2 | 3;
export const NOT_NAMED = 0;
const BY_ACCOUNT = 1;
export const BY_ROLE = 2;
export const BY_NAME = 3;

export function compilePrincipal({ inverted, entries }: ParsedPrincipal): PrincipalMatcher {
  return {
    inverted,
    entries: entries.map(({ type, text }) => {
      const arn = type === "AWS" ? parseArn(text) : undefined;
      const isAccount = type === "AWS" && /^[0-9]{12}$/.test(text);
      const isRoot = arn?.service === "iam" && arn.resource === "root";
      const isRole = arn?.service === "iam" && arn.resource.startsWith("role/");
      return {
        type,
        text,
        account: isAccount ? text : isRoot ? arn.account : undefined,
        role: isRole ? { partition: arn.partition, account: arn.account, name: lastSegment(arn.resource) } : undefined,
      };
    }),
  };
}

/** Whether the statement is about who asks. `bounded` is whether a permissions boundary is set on them. */
export function isAboutPrincipal(
  { inverted, entries }: PrincipalMatcher,
  who: RequestPrincipal,
  effect: "Allow" | "Deny",
  bounded: boolean,
): Truth {
  if (!inverted) {
    let found: Truth = NO;
    for (const entry of entries) {
      const naming = namingBy(entry, who);
      if (naming === undefined) found = UNDETERMINED;
      else if (naming !== NOT_NAMED) return YES;
    }
    return found;
  }
  return effect === "Deny" ? isNotExempt(entries, who, bounded) : isNotListed(entries, who);
}

/** Whether it is `*`, with or without others. */
export function isForEverybody({ inverted, entries }: PrincipalMatcher): boolean {
  return !inverted && entries.some(isEverybody);
}

function isEverybody({ type, text }: CompiledPrincipal): boolean {
  return type === "Everyone" || (type === "AWS" && text === "*");
}

/** The closest naming of who asks among the entries of a `Principal`; with `NotPrincipal` nobody is named. */
export function closestNaming({ inverted, entries }: PrincipalMatcher, who: RequestPrincipal): Naming {
  let closest: Naming = NOT_NAMED;
  for (const entry of entries) {
    const naming = namingBy(entry, who);
    if (naming !== undefined && naming > closest) closest = naming;
  }
  return inverted ? BY_ROLE : closest;
}

/** How one entry names who asks; undefined when that cannot be told. */
function namingBy(entry: CompiledPrincipal, who: RequestPrincipal): Naming | undefined {
  const { type, text } = entry;
  if (isEverybody(entry)) return byEverybody(who);
  switch (type) {
    case "Service":
      if (who.kind === "unknown") return undefined;
      return who.kind === "service" && (text === "*" || text === who.arn) ? BY_NAME : NOT_NAMED;
    case "Federated":
      if (who.kind === "unknown") return undefined;
      return who.kind === "identityProvider" && text === who.arn ? BY_NAME : NOT_NAMED;
    case "CanonicalUser":
      // Which account a canonical id belongs to is not told by a request.
      return text === who.arn ? BY_NAME : undefined;
  }
  if (who.kind === "unknown") return undefined;
  if (who.kind === "anonymous" || who.kind === "service") return NOT_NAMED;
  if (entry.account !== undefined) {
    if (entry.account !== who.account) return NOT_NAMED;
    // Whether an account's identity providers are of the account is not documented: Federated is what names them.
    return who.kind === "identityProvider" ? undefined : BY_ACCOUNT;
  }
  if (text === who.arn) return who.kind === "role" ? BY_ROLE : BY_NAME;
  const { role } = entry;
  if (role === undefined || who.kind !== "assumedRole") return NOT_NAMED;
  // Names of roles are unique in an account whatever their path, which the ARN of a session does not tell.
  const isItsRole = role.account === who.account && role.partition === who.partition && role.name === who.roleName;
  return isItsRole ? BY_ROLE : NOT_NAMED;
}

function byEverybody({ kind }: RequestPrincipal): Naming {
  return kind === "federatedUser" || kind === "unknown" ? BY_ROLE : BY_NAME;
}

/** Allow with NotPrincipal: everybody whom no entry names in any way. */
function isNotListed(entries: readonly CompiledPrincipal[], who: RequestPrincipal): Truth {
  let found: Truth = YES;
  for (const entry of entries) {
    const naming = namingBy(entry, who);
    if (naming === undefined) found = UNDETERMINED;
    else if (naming !== NOT_NAMED) return NO;
  }
  return found;
}

/**
 * Deny with NotPrincipal: everybody but those listed with all that AWS may validate before them: for a user the account
 * too, for a session its role and account. Who is listed without these is denied by some services and not by others,
 * which is undetermined. Who has a permissions boundary is always denied (IAM User Guide, "AWS JSON policy elements:
 * NotPrincipal").
 */
function isNotExempt(entries: readonly CompiledPrincipal[], who: RequestPrincipal, bounded: boolean): Truth {
  if (entries.some(isEverybody)) return NO;
  if (who.kind === "unknown") return UNDETERMINED;
  const isEntity = who.kind === "user" || who.kind === "role" || who.kind === "assumedRole";
  if (bounded && isEntity) return YES;
  const listed = new Set<Naming>();
  let untold = false;
  for (const entry of entries) {
    const naming = namingBy(entry, who);
    if (naming === undefined) untold = true;
    else listed.add(naming);
  }
  const needed: readonly Naming[] =
    who.kind === "assumedRole"
      ? [BY_NAME, BY_ROLE, BY_ACCOUNT]
      : who.kind === "role"
        ? [BY_ROLE, BY_ACCOUNT]
        : who.kind === "root"
          ? [BY_ACCOUNT]
          : who.account === undefined
            ? [BY_NAME]
            : [BY_NAME, BY_ACCOUNT];
  if (needed.every((naming) => listed.has(naming))) return NO;
  return untold || listed.has(needed[0] as Naming) ? UNDETERMINED : YES;
}
