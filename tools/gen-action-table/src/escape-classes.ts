import type { AuthorizationReference } from "./authorization-reference.ts";
import { readJson } from "./botocore.ts";
import type { ServiceOverrides } from "./overrides.ts";

/** The letters of an action's escape classes. */
export type EscapeClasses = (action: string, overrides: ServiceOverrides, prefix: string) => string;

const letters: Readonly<Record<string, string>> = {
  forwardAccess: "f",
  runsAs: "r",
  anyApi: "a",
  shares: "s",
  guardTampering: "g",
};

interface EscapeFile {
  readonly [name: string]: {
    readonly source: string;
    readonly actions: readonly string[];
    /** All actions of a prefix with one of these access levels. */
    readonly prefixes?: Readonly<Record<string, readonly string[]>>;
  };
}

/** Reads `escape-classes.json`. Fails on a class or action that does not exist. */
export function readEscapeClasses(path: string, reference: AuthorizationReference): EscapeClasses {
  const file = readJson(path) as EscapeFile;
  const byAction = new Map<string, Set<string>>();
  for (const [name, { actions, source }] of Object.entries(file)) {
    if (letters[name] === undefined || !source.startsWith("https://"))
      throw new Error(`escape-classes.json: ${name} has no letter or source`);
    for (const action of actions) {
      if (!reference.has(action.toLowerCase())) throw new Error(`escape-classes.json: no action ${action}`);
      byAction.set(action.toLowerCase(), (byAction.get(action.toLowerCase()) ?? new Set()).add(name));
    }
  }
  return (action, overrides, prefix) => {
    const key = action.toLowerCase();
    const found = new Set(byAction.get(key));
    const [of = ""] = key.split(":");
    for (const [name, { prefixes }] of Object.entries(file)) {
      // Passing a role runs as it; it changes nothing.
      if (key !== "iam:passrole" && prefixes?.[of]?.includes(reference.get(key)?.level ?? "")) found.add(name);
    }
    const [, own = ""] = action.split(":");
    const given = action.startsWith(`${prefix}:`) ? overrides.escape?.[own] : undefined;
    for (const name of given === undefined ? [] : typeof given === "string" ? given.split(",") : given) {
      if (letters[name.trim()] === undefined)
        throw new Error(`escape of ${action}: ${name} is none of ${Object.keys(letters).join(", ")}`);
      found.add(name.trim());
    }
    return Object.keys(letters)
      .filter((name) => found.has(name))
      .map((name) => letters[name])
      .join("");
  };
}
