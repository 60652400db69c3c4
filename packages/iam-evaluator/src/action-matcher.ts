import { NO, not, type Truth, UNDETERMINED, YES } from "./truth.ts";
import { compileWildcard, isAnything, type Wildcard } from "./wildcard.ts";
import { matchesWildcard } from "./wildcard-match.ts";

/**
 * The `Action` or `NotAction` element of one statement. Service prefix and action name are case-insensitive (IAM User
 * Guide, "IAM JSON policy elements: Action"): actions are given, and kept, in lower case.
 */
export interface ActionMatcher {
  /** True for `NotAction`: the statement is about every other action. */
  readonly inverted: boolean;
  readonly anything: boolean;
  /** Full names. */
  readonly names: ReadonlySet<string>;
  /** Patterns by service prefix, which has no wildcards. */
  readonly wildcards: ReadonlyMap<string, readonly Wildcard[]>;
  /** What is no pattern of actions, and what it may mean: AWS refuses it, and who evaluates it all the same is not sure. */
  readonly doubtful: readonly Wildcard[];
}

export function compileActions(patterns: readonly string[], inverted: boolean): ActionMatcher {
  const names = new Set<string>();
  const wildcards = new Map<string, Wildcard[]>();
  const doubtful: Wildcard[] = [];
  let anything = false;
  for (const written of patterns) {
    const pattern = written.toLowerCase();
    const wildcard = compileWildcard(pattern, "string");
    if (isAnything(wildcard)) {
      anything = true;
      continue;
    }
    if (!PATTERN.test(pattern)) {
      // A wildcard in the service is clear enough; all else may mean any action.
      doubtful.push(/^[^:]+:[^:]+$/.test(pattern) ? wildcard : compileWildcard("*", "string"));
      continue;
    }
    if (!/[*?]/.test(pattern)) {
      names.add(pattern);
      continue;
    }
    const service = serviceOf(pattern);
    const known = wildcards.get(service);
    if (known === undefined) wildcards.set(service, [wildcard]);
    else known.push(wildcard);
  }
  return { inverted, anything, names, wildcards, doubtful };
}

/** A service prefix without wildcards, a colon, and the rest without another. */
const PATTERN = /^[a-z0-9.-]+:[^:]+$/;

/** Whether the statement is about this action (in lower case). */
export function isAboutAction(matcher: ActionMatcher, action: string): Truth {
  const { inverted, doubtful } = matcher;
  let listed: Truth = listsAction(matcher, action) ? YES : NO;
  if (listed === NO && doubtful.some((wildcard) => matchesWildcard(wildcard, action))) listed = UNDETERMINED;
  return inverted ? not(listed) : listed;
}

/** `s3` of `s3:getobject`. */
function serviceOf(action: string): string {
  return action.slice(0, Math.max(action.indexOf(":"), 0));
}

function listsAction({ anything, names, wildcards }: ActionMatcher, action: string): boolean {
  if (anything || names.has(action)) return true;
  if (wildcards.size === 0) return false;
  return wildcards.get(serviceOf(action))?.some((wildcard) => matchesWildcard(wildcard, action)) ?? false;
}

/** Whether an action is one of these patterns, as `Action` in a policy would list it. Case does not matter. */
export function actionMatcher(patterns: readonly string[]): (action: string) => boolean {
  const matcher = compileActions(patterns, false);
  return (action) => isAboutAction(matcher, action.toLowerCase()) === YES;
}
