const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Percent-decodes latin1 text (one char per byte, as it stood on the wire) to Unicode. Undefined where a `%` is not
 * followed by two hex digits or the bytes are not UTF-8. `+` stays a plus sign.
 */
export function decodePercent(raw: string): string | undefined {
  let plain = true;
  for (let i = 0; i < raw.length; i++) {
    const code = raw.charCodeAt(i);
    if (code === 0x25 || code > 0x7f) {
      plain = false;
      break;
    }
  }
  if (plain) return raw;
  const bytes = new Uint8Array(raw.length);
  let length = 0;
  for (let i = 0; i < raw.length; i++) {
    let code = raw.charCodeAt(i);
    if (code > 0xff) return undefined;
    if (code === 0x25) {
      const high = hexValue(raw.charCodeAt(i + 1));
      const low = hexValue(raw.charCodeAt(i + 2));
      if (high < 0 || low < 0) return undefined;
      code = high * 16 + low;
      i += 2;
    }
    bytes[length++] = code;
  }
  try {
    return utf8.decode(bytes.subarray(0, length));
  } catch {
    return undefined;
  }
}

/** The same for a form's names and values, where `+` is a space (WHATWG URL, application/x-www-form-urlencoded). */
export function decodeForm(raw: string): string | undefined {
  return decodePercent(raw.includes("+") ? raw.replaceAll("+", "%20") : raw);
}

/** Percent-encodes all but RFC 3986's unreserved characters, as SDKs encode what they put into a path. */
export function encodePercent(text: string): string {
  const hex = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, hex);
}

function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
