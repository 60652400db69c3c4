import type { Context, ContextValue } from "@iap/aws-core";

/** The name of a condition key. Names are case-insensitive, also in the part of a tag key after the slash. */
export interface ConditionKey {
  /** As the policy writes it. */
  readonly name: string;
  readonly lowerCase: string;
}

export function conditionKey(name: string): ConditionKey {
  return { name, lowerCase: name.toLowerCase() };
}

/** The request certainly has no such key, or one without values. */
export const ABSENT: unique symbol = Symbol("absent");
/** Whether the request has such a key, or which value, cannot be told. */
export const UNKNOWN: unique symbol = Symbol("unknown");

export type KeyState = ContextValue | typeof ABSENT | typeof UNKNOWN;

/**
 * The condition keys of one request. A key that is given is present. Of the others, those that are `authoritative` are
 * absent and the rest unknown; without a list of these every key not given is absent, as in AWS.
 */
export class RequestContext {
  readonly #context: Context | undefined;
  readonly #authoritative: readonly string[] | undefined;
  #values: Map<string, ContextValue | typeof UNKNOWN> | undefined;
  #missing: Set<string> | undefined;

  constructor(context: Context | undefined, authoritative: readonly string[] | undefined) {
    this.#context = context;
    this.#authoritative = authoritative;
  }

  get(key: ConditionKey): KeyState {
    this.#values ??= valuesOf(this.#context);
    const value = this.#values.get(key.lowerCase);
    if (value !== undefined) return isEmptyList(value) ? ABSENT : value;
    this.#missing ??= new Set();
    this.#missing.add(key.name);
    return this.#isAuthoritative(key.lowerCase) ? ABSENT : UNKNOWN;
  }

  /** The keys that were asked for and not given, as the policies write them. */
  get missing(): readonly string[] {
    return this.#missing === undefined ? NONE : [...this.#missing];
  }

  #isAuthoritative(key: string): boolean {
    const listed = this.#authoritative;
    if (listed === undefined) return true;
    for (const entry of listed) {
      const name = entry.toLowerCase();
      if (name.endsWith("*") ? key.startsWith(name.slice(0, -1)) : key === name) return true;
    }
    return false;
  }
}

const NONE: readonly string[] = [];

/** Own keys only, by name in lower case; a key given twice in different case is known only when both say the same. */
function valuesOf(context: Context | undefined): Map<string, ContextValue | typeof UNKNOWN> {
  const values = new Map<string, ContextValue | typeof UNKNOWN>();
  if (typeof context !== "object" || context === null) return values;
  for (const name of Object.keys(context)) {
    const value: unknown = context[name];
    // What has no value is not in the request.
    if (value === undefined || value === null) continue;
    const key = name.toLowerCase();
    const readable = isContextValue(value) ? value : UNKNOWN;
    const before = values.get(key);
    values.set(key, before === undefined || isSame(before, readable) ? readable : UNKNOWN);
  }
  return values;
}

/**
 * Longer texts, and lists of more characters, are not compared with anything: a request may have megabytes of them, and a
 * policy many patterns. The head of a request has at most some 64 KB, a tag 256 characters.
 */
const MOST_VALUE_CHARACTERS = 65_536;

function isContextValue(value: unknown): value is ContextValue {
  switch (typeof value) {
    case "string":
      return value.length <= MOST_VALUE_CHARACTERS;
    case "number":
    case "boolean":
      return true;
    default:
      if (Array.isArray(value)) return isShortList(value);
      return value instanceof Date && !Number.isNaN(value.getTime());
  }
}

function isShortList(values: readonly unknown[]): boolean {
  let room = MOST_VALUE_CHARACTERS;
  for (const value of values) {
    if (typeof value !== "string") return false;
    room -= value.length + 1;
    if (room < 0) return false;
  }
  return true;
}

function isSame(a: ContextValue | typeof UNKNOWN, b: ContextValue | typeof UNKNOWN): boolean {
  return a !== UNKNOWN && b !== UNKNOWN && JSON.stringify(a) === JSON.stringify(b);
}

function isEmptyList(value: ContextValue | typeof UNKNOWN): boolean {
  return typeof value === "object" && Array.isArray(value) && value.length === 0;
}

/** One value as text, as AWS would have it in the request. */
export function textOf(value: Exclude<ContextValue, readonly string[]>): string {
  if (typeof value === "string") return value;
  return value instanceof Date ? value.toISOString() : String(value);
}
