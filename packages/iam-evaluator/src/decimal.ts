/** A decimal number, exactly: 0.1 is a tenth, and 20-digit numbers keep their last digit. */
export interface Decimal {
  /** Enough to compare numbers of up to 15 digits, which doubles tell apart. */
  readonly approximate: number;
  /** Only where a double is not enough. */
  readonly digits: Digits | undefined;
}

interface Digits {
  readonly negative: boolean;
  /** Without leading zeros. */
  readonly integer: string;
  /** Without trailing zeros. */
  readonly fraction: string;
}

const MOST_EXACT_DIGITS = 15;
const DECIMAL = /^-?[0-9]+(?:\.[0-9]+)?$/;
/** Longer texts are no numbers anybody meant. */
const MOST_CHARACTERS = 512;

/** Reads an integer or a decimal; undefined for anything else, as `10abc`, `1e3` and the empty text. */
export function parseDecimal(text: string): Decimal | undefined {
  if (text.length > MOST_CHARACTERS || !DECIMAL.test(text)) return undefined;
  return { approximate: Number(text), digits: text.length <= MOST_EXACT_DIGITS ? undefined : digitsOf(text) };
}

/** Below, at or above zero as `a` is less than, equal to or greater than `b`. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.digits === undefined && b.digits === undefined) return a.approximate - b.approximate;
  return compareDigits(a.digits ?? digitsOf(plain(a.approximate)), b.digits ?? digitsOf(plain(b.approximate)));
}

/** A double of at most 15 digits, without an exponent. */
function plain(value: number): string {
  const text = String(value);
  return text.includes("e") ? value.toFixed(MOST_EXACT_DIGITS) : text;
}

function digitsOf(text: string): Digits {
  const [whole = "", fraction = ""] = text.replace("-", "").split(".");
  const digits = { integer: whole.replace(/^0+/, ""), fraction: trimEnd(fraction) };
  // There is no negative zero.
  return { ...digits, negative: text.startsWith("-") && (digits.integer !== "" || digits.fraction !== "") };
}

function trimEnd(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === 0x30) end--;
  return digits.slice(0, end);
}

function compareDigits(a: Digits, b: Digits): number {
  if (a.negative !== b.negative) return a.negative ? -1 : 1;
  const size =
    a.integer.length - b.integer.length || compareText(a.integer, b.integer) || compareText(a.fraction, b.fraction);
  return a.negative ? -size : size;
}

/** Digits after the point compare as texts: a prefix is the smaller. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
