/**
 * Parses JSON as `JSON.parse` does, but does not pass over a key that an object has twice. Policy documents, wherever
 * `isDocument` says there may be one, are then given as their text, for the evaluator to judge; elsewhere it is an error.
 */
export function readJson(text: string, isDocument: (path: string) => boolean): unknown {
  JSON.parse(text); // From here on the text is JSON.
  let at = 0;

  /** `path` is like `policies.identity[]`. */
  const value = (path: string): { readonly value: unknown; readonly doubled?: string } => {
    skip(SPACE);
    const start = at;
    const isList = text[at] === "[";
    if (!isList && text[at] !== "{") {
      const scalar = text[at] === '"' ? string() : skip(SCALAR);
      return { value: JSON.parse(scalar) };
    }
    const items: unknown[] = [];
    const members = new Map<string, unknown>();
    let doubled: string | undefined;
    at++;
    for (skip(SPACE); !"]}".includes(text[at] as string); skip(SEPARATOR)) {
      const key: unknown = isList ? undefined : JSON.parse(string());
      skip(SEPARATOR);
      const inner = value(isList ? `${path}[]` : path === "" ? String(key) : `${path}.${key}`);
      doubled ??= inner.doubled;
      if (typeof key !== "string") items.push(inner.value);
      else if (members.has(key)) doubled ??= key;
      else members.set(key, inner.value);
    }
    at++;
    if (doubled !== undefined && !isList && isDocument(path)) return { value: text.slice(start, at) };
    const read = isList ? items : Object.fromEntries(members);
    return doubled === undefined ? { value: read } : { value: read, doubled };
  };

  /** Goes over the string here, and returns it as it stands. An expression would not do: bodies have millions of characters. */
  const string = (): string => {
    const start = at;
    do {
      at = text.indexOf('"', at + 1);
    } while (isEscaped(text, at));
    at++;
    return text.slice(start, at);
  };

  /** Goes over what the expression matches here, and returns it. */
  const skip = (expression: RegExp): string => {
    expression.lastIndex = at;
    const found = expression.exec(text)?.[0] ?? "";
    at += found.length;
    return found;
  };

  const read = value("");
  if (read.doubled !== undefined) throw new Error(`the key ${JSON.stringify(read.doubled)} is there twice`);
  return read.value;
}

/** Whether the character at `at` has an odd number of backslashes before it. */
function isEscaped(text: string, at: number): boolean {
  let slash = at;
  while (text[slash - 1] === "\\") slash--;
  return (at - slash) % 2 === 1;
}

const SPACE = /[ \t\n\r]*/y;
const SEPARATOR = /[ \t\n\r,:]*/y;
const SCALAR = /[^ \t\n\r,\]}]+/y;
