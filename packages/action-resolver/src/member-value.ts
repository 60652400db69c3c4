/** What was read of an input: only the members that were asked for. */
export type MemberValue = string | number | boolean | typeof present | readonly MemberValue[] | MemberMap;
/** A structure by member name, or a map by key. */
export type MemberMap = ReadonlyMap<string, MemberValue>;

/** Something is there whose inside nobody asked for. */
export const present: unique symbol = Symbol("present");

/** What a request says cannot be read in one way only; the message says why. */
export class TwoReadings extends Error {
  override name = "TwoReadings";
}

export function isMap(value: MemberValue | undefined): value is MemberMap {
  return value instanceof Map;
}

/** Whether a value counts as there: not an empty text, list or map. */
export function isThere(value: MemberValue | undefined): boolean {
  if (value === undefined || value === "") return false;
  if (Array.isArray(value)) return value.length > 0;
  return true;
}

/** A scalar as the text that stands in an ARN. */
export function textOf(value: MemberValue | undefined, name: string): string | undefined {
  if (value === undefined || value === "") return undefined;
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new TwoReadings(`${name} is not text`);
}
