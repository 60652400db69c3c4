import { TwoReadings } from "./member-value.ts";
import { decodeForm } from "./percent.ts";

/**
 * Goes through the parameters of a form in wire order: names are decoded, and values when they are asked for. Throws `TwoReadings` for what does
 * not decode.
 */
export function eachParameter(form: Uint8Array, visit: (name: string, value: () => string) => void): void {
  const text = Buffer.from(form.buffer, form.byteOffset, form.byteLength).toString("latin1");
  const decoded = (raw: string): string => {
    const value = decodeForm(raw);
    if (value === undefined) throw new TwoReadings("the form body does not decode");
    return value;
  };
  for (let start = 0; start <= text.length; ) {
    const next = text.indexOf("&", start);
    const end = next < 0 ? text.length : next;
    const equals = text.indexOf("=", start);
    const nameEnd = equals < 0 || equals > end ? end : equals;
    const name = text.slice(start, nameEnd);
    visit(/[%+]/.test(name) ? decoded(name) : name, () => decoded(text.slice(Math.min(nameEnd + 1, end), end)));
    start = end + 1;
  }
}
