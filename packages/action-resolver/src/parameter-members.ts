import { type MemberMap, type MemberValue, present } from "./member-value.ts";
import type { Wanted } from "./wanted.ts";

/**
 * The members an operation's checks look at, taken from the parameters of a call instead of its bytes: an object with the
 * API's names in any letter case, as CloudTrail logs it (`dBInstanceIdentifier`). EC2 logs its lists as
 * `instancesSet: { items: [{ instanceId }] }`. What AWS has hidden counts as absent.
 */
export function parameterMembers(parameters: unknown, wanted: Wanted): MemberMap {
  const members = isObject(parameters) ? structure(parameters, wanted) : new Map<string, MemberValue>();
  // RunInstances has what is the same for all its instances in their first one.
  const first = isObject(parameters) ? itemsOf(parameters.instancesSet)?.[0] : undefined;
  if (!isObject(first)) return members;
  return new Map([...structure(first, wanted), ...members]);
}

/** The parameter of a name, in any letter case and without the underscores of names in a path (`restapi_id`). */
export function parameterNamed(parameters: unknown, name: string): string | undefined {
  if (!isObject(parameters)) return undefined;
  const value = fieldsOf(parameters).get(name.replaceAll("_", "").toLowerCase());
  return (typeof value === "string" && !isHidden(value)) || typeof value === "number" ? String(value) : undefined;
}

function structure(value: JsonObject, { fields }: Wanted): Map<string, MemberValue> {
  const given = fieldsOf(value);
  const members = new Map<string, MemberValue>();
  for (const [name, wanted] of fields) {
    const member = read(given.get(name.toLowerCase()), wanted);
    if (member !== undefined) members.set(name, member);
  }
  return members;
}

function read(value: unknown, wanted: Wanted): MemberValue | undefined {
  if (value === null || value === undefined || isHidden(value)) return undefined;
  const { fields, each, values, keys } = wanted;
  if (each !== undefined) {
    const list = Array.isArray(value) ? value : (itemsOf(value) ?? [value]);
    return list.flatMap((one) => read(fields.size === 0 && isLeaf(each) ? onlyText(one) : one, each) ?? []);
  }
  if (isLeaf(wanted)) return typeof value === "object" ? present : (value as string | number | boolean);
  if (!isObject(value)) return undefined;
  if (values !== undefined || keys) {
    return new Map(Object.entries(value).map(([key, one]) => [key, (values && read(one, values)) ?? present]));
  }
  return structure(value, wanted);
}

function isLeaf({ fields, each, values, keys }: Wanted): boolean {
  return fields.size === 0 && each === undefined && values === undefined && !keys;
}

/** Members by name in lower case; of EC2's lists also by the names that the API has for them. */
function fieldsOf(value: JsonObject): ReadonlyMap<string, unknown> {
  const fields = new Map<string, unknown>();
  for (const [key, one] of Object.entries(value)) {
    const name = key.toLowerCase();
    const items = itemsOf(one);
    if (items === undefined) {
      fields.set(name, one);
      continue;
    }
    const base = name.replace(/set$/, "").replace(/s$/, "");
    const isId = items.every((item) => isObject(item) && Object.keys(item).every((inner) => /Id$/.test(inner)));
    for (const other of [name, base, `${base}s`, ...(isId ? [`${base.replace(/id$/, "")}ids`] : [])]) {
      fields.set(other, items);
    }
    if (base === "group") fields.set(isId ? "securitygroupids" : "securitygroups", items);
  }
  return fields;
}

function itemsOf(value: unknown): readonly unknown[] | undefined {
  if (!isObject(value)) return undefined;
  const { items, ...others } = value;
  return Array.isArray(items) && Object.keys(others).length === 0 ? items : undefined;
}

/** `i-1` of `{ instanceId: "i-1" }`: an element of a list of names. */
function onlyText(value: unknown): unknown {
  if (!isObject(value)) return value;
  const [only, ...others] = Object.values(value);
  return others.length === 0 ? only : value;
}

function isHidden(value: unknown): boolean {
  return typeof value === "string" && /^(?:HIDDEN_[A-Z_]+|\*{3,})$/.test(value);
}

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
