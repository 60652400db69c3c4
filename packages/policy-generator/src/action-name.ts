import { isValidAction, MOST_ACTION_CHARACTERS } from "@iap/iam-evaluator";

/** `service:Action` without wildcards, in letters, digits and the few signs that names of AWS have. */
export function isOneAction(action: string): boolean {
  return action.length <= MOST_ACTION_CHARACTERS && /^[A-Za-z0-9.:_-]+$/.test(action) && isValidAction(action);
}

/** Why a request with another action is left out. */
export const NOT_AN_ACTION = "it has an action that no policy can name";
