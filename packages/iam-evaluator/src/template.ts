import { ABSENT, type ConditionKey, conditionKey, type RequestContext, textOf, UNKNOWN } from "./request-context.ts";
import { escapedCharacter } from "./wildcard.ts";

/**
 * A text of a policy of version 2012-10-17 that may hold variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`
 * (IAM User Guide, "IAM policy elements: Variables and tags"). The characters `${*}`, `${?}` and `${$}` are no variables.
 */
export interface Template {
  readonly text: string;
  /** In order: plain text, as written, and variables. */
  readonly parts: readonly (string | Variable)[];
  /** Whether a `${` in it is neither a variable nor one of the special characters: nobody knows what it means. */
  readonly malformed: boolean;
}

export interface Variable {
  readonly key: ConditionKey;
  /** What stands for a key that the request does not have. */
  readonly fallback: string | undefined;
}

export function parseTemplate(text: string): Template {
  const parts: (string | Variable)[] = [];
  let plain = "";
  let malformed = false;
  for (let at = 0; at < text.length; ) {
    const open = text.indexOf("${", at);
    if (open < 0) {
      plain += text.slice(at);
      break;
    }
    plain += text.slice(at, open);
    if (escapedCharacter(text, open) !== undefined) {
      plain += text.slice(open, open + 4);
      at = open + 4;
      continue;
    }
    VARIABLE.lastIndex = open;
    const [whole, name, fallback] = VARIABLE.exec(text) ?? [];
    if (whole === undefined || name === undefined) {
      malformed = true;
      plain += "${";
      at = open + 2;
      continue;
    }
    if (plain !== "") parts.push(plain);
    plain = "";
    parts.push({ key: conditionKey(name), fallback });
    at = open + whole.length;
  }
  if (plain !== "") parts.push(plain);
  return { text, parts, malformed };
}

/** Each part of it excludes what may follow, so there is nothing to try twice. */
const VARIABLE = /\$\{([^\s${},'][^${},']*)(?:, '((?:[^'$]|\$(?!\{))*)')?\}/y;

export function hasVariables({ parts }: Template): boolean {
  return parts.some((part) => typeof part !== "string");
}

export function variablesOf({ parts }: Template): readonly Variable[] {
  return parts.filter((part) => typeof part !== "string");
}

/** A variable has no value: the text equals nothing. */
export const VALUELESS: unique symbol = Symbol("valueless");
/** A variable's value is unknown, or has several values, or is empty: what the text says cannot be told. */
export const UNTOLD: unique symbol = Symbol("untold");

/**
 * The text with its variables replaced. `asPattern` keeps it a pattern, in which what the request says stands for
 * itself: an asterisk in a tag is an asterisk. Otherwise the text is taken literally, special characters replaced.
 */
export function substitute(
  { parts, malformed }: Template,
  context: RequestContext,
  asPattern: boolean,
): string | typeof VALUELESS | typeof UNTOLD {
  let text: string | typeof UNTOLD = malformed ? UNTOLD : "";
  let valueless = false;
  for (const part of parts) {
    let piece: string;
    if (typeof part === "string") {
      piece = asPattern ? part : unescaped(part);
    } else {
      const state = context.get(part.key);
      if (state === ABSENT) {
        if (part.fallback === undefined) valueless = true;
        piece = part.fallback ?? "";
      } else if (state === UNKNOWN || state === "" || Array.isArray(state)) {
        text = UNTOLD;
        continue;
      } else {
        // `as`: lists are gone, which the type of Array.isArray does not tell of readonly ones.
        piece = textOf(state as Exclude<typeof state, readonly string[]>);
      }
      if (asPattern) piece = escaped(piece);
    }
    if (text !== UNTOLD) text += piece;
  }
  // A variable without a value matches nothing, whatever the others are.
  return valueless ? VALUELESS : text;
}

/** The text without its special characters: `${*}` is an asterisk. */
function unescaped(text: string): string {
  return text.includes("${") ? text.replace(/\$\{([*?$])\}/g, "$1") : text;
}

/** The text as a pattern that only it matches. */
function escaped(text: string): string {
  return /[*?$]/.test(text) ? text.replace(/[*?$]/g, "$${$&}") : text;
}
