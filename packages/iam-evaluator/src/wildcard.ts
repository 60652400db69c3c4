/**
 * How the text of a pattern is read.
 * - `string`: `*` is any string, `?` any one character; so in actions and in StringLike.
 * - `arn`: the same after the fifth colon; before it a wildcard stays within its segment, as in ArnLike (IAM User Guide,
 *   "Amazon Resource Name (ARN) condition operators").
 * - `resource`: as `arn`, but for a `*` that is the last character of its segment, which may reach across colons (IAM
 *   User Guide, "IAM JSON policy elements: Resource").
 * - `...WithEscapes`: and `${*}`, `${?}`, `${$}` are those characters themselves (IAM User Guide, "Variables and tags",
 *   special characters), as in a policy of version 2012-10-17; in a resource only after the fifth colon.
 */
export type WildcardDialect =
  | "string"
  | "stringWithEscapes"
  | "arn"
  | "arnWithEscapes"
  | "resource"
  | "resourceWithEscapes";

/**
 * A compiled pattern. It is a chain of `tokens`, each of which takes one character (a code point): itself, or any
 * (`ANY`), or any but a colon (`ANY_IN_SEGMENT`). Before, between and after the tokens stand loops: `loops[i]` says what
 * may be skipped before token `i`. A `*` is a loop.
 */
export interface Wildcard {
  readonly text: string;
  readonly tokens: readonly number[];
  /** One more than tokens. */
  readonly loops: readonly Loop[];
  /** The literal text that every match begins with: its length, and its last two UTF-16 units. */
  readonly prefix: { readonly length: number; readonly last: number; readonly before: number };
  /** The literal pieces between unrestricted stars; absent when the pattern has `?` or a star bound to its segment. */
  readonly pieces: readonly string[] | undefined;
}

/** What a place in a pattern may skip: nothing, characters other than a colon, or anything. */
export type Loop = 0 | 1 | 2;
export const NO_LOOP = 0;
const SEGMENT_LOOP = 1;
export const ANY_LOOP = 2;

/** Any one character. */
export const ANY = -1;
/** Any one character but a colon. */
export const ANY_IN_SEGMENT = -2;

/** Counts the elementary steps of a match or comparison, for tests of its bounds. */
export interface StepMeter {
  steps: number;
}

const COLON = 0x3a;
const STAR = 0x2a;
const QUESTION = 0x3f;
const HEAD_COLONS = 5;

/** What sets the dialects apart: `reaches` is whether a `*` at the end of a segment goes on behind its colon. */
const DIALECTS = {
  string: { hasHead: false, reaches: false, escapesHead: false, escapes: false },
  stringWithEscapes: { hasHead: false, reaches: false, escapesHead: false, escapes: true },
  arn: { hasHead: true, reaches: false, escapesHead: false, escapes: false },
  arnWithEscapes: { hasHead: true, reaches: false, escapesHead: true, escapes: true },
  resource: { hasHead: true, reaches: true, escapesHead: false, escapes: false },
  resourceWithEscapes: { hasHead: true, reaches: true, escapesHead: false, escapes: true },
} as const;

/** Compiles a pattern. Every text is a pattern; policy text never becomes a regular expression. */
export function compileWildcard(text: string, dialect: WildcardDialect): Wildcard {
  const tokens: number[] = [];
  const loops: Loop[] = [NO_LOOP];
  const pieces: string[] = [];
  let piece = "";
  let simple = true;
  const { hasHead, reaches, escapesHead, escapes } = DIALECTS[dialect];
  let colons = hasHead ? 0 : HEAD_COLONS;

  for (let at = 0; at < text.length; ) {
    const code = text.codePointAt(at) as number;
    const inHead = colons < HEAD_COLONS;
    if (code === STAR) {
      // A run of stars is one star.
      while (text.charCodeAt(at + 1) === STAR) at++;
      const loop = inHead && !(reaches && endsSegment(text, at + 1)) ? SEGMENT_LOOP : ANY_LOOP;
      loops[loops.length - 1] = loop;
      if (loop === SEGMENT_LOOP) simple = false;
      pieces.push(piece);
      piece = "";
      at++;
      continue;
    }
    const escaped = escapes && (escapesHead || !inHead) ? escapedCharacter(text, at) : undefined;
    if (escaped !== undefined) {
      tokens.push(escaped.charCodeAt(0));
      piece += escaped;
      at += 4;
    } else if (code === QUESTION) {
      tokens.push(inHead ? ANY_IN_SEGMENT : ANY);
      simple = false;
      at++;
    } else {
      if (code === COLON) colons++;
      const character = String.fromCodePoint(code);
      tokens.push(code);
      piece += character;
      at += character.length;
    }
    loops.push(NO_LOOP);
  }
  pieces.push(piece);
  return { text, tokens, loops, prefix: prefixOf(tokens, loops), pieces: simple ? pieces : undefined };
}

/** Rules out most texts that do not match by a look at two of their characters. */
export function mayMatch({ prefix }: Wildcard, text: string): boolean {
  const { length, last, before } = prefix;
  return length < 2 || (text.charCodeAt(length - 1) === last && text.charCodeAt(length - 2) === before);
}

function prefixOf(tokens: readonly number[], loops: readonly Loop[]): Wildcard["prefix"] {
  let end = 0;
  while (end < tokens.length && (tokens[end] as number) >= 0 && loops[end] === NO_LOOP) end++;
  let tail = "";
  let length = 0;
  for (let i = 0; i < end; i++) {
    const character = String.fromCodePoint(tokens[i] as number);
    length += character.length;
    if (i >= end - 2) tail += character;
  }
  return { length, last: tail.charCodeAt(tail.length - 1), before: tail.charCodeAt(tail.length - 2) };
}

/** Whether the pattern is the one text it returns, and no other. */
export function literalOf({ pieces }: Wildcard): string | undefined {
  return pieces?.length === 1 ? pieces[0] : undefined;
}

/** Whether the pattern is `*`: it matches everything. */
export function isAnything({ tokens, loops }: Wildcard): boolean {
  return tokens.length === 0 && loops[0] === ANY_LOOP;
}

/** The character a `${*}`, `${?}` or `${$}` at this place stands for. */
export function escapedCharacter(text: string, at: number): "*" | "?" | "$" | undefined {
  if (text[at] !== "$" || text[at + 1] !== "{" || text[at + 3] !== "}") return undefined;
  const character = text[at + 2];
  return character === "*" || character === "?" || character === "$" ? character : undefined;
}

/** Whether a segment, or the text, ends here. */
function endsSegment(text: string, at: number): boolean {
  return at === text.length || text.charCodeAt(at) === COLON;
}
