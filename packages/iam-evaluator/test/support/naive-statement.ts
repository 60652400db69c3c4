/**
 * The semantics of one statement as the IAM User Guide tells them, written down a second time, for small inputs and
 * without any thought of speed: patterns become regular expressions, numbers and addresses become BigInt. It shares no
 * code with the evaluator. True, false, or undefined: cannot be told.
 */
type Told = boolean | undefined;

type Value = string | number | boolean | Date;

export interface NaiveRequest {
  readonly action: string;
  /** Null for an action that has none. */
  readonly resource: string | null;
  readonly context: Readonly<Record<string, Value | readonly string[]>>;
  readonly authoritative?: readonly string[] | undefined;
}

export interface NaiveStatement {
  readonly Effect: "Allow" | "Deny";
  readonly Action?: readonly string[] | undefined;
  readonly NotAction?: readonly string[] | undefined;
  readonly Resource?: readonly string[] | undefined;
  readonly NotResource?: readonly string[] | undefined;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> | undefined;
}

const any = (told: readonly Told[]): Told =>
  told.includes(true) ? true : told.includes(undefined) ? undefined : false;
const every = (told: readonly Told[]): Told =>
  told.includes(false) ? false : told.includes(undefined) ? undefined : true;
const contrary = (told: Told): Told => (told === undefined ? undefined : !told);

/** Whether a statement of a policy, with variables or without, is about the request. */
export function naiveStatement(statement: NaiveStatement, request: NaiveRequest, variables: boolean): Told {
  const { Effect, Action, NotAction = [], Resource, NotResource = [], Condition = {} } = statement;
  const lists = (patterns: readonly string[]): boolean =>
    patterns.some((pattern) => whole(tokens(pattern.toLowerCase(), false)).test(request.action.toLowerCase()));
  if (Action === undefined ? lists(NotAction) : !lists(Action)) return false;

  const matches = (pattern: string): Told => naiveResource(pattern, request, variables);
  let resource = Resource === undefined ? contrary(any(NotResource.map(matches))) : any(Resource.map(matches));
  if (Resource === undefined && request.resource === null && Effect === "Allow") resource = false;
  const conditions = Object.entries(Condition).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => naiveCondition(operator, key, values, request, variables)),
  );
  return every([resource, ...conditions]);
}

const CONTRARIES: Readonly<Record<string, string>> = {
  StringNotEquals: "StringEquals",
  StringNotEqualsIgnoreCase: "StringEqualsIgnoreCase",
  StringNotLike: "StringLike",
  NumericNotEquals: "NumericEquals",
  DateNotEquals: "DateEquals",
  NotIpAddress: "IpAddress",
  ArnNotEquals: "ArnEquals",
  ArnNotLike: "ArnLike",
};

/** Whether one condition holds. */
export function naiveCondition(
  operator: string,
  key: string,
  values: readonly string[],
  request: NaiveRequest,
  variables: boolean,
): Told {
  const [, set, base = "", ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(.*?)(IfExists)?$/.exec(operator) ?? [];
  const found = lookup(request, key);
  if (found === "unknown") return undefined;
  const texts = found === "absent" ? [] : isList(found.value) ? found.value : [found.value];
  const isEmpty = texts.length > 0 && texts.every((text) => text === "");
  if (base === "Null") {
    if (isEmpty) return undefined;
    return any(values.map((value) => (bool(value) === undefined ? undefined : bool(value) === (found === "absent"))));
  }
  const negated = CONTRARIES[base] !== undefined;
  if (found === "absent") return ifExists !== undefined || (set === undefined ? negated : set === "ForAllValues");
  const one = (value: Value): Told => {
    const compares = any(values.map((wanted) => compare(CONTRARIES[base] ?? base, value, wanted, request, variables)));
    return negated ? contrary(compares) : compares;
  };
  if (isList(found.value)) {
    if (set === undefined) return false;
    if (isEmpty) return undefined;
    return (set === "ForAllValues" ? every : any)(found.value.map(one));
  }
  if (set !== undefined && found.value === "") return set === "ForAllValues";
  return one(found.value);
}

function isList(value: Value | readonly string[]): value is readonly string[] {
  return Array.isArray(value);
}

function lookup(
  { context, authoritative }: NaiveRequest,
  key: string,
): "absent" | "unknown" | { value: Value | readonly string[] } {
  const name = key.toLowerCase();
  const value = Object.entries(context).find(([given]) => given.toLowerCase() === name)?.[1];
  if (value !== undefined && !(isList(value) && value.length === 0)) return { value };
  if (value !== undefined || authoritative === undefined) return "absent";
  const covers = (entry: string): boolean =>
    entry.endsWith("*") ? name.startsWith(entry.slice(0, -1).toLowerCase()) : name === entry.toLowerCase();
  return authoritative.some(covers) ? "absent" : "unknown";
}

type Token = { readonly is: "star" | "one" } | { readonly is: string; readonly literal: true };
type Part = Token | { readonly variable: string; readonly fallback: string | undefined };

/** Undefined when a `${` in it is no variable. */
function parts(text: string, variables: boolean): readonly Part[] | undefined {
  const found: Part[] = [];
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const special = variables ? /^\$\{([*?$])\}/.exec(rest) : null;
    const variable = variables ? /^\$\{([^\s${},'][^${},']*)(?:, '((?:[^'$]|\$(?!\{))*)')?\}/.exec(rest) : null;
    if (special !== null) found.push({ is: special[1] as string, literal: true });
    else if (variable !== null) found.push({ variable: variable[1] as string, fallback: variable[2] });
    else if (variables && rest.startsWith("$\u007b")) return undefined;
    else {
      const character = String.fromCodePoint(rest.codePointAt(0) as number);
      found.push(
        character === "*" ? { is: "star" } : character === "?" ? { is: "one" } : { is: character, literal: true },
      );
    }
    at += special?.[0].length ?? variable?.[0].length ?? String.fromCodePoint(rest.codePointAt(0) as number).length;
  }
  return found;
}

function tokens(text: string, variables: boolean): readonly Token[] {
  return (parts(text, variables) ?? []).filter((part): part is Token => "is" in part);
}

/** The text with its variables' values in place; "none" when one has no value, undefined when that cannot be told. */
function filled(text: string, request: NaiveRequest, variables: boolean): readonly Token[] | "none" | undefined {
  const found = parts(text, variables);
  if (found === undefined) return undefined;
  const literal = (value: string): Token[] => [...value].map((is) => ({ is, literal: true }));
  let result: Token[] | undefined = [];
  for (const part of found) {
    if ("is" in part) {
      result?.push(part);
      continue;
    }
    const state = lookup(request, part.variable);
    if (state === "absent") {
      if (part.fallback === undefined) return "none";
      result?.push(...literal(part.fallback));
    } else if (state === "unknown" || isList(state.value) || state.value === "") {
      // Another variable may yet have no value at all.
      result = undefined;
      if (
        found.some(
          (other) => !("is" in other) && other.fallback === undefined && lookup(request, other.variable) === "absent",
        )
      )
        return "none";
    } else result?.push(...literal(asText(state.value)));
  }
  return result;
}

const isLiteral = (token: Token): boolean => "literal" in token;

function source(list: readonly Token[], star: string, one: string): string {
  return list
    .map((token) =>
      isLiteral(token) ? token.is.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&") : token.is === "star" ? star : one,
    )
    .join("");
}

function whole(list: readonly Token[]): RegExp {
  return new RegExp(`^${source(list, "[\\s\\S]*", "[\\s\\S]")}$`, "u");
}

function plain(list: readonly Token[]): string {
  return list.map((token) => (isLiteral(token) ? token.is : token.is === "star" ? "*" : "?")).join("");
}

/** The six parts of an ARN; the last may have colons. */
function segments(list: readonly Token[]): Token[][] {
  const found: Token[][] = [[]];
  for (const token of list) {
    if (isLiteral(token) && token.is === ":" && found.length < 6) found.push([]);
    else found.at(-1)?.push(token);
  }
  return found;
}

/** For `*`, and ARNs of six parts without variables in the first five. */
function naiveResource(pattern: string, request: NaiveRequest, variables: boolean): Told {
  const { resource } = request;
  if (/^\*+$/.test(pattern)) return true;
  if (resource === null) return false;
  const matches = (list: readonly Token[]): boolean => {
    const expression = segments(list).map((segment, i) => {
      if (i === 5) return source(segment, "[\\s\\S]*", "[\\s\\S]");
      const last = segment.at(-1);
      const reaches = last !== undefined && !isLiteral(last) && last.is === "star";
      return reaches ? `${source(segment.slice(0, -1), "[^:]*", "[^:]")}[\\s\\S]*` : source(segment, "[^:]*", "[^:]");
    });
    return new RegExp(`^${expression.join(":")}$`, "u").test(resource);
  };
  const list = filled(pattern, request, variables);
  if (list === "none") return false;
  if (list !== undefined) return matches(list);
  const widest = (parts(pattern, variables) ?? []).map((part): Token => ("is" in part ? part : { is: "star" }));
  return matches(widest) ? undefined : false;
}

function asText(value: Value): string {
  return value instanceof Date ? value.toISOString() : String(value);
}

function compare(kind: string, value: Value, wanted: string, request: NaiveRequest, variables: boolean): Told {
  const text = asText(value);
  const takesVariables = variables && /^(String|Arn|Bool)/.test(kind);
  switch (kind) {
    case "StringEquals":
    case "StringEqualsIgnoreCase": {
      const list = takesVariables ? filled(wanted, request, true) : tokens(wanted, false);
      if (list === "none") return false;
      if (list === undefined) return undefined;
      return kind === "StringEquals" ? plain(list) === text : plain(list).toLowerCase() === text.toLowerCase();
    }
    case "StringLike": {
      const list = filled(wanted, request, takesVariables);
      return list === undefined ? undefined : list !== "none" && whole(list).test(text);
    }
    case "ArnEquals":
    case "ArnLike": {
      if (!isArn(text)) return undefined;
      const list = filled(wanted, request, takesVariables);
      if (list === "none") return false;
      if (list === undefined || !isArn(plain(list))) return undefined;
      const [a, b] = [
        segments(list),
        segments(
          tokens(text, false).map(({ is }) => ({ is: is === "star" ? "*" : is === "one" ? "?" : is, literal: true })),
        ),
      ];
      return a.every((segment, i) => whole(segment).test(plain(b[i] ?? [])));
    }
    case "Bool": {
      const list = wanted.includes("$\u007b") ? filled(wanted, request, takesVariables) : tokens(wanted, false);
      if (bool(text) === undefined) return undefined;
      if (list === "none") return false;
      const asked = list === undefined ? undefined : bool(plain(list));
      return asked === undefined ? undefined : asked === bool(text);
    }
    case "BinaryEquals":
      return same(bytes(wanted), bytes(text));
    case "IpAddress":
      return isWithin(text, wanted);
    default: {
      const [, family, order = ""] = /^(Numeric|Date)(.*)$/.exec(kind) ?? [];
      const read = family === "Numeric" ? number : instant;
      const [a, b] = [
        value instanceof Date && family === "Date" ? BigInt(value.getTime()) * 1000n : read(text),
        read(wanted),
      ];
      if (a === undefined || b === undefined) return undefined;
      return (
        (order === "Equals" && a === b) ||
        (order.startsWith("Less") && a < b) ||
        (order.startsWith("Greater") && a > b) ||
        (order.endsWith("ThanEquals") && a === b)
      );
    }
  }
}

function same<T>(a: T | undefined, b: T | undefined): Told {
  return a === undefined || b === undefined ? undefined : a === b;
}

function isArn(text: string): boolean {
  return text.startsWith("arn:") && text.split(":").length >= 6;
}

function bool(text: string): boolean | undefined {
  return /^true$/i.test(text) ? true : /^false$/i.test(text) ? false : undefined;
}

function bytes(text: string): string | undefined {
  const isBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text);
  return isBase64 ? Buffer.from(text, "base64").toString("latin1") : undefined;
}

/** In units of 10^-40. */
function number(text: string): bigint | undefined {
  const [, sign = "", integer = "", fraction = ""] = /^(-?)([0-9]+)(?:\.([0-9]+))?$/.exec(text) ?? [];
  return integer === "" ? undefined : BigInt(`${sign}${integer}${fraction.padEnd(40, "0")}`);
}

/** In microseconds. */
function instant(text: string): bigint | undefined {
  if (/^-?[0-9]{1,15}$/.test(text) && !/^[0-9]{4}$/.test(text)) return BigInt(text) * 1_000_000n;
  const form =
    /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:t(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?(z|[+-]\d\d(?::?\d\d)?)?)?)?)?$/i;
  const [
    found,
    year = "",
    month = "01",
    day = "01",
    hour = "00",
    minute = "00",
    second = "00",
    fraction = "",
    zone = "z",
  ] = form.exec(text) ?? [];
  const moment = `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
  // The 30th of February is read as the 2nd of March, and so does not come back.
  const milliseconds = Date.parse(moment);
  if (found === undefined || Number.isNaN(milliseconds)) return undefined;
  if (`${new Date(milliseconds).toISOString().slice(0, 19)}Z` !== moment) return undefined;
  const [, sign = "+", hours = "0", minutes = "0"] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined;
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === "-" ? -1 : 1);
  return BigInt(milliseconds - offset) * 1000n + BigInt(fraction.padEnd(6, "0"));
}

function isWithin(text: string, range: string): Told {
  const [network = "", prefix, ...rest] = range.split("/");
  const [a, b] = [address(text), address(network)];
  const bits = prefix ?? String(b?.bits);
  if (a === undefined || b === undefined || rest.length > 0) return undefined;
  if (!/^(?:0|[1-9]\d{0,2})$/.test(bits) || Number(bits) > b.bits) return undefined;
  const ignored = BigInt(b.bits - Number(bits));
  return a.bits === b.bits && a.value >> ignored === b.value >> ignored;
}

function address(text: string): { readonly value: bigint; readonly bits: number } | undefined {
  const four = /^(.*:)?(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const numbers = four?.slice(2) ?? [];
  if (numbers.some((one) => !/^(?:0|[1-9]\d{0,2})$/.test(one) || Number(one) > 255)) return undefined;
  const low = numbers.reduce((sum, one) => sum * 256n + BigInt(one), 0n);
  if (!text.includes(":")) return four === null ? undefined : { value: low, bits: 32 };
  const hex = four === null ? text : `${four[1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`;
  const halves = hex.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const groups = halves.flat();
  const missing = 8 - groups.length;
  if (halves.length > 2 || groups.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const all = [...(halves[0] ?? []), ...new Array<string>(missing).fill("0"), ...(halves[1] ?? [])];
  return { value: all.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n), bits: 128 };
}
