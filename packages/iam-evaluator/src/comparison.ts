import type { ContextValue } from "@iap/aws-core";
import type { ComparisonKind } from "./condition-operator.ts";
import { compareDecimals, type Decimal, parseDecimal } from "./decimal.ts";
import { parseInstant } from "./instant.ts";
import { type IpRange, isInRange, parseIpAddress, parseIpRange } from "./ip-range.ts";
import type { RequestContext } from "./request-context.ts";
import { textOf } from "./request-context.ts";
import { hasVariables, parseTemplate, substitute, type Template, UNTOLD, VALUELESS } from "./template.ts";
import { NO, type Truth, truthOf, UNDETERMINED, YES } from "./truth.ts";
import { compileWildcard, type Wildcard, type WildcardDialect } from "./wildcard.ts";
import { matchesWildcard } from "./wildcard-match.ts";

/** One value of a condition key in a request. */
export type Scalar = Exclude<ContextValue, readonly string[]>;

/** Whether a value of the request compares with any of the policy's values; the contrary is the operator's business. */
export type Comparison = (value: Scalar, context: RequestContext) => Truth;

export interface ComparisonOptions {
  /** Whether `${...}` is a variable: in policies of version 2012-10-17. */
  readonly variables: boolean;
}

/**
 * Compiles the values of a condition. A value of the policy that its operator cannot read compares with nothing for
 * certain, and neither does a value of the request.
 */
export function compileComparison(
  kind: Exclude<ComparisonKind, "Null">,
  values: readonly string[],
  { variables }: ComparisonOptions,
): Comparison {
  switch (kind) {
    case "StringEquals":
      return compareTexts(values, variables, (text) => text);
    case "StringEqualsIgnoreCase":
      return compareTexts(values, variables, (text) => text.toLowerCase());
    case "StringLike":
      return comparePatterns(values, variables, "string", () => true);
    case "ArnLike":
      return comparePatterns(values, variables, "arn", isArn);
    case "Bool":
      return compareTexts(values, variables, readBoolean);
    case "NumericEquals":
    case "NumericLessThan":
    case "NumericLessThanEquals":
    case "NumericGreaterThan":
    case "NumericGreaterThanEquals":
      return compareOrdered<Decimal>(
        values,
        readDecimal,
        compareDecimals,
        ORDERS[kind.slice("Numeric".length) as Order],
      );
    case "DateEquals":
    case "DateLessThan":
    case "DateLessThanEquals":
    case "DateGreaterThan":
    case "DateGreaterThanEquals":
      return compareOrdered<number>(values, readInstant, (a, b) => a - b, ORDERS[kind.slice("Date".length) as Order]);
    case "IpAddress":
      return compareAddresses(values);
    case "BinaryEquals":
      return compareTexts(values, false, readBase64);
  }
}

/** Whether the operator can read a value as a policy has it, variables aside. */
export function isOperand(kind: ComparisonKind, value: string): boolean {
  switch (kind) {
    case "Bool":
    case "Null":
      return readBoolean(value) !== undefined;
    case "IpAddress":
      return parseIpRange(value) !== undefined;
    case "ArnLike":
      return isArn(value);
    case "BinaryEquals":
      return readBase64(value) !== undefined;
    default:
      if (kind.startsWith("Numeric")) return parseDecimal(value) !== undefined;
      if (kind.startsWith("Date")) return parseInstant(value) !== undefined;
      return true;
  }
}

/** `true` or `false`, in any case. */
export function readBoolean(text: string): "true" | "false" | undefined {
  const lower = text.toLowerCase();
  return lower === "true" || lower === "false" ? lower : undefined;
}

type Order = "Equals" | "LessThan" | "LessThanEquals" | "GreaterThan" | "GreaterThanEquals";

const ORDERS: Readonly<Record<Order, (difference: number) => boolean>> = {
  Equals: (difference) => difference === 0,
  LessThan: (difference) => difference < 0,
  LessThanEquals: (difference) => difference <= 0,
  GreaterThan: (difference) => difference > 0,
  GreaterThanEquals: (difference) => difference >= 0,
};

/** Equality of what `read` makes of both sides; what it makes nothing of is undetermined. */
function compareTexts(
  values: readonly string[],
  variables: boolean,
  read: (text: string) => string | undefined,
): Comparison {
  const texts = new Set<string>();
  const templates: Template[] = [];
  let unreadable = false;
  for (const value of values) {
    const template = variables ? parseTemplate(value) : undefined;
    if (template !== undefined && (hasVariables(template) || template.malformed || value.includes("${"))) {
      templates.push(template);
      continue;
    }
    const text = read(value);
    if (text === undefined) unreadable = true;
    else texts.add(text);
  }
  const isEmpty = values.length === 0;
  return (value, context) => {
    if (isEmpty) return NO;
    const text = read(textOf(value));
    if (text === undefined) return UNDETERMINED;
    if (texts.has(text)) return YES;
    let found: Truth = unreadable ? UNDETERMINED : NO;
    for (const template of templates) {
      const filled = substitute(template, context, false);
      if (filled === VALUELESS) continue;
      const other = filled === UNTOLD ? undefined : read(filled);
      if (other === text) return YES;
      if (other === undefined) found = UNDETERMINED;
    }
    return found;
  };
}

function comparePatterns(
  values: readonly string[],
  variables: boolean,
  base: "string" | "arn",
  isReadable: (text: string) => boolean,
): Comparison {
  const dialect: WildcardDialect = variables ? `${base}WithEscapes` : base;
  const patterns: Wildcard[] = [];
  const templates: ((context: RequestContext) => Wildcard | typeof VALUELESS | undefined)[] = [];
  let unreadable = false;
  for (const value of values) {
    const template = variables ? parseTemplate(value) : undefined;
    if (template !== undefined && (hasVariables(template) || template.malformed)) {
      templates.push(fillPattern(template, dialect, isReadable));
    } else if (isReadable(value)) patterns.push(compileWildcard(value, dialect));
    else unreadable = true;
  }
  const isEmpty = values.length === 0;
  return (value, context) => {
    if (isEmpty) return NO;
    const text = textOf(value);
    if (!isReadable(text)) return UNDETERMINED;
    for (const pattern of patterns) if (matchesWildcard(pattern, text)) return YES;
    let found: Truth = unreadable ? UNDETERMINED : NO;
    for (const fill of templates) {
      const pattern = fill(context);
      if (pattern === VALUELESS) continue;
      if (pattern === undefined) found = UNDETERMINED;
      else if (matchesWildcard(pattern, text)) return YES;
    }
    return found;
  };
}

/** Compiles the pattern that a template becomes in a request, and keeps the last one. Undefined when it cannot be told. */
export function fillPattern(
  template: Template,
  dialect: WildcardDialect,
  isReadable: (text: string) => boolean = () => true,
): (context: RequestContext) => Wildcard | typeof VALUELESS | undefined {
  let last: Wildcard | undefined;
  return (context) => {
    const text = substitute(template, context, true);
    if (text === VALUELESS) return VALUELESS;
    if (text === UNTOLD || text.length > MOST_PATTERN_CHARACTERS || !isReadable(text)) return undefined;
    if (last?.text !== text) last = compileWildcard(text, dialect);
    return last;
  };
}

/** A pattern that a request has made longer is not compiled: it costs memory by its length and by its alphabet. */
const MOST_PATTERN_CHARACTERS = 8192;

/** An ARN in six parts, as ArnLike compares them: there must be five colons, and the first part is `arn`. */
function isArn(text: string): boolean {
  if (!text.startsWith("arn:")) return false;
  let at = -1;
  for (let colons = 0; colons < 5; colons++) {
    at = text.indexOf(":", at + 1);
    if (at < 0) return false;
  }
  return true;
}

function compareOrdered<T>(
  values: readonly string[],
  read: (value: Scalar) => T | undefined,
  compare: (a: T, b: T) => number,
  holds: (difference: number) => boolean,
): Comparison {
  const operands: T[] = [];
  for (const value of values) {
    const operand = read(value);
    if (operand !== undefined) operands.push(operand);
  }
  const none: Truth = operands.length < values.length ? UNDETERMINED : NO;
  return (value) => {
    if (values.length === 0) return NO;
    const mine = read(value);
    if (mine === undefined) return UNDETERMINED;
    for (const operand of operands) if (holds(compare(mine, operand))) return YES;
    return none;
  };
}

function readDecimal(value: Scalar): Decimal | undefined {
  return parseDecimal(textOf(value));
}

function readInstant(value: Scalar): number | undefined {
  if (value instanceof Date) return value.getTime();
  return typeof value === "boolean" ? undefined : parseInstant(String(value));
}

function compareAddresses(values: readonly string[]): Comparison {
  const ranges: IpRange[] = [];
  for (const value of values) {
    const range = parseIpRange(value);
    if (range !== undefined) ranges.push(range);
  }
  const none: Truth = ranges.length < values.length ? UNDETERMINED : NO;
  return (value) => {
    if (values.length === 0) return NO;
    const address = parseIpAddress(textOf(value));
    if (address === undefined) return UNDETERMINED;
    for (const range of ranges) if (isInRange(address, range)) return truthOf(true);
    return none;
  };
}

/** One spelling for each sequence of bytes; undefined for what is not base64 (RFC 4648, section 4, padding required). */
function readBase64(text: string): string | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  return Buffer.from(text, "base64").toString("hex");
}
