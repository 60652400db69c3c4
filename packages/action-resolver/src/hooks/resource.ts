import type { CheckResource } from "@iap/aws-core";
import { inPattern } from "../in-pattern.ts";
import { textOf } from "../member-value.ts";
import type { CallFacts } from "../scope.ts";
import type { HookMembers } from "./hook.ts";

/** The texts of a hook's member. */
export function textsOf(members: HookMembers, name: string): readonly string[] {
  return (members[name] ?? []).map((value) => textOf(value, name)).filter((text) => text !== undefined);
}

/** A resource of the caller's account and region, exact unless `why` says what is not known. */
export function resource(
  { partition, region, account }: CallFacts,
  service: string,
  rest: string,
  { why, accountless = false }: { readonly why?: string | undefined; readonly accountless?: boolean } = {},
): CheckResource {
  const arn = `arn:${partition}:${service}:${region}:${accountless ? "" : (account ?? "*")}:`;
  const reasons = [
    ...(why === undefined ? [] : [why]),
    ...(account === undefined && !accountless ? ["the account is not known"] : []),
  ];
  if (reasons.length === 0) return { arn: `${arn}${rest}` };
  // With a reason of its own, what is wild in the rest is meant to be.
  return { pattern: `${arn}${why === undefined ? inPattern(rest) : rest}`, why: reasons.join("; ") };
}

/** A value of a form that is not known names anything of the service, or nothing: AWS refuses it, or knows more than this table. */
export function anyOf({ partition }: CallFacts, service: string, why: string): CheckResource {
  return { pattern: `arn:${partition}:${service}:*`, why };
}
