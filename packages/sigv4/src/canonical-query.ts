import { uriReencode } from "./uri-encode.ts";

/**
 * The canonical form of a raw query (the text after `?`, undefined when there is none): each half of each parameter
 * decoded and encoded once, a missing `=` supplied, sorted by name and then value, duplicates kept. A `+` is a plus, and
 * `;` separates nothing. `X-Amz-Signature` is left out: it cannot sign itself.
 */
export function canonicalQuery(query: string | undefined): string {
  if (query === undefined || query === "") return "";
  const parameters: Parameter[] = [];
  for (const piece of query.split("&")) {
    if (piece === "") continue;
    const equals = piece.indexOf("=");
    const name = uriReencode(equals < 0 ? piece : piece.slice(0, equals), false);
    if (name === "X-Amz-Signature") continue;
    parameters.push({ name, value: equals < 0 ? "" : uriReencode(piece.slice(equals + 1), false) });
  }
  if (parameters.length > 1) parameters.sort(byNameThenValue);
  let canonical = "";
  for (const { name, value } of parameters) canonical += canonical === "" ? `${name}=${value}` : `&${name}=${value}`;
  return canonical;
}

interface Parameter {
  readonly name: string;
  readonly value: string;
}

// Encoded text is ASCII, so comparing code units compares bytes. Name first: in `a-=` and `a=` the order of the joined
// texts would be the wrong one, since `-` sorts before `=`.
function byNameThenValue(a: Parameter, b: Parameter): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  if (a.value !== b.value) return a.value < b.value ? -1 : 1;
  return 0;
}
