import type { Context } from "@iap/aws-core";

/** Condition keys and the value each must have, or the values of which it must have one. */
export type LearnedConditions = Readonly<Record<string, string | readonly string[]>>;

/** Whether a condition may be learned for a key: those that say what a permission is for, not who asked or when. */
export function isLearnedKey(key: string): boolean {
  const name = key.toLowerCase();
  return CONSTANT.has(name) || name.startsWith("aws:requesttag/") || namesWhat(name);
}

/** Keys that must have had the same value in all observations. */
const CONSTANT: ReadonlySet<string> = new Set(["aws:requestedregion", "s3:prefix", "kms:viaservice"]);

/**
 * Keys that name what an action is about beside its resource: the policy that is attached to a role, the service that is
 * handed it. Without them the permission is to attach any policy; so the values seen are listed, as resources are.
 */
function namesWhat(name: string): boolean {
  return NAMES.has(name) || name.endsWith(":createaction");
}

const NAMES: ReadonlySet<string> = new Set([
  ...["iam:passedtoservice", "iam:policyarn", "iam:permissionsboundary", "iam:awsservicename"],
  ...["eks:policyarn", "eks:principalarn", "organizations:serviceprincipal", "kms:granteeprincipal"],
  ...["kms:requestalias", "lambda:functionarn", "lambda:principal", "ecs:cluster", "cloudwatch:namespace"],
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
 * The conditions that all observations of one action on one resource have in common: keys of the lists above, present as
 * text in each, with the same value, or, where a key names what the action is about, with one of few. The region is left
 * out where the resource or the service says it already.
 */
export function learnConditions(action: string, resource: string, contexts: readonly Context[]): LearnedConditions {
  const learned: Record<string, string | readonly string[]> = {};
  for (const key of Object.keys(contexts[0] ?? {}).sort()) {
    const name = key.toLowerCase();
    if (!isLearnedKey(key) || (name === "aws:requestedregion" && saysRegion(action, resource))) continue;
    const values = valuesIn(contexts, key);
    if (values === undefined || values.length > (namesWhat(name) ? MOST_VALUES : 1)) continue;
    learned[key] = values.length === 1 ? (values[0] as string) : values;
  }
  return learned;
}

/** More values than a reader would check are no condition. */
const MOST_VALUES = 20;

/** The values of a key in order; undefined unless it is a text that a policy can hold in each context. */
function valuesIn(contexts: readonly Context[], key: string): readonly string[] | undefined {
  const values = new Set<string>();
  for (const context of contexts) {
    const value = context[key];
    if (typeof value !== "string" || value === "" || !POLICY_TEXT.test(value)) return undefined;
    values.add(value);
  }
  return [...values].sort();
}

/** The `Condition` element; undefined when there are none. In a value, `${` would begin a variable. */
export function conditionElement(conditions: LearnedConditions): ConditionElement | undefined {
  const entries = Object.entries(conditions);
  if (entries.length === 0) return undefined;
  const written = entries.map(([key, value]) => [key, typeof value === "string" ? plain(value) : value.map(plain)]);
  return { StringEquals: Object.fromEntries(written) };
}

/** One operator: with `ArnEquals`, a `*` in a recorded value would be a wildcard. */
export interface ConditionElement {
  readonly StringEquals: Readonly<Record<string, string | readonly string[]>>;
}

/** Whether whatever fulfils `others` fulfils `conditions`. */
export function isNoNarrower(conditions: LearnedConditions, others: LearnedConditions): boolean {
  return Object.entries(conditions).every(([key, value]) => {
    const other = others[key];
    return other !== undefined && [other].flat().every((one) => [value].flat().includes(one));
  });
}

function plain(value: string): string {
  return value.replaceAll("${", `\${$}{`);
}

function saysRegion(action: string, resource: string): boolean {
  if (GLOBAL.has(action.slice(0, action.indexOf(":")))) return true;
  const region = resource.split(":", 4)[3];
  return region !== undefined && region !== "" && !/[*?]/.test(region);
}

/** AWS takes tab, line breaks and U+0020 to U+00FF in a policy. */
const POLICY_TEXT = /^[\t\n\r\u0020-\u00ff]*$/;
