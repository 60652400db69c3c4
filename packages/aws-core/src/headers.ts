/**
 * Header lines as they stood on the wire: order, case and duplicates kept. Values are latin1 strings, as Node's
 * `rawHeaders` gives them: a signature covers bytes, and each char code is one byte.
 */
export type Headers = readonly HeaderLine[];
export type HeaderLine = readonly [name: string, value: string];

/** The values of every line named `name`, in wire order; `name` is lower-case. */
export function headerValues(headers: Headers, name: string): readonly string[] {
  const values: string[] = [];
  for (const [key, value] of headers) {
    if (key.length === name.length && key.toLowerCase() === name) values.push(value);
  }
  return values;
}

/** The value of the first line named `name` (lower-case), or undefined. */
export function headerValue(headers: Headers, name: string): string | undefined {
  for (const [key, value] of headers) {
    if (key.length === name.length && key.toLowerCase() === name) return value;
  }
  return undefined;
}

/** The headers without the lines that `drop` names (it is given the lower-case name). */
export function withoutHeaders(headers: Headers, drop: (name: string) => boolean): Headers {
  return headers.filter(([key]) => !drop(key.toLowerCase()));
}

/** Node's flat `rawHeaders` as lines. */
export function headersFromRaw(raw: readonly string[]): Headers {
  const headers: HeaderLine[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) headers.push([raw[i] as string, raw[i + 1] as string]);
  return headers;
}

/** Lines as Node's `writeHead` and `request` take them: flat, name and value in turn. */
export function rawHeaders(headers: Headers): string[] {
  const raw: string[] = [];
  for (const [name, value] of headers) raw.push(name, value);
  return raw;
}
