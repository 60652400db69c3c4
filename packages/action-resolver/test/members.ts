import type { MemberMap, MemberValue } from "../src/member-value.ts";

/** Members as the readers give them, of a plain object. */
export function members(value: object): MemberMap {
  return new Map(Object.entries(value).map(([key, one]) => [key, memberOf(one)]));
}

export function memberOf(value: unknown): MemberValue {
  if (Array.isArray(value)) return value.map(memberOf);
  return typeof value === "object" && value !== null ? members(value) : (value as MemberValue);
}
