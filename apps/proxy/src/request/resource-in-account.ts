import type { CheckResource } from "@iap/aws-core";

/** The resource with the ARN that `arn` makes of its account: a pattern while it is not known whose the credentials are. */
export function resourceInAccount(account: string | undefined, arn: (account: string) => string): CheckResource {
  if (account !== undefined) return { arn: arn(account) };
  return { pattern: arn("*"), why: "the account of the credentials is not known yet" };
}
