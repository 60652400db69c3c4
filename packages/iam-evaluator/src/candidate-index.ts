import { isAboutAction } from "./action-matcher.ts";
import type { CandidateFinder, Candidates, CompiledStatement, PolicyGroup } from "./compiled-statement.ts";
import { NO } from "./truth.ts";

/** Candidates are remembered for this many actions: more than a set of policies ever meets, and never more. */
const MOST_REMEMBERED_ACTIONS = 4096;

/** Finds the statements about an action. Case does not matter; what was found is remembered, within a bound. */
export function indexByAction(groups: readonly PolicyGroup[]): CandidateFinder {
  const remembered = new Map<string, Candidates>();
  return (action) => {
    const known = remembered.get(action);
    if (known !== undefined) return known;
    if (typeof action !== "string" || action.length > MOST_ACTION_CHARACTERS || !ACTION.test(action)) return undefined;
    const name = action.toLowerCase();
    const isCandidate = ({ actions }: CompiledStatement): boolean => isAboutAction(actions, name) !== NO;
    const found = groups.map(({ statements }) => statements.filter(isCandidate));
    const candidates = {
      action: name,
      denies: found.flatMap((statements) => statements.filter(({ ref }) => ref.effect === "Deny")),
      allows: found.map((statements) => statements.filter(({ ref }) => ref.effect === "Allow")),
    };
    if (remembered.size < MOST_REMEMBERED_ACTIONS) remembered.set(action, candidates);
    return candidates;
  };
}

/** A longer text is not the name of an action: AWS's have at most some 60 characters. */
export const MOST_ACTION_CHARACTERS = 256;

/**
 * One action of one service, in printable ASCII without wildcards and colons. Of other alphabets some letters have an
 * ASCII lower case (the Kelvin sign's is "k"), and would pass for what they are not.
 */
const ACTION = /^[A-Za-z0-9.-]+:[!-)+-9;->@-~]+$/;
