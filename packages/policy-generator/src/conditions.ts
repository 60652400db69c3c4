import type { Context } from "@iap/aws-core";

/** Condition keys and the one value each must have. */
export type LearnedConditions = Readonly<Record<string, string>>;

/** Whether a condition may be learned for a key: those that say what a permission is for, not who asked or when. */
export function isLearnedKey(key: string): boolean {
  const name = key.toLowerCase();
  return LEARNED.has(name) || name.startsWith("aws:requesttag/");
}

const LEARNED: ReadonlySet<string> = new Set([
  "aws:requestedregion",
  "s3:prefix",
  "kms:viaservice",
  "iam:passedtoservice",
]);

/** Services with one endpoint for all regions: their region says nothing. */
const GLOBAL: ReadonlySet<string> = new Set([
  ...[
    "iam",
    "sts",
    "organizations",
    "account",
    "cloudfront",
    "route53",
    "route53domains",
    "globalaccelerator",
    "shield",
  ],
  ...["waf", "budgets", "ce", "cur", "support", "health", "trustedadvisor", "artifact", "s3", "networkmanager"],
]);

/**
 * The conditions that all observations of one action on one resource have in common: keys of the list above, present in
 * each, with the same text. The region is left out where the resource or the service says it already.
 */
export function learnConditions(action: string, resource: string, contexts: readonly Context[]): LearnedConditions {
  const [first, ...others] = contexts;
  const learned: Record<string, string> = {};
  for (const key of Object.keys(first ?? {}).sort()) {
    const value = first?.[key];
    if (!isLearnedKey(key) || typeof value !== "string" || value === "" || !POLICY_TEXT.test(value)) continue;
    if (key.toLowerCase() === "aws:requestedregion" && saysRegion(action, resource)) continue;
    if (others.every((context) => context[key] === value)) learned[key] = value;
  }
  return learned;
}

/** The `Condition` element; undefined when there are none. In a value, `${` would begin a variable. */
export function conditionElement(conditions: LearnedConditions): { StringEquals: Record<string, string> } | undefined {
  const entries = Object.entries(conditions);
  if (entries.length === 0) return undefined;
  return { StringEquals: Object.fromEntries(entries.map(([key, value]) => [key, value.replaceAll("${", `\${$}{`)])) };
}

function saysRegion(action: string, resource: string): boolean {
  if (GLOBAL.has(action.slice(0, action.indexOf(":")))) return true;
  const region = resource.split(":", 4)[3];
  return region !== undefined && region !== "" && !/[*?]/.test(region);
}

/** AWS takes tab, line breaks and U+0020 to U+00FF in a policy. */
const POLICY_TEXT = /^[\t\n\r\u0020-\u00ff]*$/;
