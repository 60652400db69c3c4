import { type DecidedRecord, parseArn } from "@iap/aws-core";
import type { PolicyInput } from "@iap/iam-evaluator";
import type { KnownKeys } from "@iap/policy-generator";
import { principalContext } from "../policies/principal-context.ts";

/**
 * What a record says of who asked and when, as condition keys, for policies that have conditions on them. The time only
 * where a policy asks for it: it makes every request another.
 */
export function recordContext(policies: readonly PolicyInput[]): (record: DecidedRecord) => KnownKeys {
  const asksTime = policies.some(({ document }) => /aws:(?:CurrentTime|EpochTime)/i.test(String(document)));
  const byPrincipal = new Map<string, KnownKeys>();
  return ({ time, account, principalArn, role, lineage }) => {
    // The account of the record is that of the resources.
    const who = {
      account: (principalArn && parseArn(principalArn)?.account) || account,
      principalArn,
      // That of another record is made of the session's name, which has no path.
      roleArn: lineage === undefined ? undefined : role,
    };
    if (asksTime) return principalContext(who, new Date(time));
    const key = `${who.account} ${principalArn} ${who.roleArn}`;
    const known = byPrincipal.get(key);
    if (known !== undefined) return known;
    const { context, authoritative } = principalContext(who, new Date(0));
    const { "aws:CurrentTime": _, "aws:EpochTime": __, ...timeless } = context;
    const fresh = { context: timeless, authoritative };
    byPrincipal.set(key, fresh);
    return fresh;
  };
}
