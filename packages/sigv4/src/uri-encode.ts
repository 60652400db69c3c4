import { hexDigit } from "./hex-digit.ts";

/**
 * SigV4's URI encoding of bytes (latin1 text): everything but RFC 3986's unreserved characters becomes `%XX`, with
 * upper-case hex. `/` is kept where `keepSlash` says so.
 */
export function uriEncode(text: string, keepSlash: boolean): string {
  if (isPlain(text, keepSlash)) return text;
  let encoded = "";
  for (let i = 0; i < text.length; i++) encoded += encodeByte(text.charCodeAt(i), keepSlash);
  return encoded;
}

/** The same text percent-decoded once and then encoded: lower-case hex and needless escapes go, `%2F` stays data. */
export function uriReencode(text: string, keepSlash: boolean): string {
  if (isPlain(text, keepSlash)) return text;
  let encoded = "";
  for (let i = 0; i < text.length; i++) {
    const byte = escapedByte(text, i);
    if (byte === undefined) {
      encoded += encodeByte(text.charCodeAt(i), keepSlash);
    } else {
      encoded += encodeByte(byte, false);
      i += 2;
    }
  }
  return encoded;
}

/** Percent-decoded bytes, as latin1 text. `+` is a plus, and a `%` that begins no escape is a percent sign. */
export function uriDecode(text: string): string {
  if (!text.includes("%")) return text;
  let decoded = "";
  for (let i = 0; i < text.length; i++) {
    const byte = escapedByte(text, i);
    if (byte === undefined) {
      decoded += text[i];
    } else {
      decoded += String.fromCharCode(byte);
      i += 2;
    }
  }
  return decoded;
}

const UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
const SLASH = 0x2f;
const PERCENT = 0x25;

const PLAIN: Uint8Array = new Uint8Array(256);
for (const char of UNRESERVED) PLAIN[char.charCodeAt(0)] = 1;

const ENCODED: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  PLAIN[byte] ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
);

function isPlain(text: string, keepSlash: boolean): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (PLAIN[code] !== 1 && !(keepSlash && code === SLASH)) return false;
  }
  return true;
}

function encodeByte(byte: number, keepSlash: boolean): string {
  if (keepSlash && byte === SLASH) return "/";
  const encoded = ENCODED[byte];
  if (encoded === undefined) throw new RangeError("a request target is latin1 text: one character per byte");
  return encoded;
}

/** The byte of the escape that begins at `at`, or undefined when none does. */
function escapedByte(text: string, at: number): number | undefined {
  if (text.charCodeAt(at) !== PERCENT) return undefined;
  const high = hexDigit(text.charCodeAt(at + 1));
  const low = hexDigit(text.charCodeAt(at + 2));
  return high < 0 || low < 0 ? undefined : high * 16 + low;
}
