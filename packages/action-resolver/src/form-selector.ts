import { eachParameter } from "./each-parameter.ts";
import { TwoReadings } from "./member-value.ts";
import type { QueryString } from "./query-string.ts";

/** What names the operation of a query request. */
export interface QuerySelector {
  readonly action: string;
  readonly version: string | undefined;
}

/** `undefined`: there is no `Action`; a string says why the request has two readings. */
export type QuerySelection = QuerySelector | string | undefined;

/**
 * `Action` and `Version` of a query-protocol request, from its URL and its form body. Each may stand in both places
 * only with one value; a name that repeats, or that does not decode, has no safe reading.
 */
export function selectQuery(query: QueryString, form: Uint8Array | undefined): QuerySelection {
  const found: { Action: string[]; Version: string[] } = { Action: [], Version: [] };
  const inUrl = { Action: 0, Version: 0 };
  for (const [name, value] of query) {
    if (isOtherCase(name)) return `${name} is not spelled as the API has it`;
    if (name !== "Action" && name !== "Version") continue;
    found[name].push(value);
    inUrl[name]++;
  }
  const wrong = form === undefined ? undefined : readForm(form, found);
  if (wrong !== undefined) return wrong;
  for (const name of ["Action", "Version"] as const) {
    if (inUrl[name] > 1 || found[name].length - inUrl[name] > 1) return `${name} is there more than once`;
    if (new Set(found[name]).size > 1) return `${name} in the URL and in the body differ`;
  }
  const [action] = found.Action;
  return action === undefined ? undefined : { action, version: found.Version[0] };
}

/** A selector in other letter case: AWS may take it, or not. */
function isOtherCase(name: string): boolean {
  return /^(?:action|version)$/i.test(name) && name !== "Action" && name !== "Version";
}

/** Collects `Action` and `Version` from a form; other values are skipped undecoded. A string says why it cannot be read. */
function readForm(form: Uint8Array, found: { Action: string[]; Version: string[] }): string | undefined {
  try {
    eachParameter(form, (name, value) => {
      if (isOtherCase(name)) throw new TwoReadings(`${name} is not spelled as the API has it`);
      if (name === "Action" || name === "Version") found[name].push(value());
    });
  } catch (error) {
    return (error as TwoReadings).message;
  }
  return undefined;
}
