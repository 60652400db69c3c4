/**
 * What can be said about a condition: it does not hold, it does, or that cannot be told. Undetermined is never taken for
 * either: an Allow needs `YES`, and only `NO` keeps a Deny from applying.
 */
export type Truth = 0 | 1 | 2;
export const NO = 0;
export const YES = 1;
export const UNDETERMINED = 2;

export function not(truth: Truth): Truth {
  return truth === UNDETERMINED ? UNDETERMINED : truth === YES ? NO : YES;
}

export function truthOf(value: boolean): Truth {
  return value ? YES : NO;
}

const WORDS = ["no", "yes", "undetermined"] as const;

/** For people and traces. */
export function truthWord(truth: Truth): (typeof WORDS)[number] {
  return WORDS[truth];
}
