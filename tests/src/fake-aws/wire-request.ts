/** A request as it stood on the wire, whole. Header values are latin1: one char code is one byte. */
export interface WireRequest {
  readonly method: string;
  /** The request target, byte for byte. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly trailers: readonly (readonly [name: string, value: string])[];
  /** The body after the transfer coding was taken off; `aws-chunked` is still on. */
  readonly body: Buffer;
}

/** The values of every line with that name (lower-case). */
export function valuesOf(headers: WireRequest["headers"], name: string): string[] {
  return headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
}

/** The raw path and the raw query of a request target. */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const mark = target.indexOf("?");
  return mark < 0 ? { path: target, query: "" } : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}
