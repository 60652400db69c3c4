import type { Report } from "./finding.ts";
import { checkAction } from "./validate-action.ts";
import { checkResource } from "./validate-resource.ts";

/** Whether a policy may list this text in Action or NotAction, and it matches something. */
export function isValidAction(action: string): boolean {
  return passes((report) => checkAction(action, { path: "" }, report));
}

/** Whether a policy may list this text in Resource or NotResource, and it is certain what that means. */
export function isValidResource(resource: string): boolean {
  return passes((report) => checkResource(resource, { path: "" }, report));
}

/**
 * Of what is only warned because it can be evaluated, that which AWS refuses to store, or reads in a way it does not say, or
 * which matches nothing.
 */
const UNCERTAIN: ReadonlySet<string> = new Set([
  ...["SHORT_ARN", "EMPTY_RESOURCE", "REGION_NOT_ALLOWED", "UNKNOWN_RESOURCE_TYPE", "UNKNOWN_PARTITION"],
  "UNMATCHABLE_ACTION",
]);

function passes(check: (report: Report) => void): boolean {
  let valid = true;
  check((level, code) => {
    if (level === "ERROR" || UNCERTAIN.has(code)) valid = false;
  });
  return valid;
}
