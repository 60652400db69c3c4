import { accessLevelOf, exceptionsOf } from "./access-level.ts";
import { ACCESS_LEVELS, accessLevelByName, firstWord } from "./access-level-by-name.ts";
import { type DraftStatement, serviceOf } from "./statements.ts";

/** Actions that a wildcard took the place of. */
export interface ActionWildcard {
  readonly wildcard: string;
  readonly actions: readonly string[];
}

/**
 * Where three or more actions of a statement begin with the same word, `s3:Get*` takes their place, if no action of the
 * service that begins so has a wider access level than the statement has already.
 */
export function withActionWildcards(drafts: readonly DraftStatement[]): {
  readonly drafts: readonly DraftStatement[];
  readonly wildcards: readonly ActionWildcard[];
} {
  const wildcards = new Map<string, Set<string>>();
  const shortened = drafts.map((draft) => {
    const families = new Map<string, string[]>();
    for (const action of draft.actions) {
      const service = serviceOf(action);
      const word = firstWord(action.slice(service.length + 1));
      const prefix = `${service}:${word}`;
      const known = families.get(prefix);
      if (known === undefined) families.set(prefix, [action]);
      else known.push(action);
    }
    const actions: string[] = [];
    for (const [prefix, members] of families) {
      if (members.length < FEWEST || !keepsLevel(prefix, draft.actions)) {
        actions.push(...members);
        continue;
      }
      const wildcard = `${prefix}*`;
      actions.push(wildcard);
      const known = wildcards.get(wildcard) ?? new Set();
      wildcards.set(wildcard, known);
      for (const member of members) known.add(member);
    }
    return { ...draft, actions: actions.sort() };
  });
  return {
    drafts: shortened,
    wildcards: [...wildcards].map(([wildcard, actions]) => ({ wildcard, actions: [...actions].sort() })),
  };
}

const FEWEST = 3;

function keepsLevel(prefix: string, actions: readonly string[]): boolean {
  const service = serviceOf(prefix);
  const word = prefix.slice(service.length + 1);
  // Shorter words are the beginning of others, whose levels are not all known here.
  if (word.length < 3) return false;
  const rank = (level: (typeof ACCESS_LEVELS)[number]): number => ACCESS_LEVELS.indexOf(level);
  const widest = Math.max(
    ...actions.filter((one) => serviceOf(one) === service).map((one) => rank(accessLevelOf(one))),
  );
  if (rank(accessLevelByName(word)) > widest) return false;
  const begins = word.toLowerCase();
  return [...exceptionsOf(service)].every(
    ([name, level]) => rank(level) <= widest || !name.toLowerCase().startsWith(begins),
  );
}
