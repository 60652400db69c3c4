import { type Context, parseArn } from "@iap/aws-core";
import type { Identity } from "../upstream/identity.ts";

/** Condition keys that are known of every request, and which of them are known to be absent. */
export interface KnownKeys {
  readonly context: Context;
  readonly authoritative: readonly string[];
}

/**
 * The condition keys of who asks and when, as far as they are known here: requests go to AWS over TLS, at this moment,
 * signed for whom GetCallerIdentity names, and from here, not from a service on its behalf (IAM User Guide, "AWS global
 * condition context keys" and "Keys by principal type"). The session of a role does not tell the path of the role, and so
 * not the role's ARN, which is what `aws:PrincipalArn` holds; where the proxy saw the role assumed, or `--principal-arn`
 * names it, it is known.
 */
export function principalContext(identity: Identity, now: Date): KnownKeys {
  const second = Math.floor(now.getTime() / 1000);
  if (latest?.second !== second || !isSame(latest.identity, identity)) {
    latest = { second, identity, known: contextAt(identity, second) };
  }
  return latest.known;
}

/** The keys of the request before: most are of the same identity, and of the same second, as far as the keys tell the time. */
let latest: { readonly second: number; readonly identity: Identity; readonly known: KnownKeys } | undefined;

function isSame(a: Identity, b: Identity): boolean {
  return (
    a.account === b.account && a.principalArn === b.principalArn && a.userId === b.userId && a.roleArn === b.roleArn
  );
}

function contextAt({ account, principalArn, userId, roleArn }: Identity, second: number): KnownKeys {
  const context: Record<string, string> = {
    "aws:CurrentTime": new Date(second * 1000).toISOString().replace(".000Z", "Z"),
    "aws:EpochTime": String(second),
    "aws:SecureTransport": "true",
    "aws:PrincipalIsAWSService": "false",
    "aws:ViaAWSService": "false",
  };
  const authoritative: string[] = [...OF_SERVICES];
  if (account !== undefined) context["aws:PrincipalAccount"] = account;
  if (userId !== undefined) context["aws:userid"] = userId;

  if (roleArn !== undefined) context["aws:PrincipalArn"] = roleArn;
  const arn = principalArn === undefined ? undefined : parseArn(principalArn);
  const type = arn === undefined ? undefined : PRINCIPAL_TYPES[`${arn.service}:${arn.resource.split("/")[0]}`];
  if (arn === undefined || type === undefined || principalArn === undefined) return { context, authoritative };
  context["aws:PrincipalType"] = type;
  if (arn.service === "iam" || type === "FederatedUser") context["aws:PrincipalArn"] = principalArn;
  if (type === "User") context["aws:username"] = arn.resource.slice(arn.resource.lastIndexOf("/") + 1);
  // Only users have one.
  else authoritative.push("aws:username");
  return { context, authoritative };
}

/** Only requests of AWS services, or through them, have these. */
const OF_SERVICES: readonly string[] = [
  "aws:CalledVia",
  "aws:CalledViaFirst",
  "aws:CalledViaLast",
  "aws:PrincipalServiceName",
  "aws:PrincipalServiceNamesList",
  "aws:SourceAccount",
  "aws:SourceArn",
  "aws:SourceOrgID",
  "aws:SourceOrgPaths",
  "aws:SourceOwner",
];

const PRINCIPAL_TYPES: Readonly<Record<string, string>> = {
  "iam:root": "Account",
  "iam:user": "User",
  "iam:role": "AssumedRole",
  "sts:assumed-role": "AssumedRole",
  "sts:federated-user": "FederatedUser",
};
