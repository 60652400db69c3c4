import { type AccessLevel, accessLevelByName } from "./access-level-by-name.ts";
import { accessLevelExceptions } from "./access-levels.data.ts";

/**
 * The access level of an action, as AWS's Service Authorization Reference has it; of an action that came after it, what
 * its name tells.
 */
export function accessLevelOf(action: string): AccessLevel {
  const colon = action.indexOf(":");
  const name = action.slice(colon + 1);
  return exceptionsOf(action.slice(0, colon)).get(name) ?? accessLevelByName(name);
}

/** The actions of a service whose level is not the one their name tells. */
export function exceptionsOf(service: string): ReadonlyMap<string, AccessLevel> {
  const known = read.get(service);
  if (known !== undefined) return known;
  const exceptions = new Map<string, AccessLevel>();
  const text = Object.hasOwn(accessLevelExceptions, service) ? (accessLevelExceptions[service] as string) : "";
  for (const part of text === "" ? [] : text.split(";")) {
    const [level, names = ""] = part.split(":");
    for (const name of names.split(" ")) exceptions.set(name, level as AccessLevel);
  }
  if (text !== "") read.set(service, exceptions);
  return exceptions;
}

/** Each service's text is read once, when first asked for. */
const read = new Map<string, ReadonlyMap<string, AccessLevel>>();
