import { parsePath } from "../src/member-path.ts";
import { type MemberValue, present } from "../src/member-value.ts";
import { newWanted, type OnWire, onWire, type WireNames, want } from "../src/wanted.ts";

/** What is wanted of a body, with its names on the wire. */
export function wanted(paths: readonly string[], wire: Partial<WireNames> = {}): OnWire {
  const root = newWanted();
  for (const path of paths) want(root, parsePath(path).steps);
  return onWire(root, { names: {}, field: (name) => name, item: "member", ...wire });
}

/** Members as plain objects, what is merely there as `"(there)"`. */
export function shown(value: MemberValue | undefined): unknown {
  if (value === present) return "(there)";
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, one]) => [key, shown(one)]));
  return Array.isArray(value) ? value.map((one: MemberValue) => shown(one)) : value;
}
