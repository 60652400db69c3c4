/** A way to a member of an operation's input: `Items[].Put.TableName`, `RequestItems{key}`. */
export interface MemberPath {
  /** As it is written. */
  readonly text: string;
  /** Belongs to the element of a `forEach` (`.Put`), or to the whole input. */
  readonly relative: boolean;
  readonly steps: readonly Step[];
  /** How many steps lead to the innermost list or map it goes through; 0 when it goes through none. */
  readonly iterates: number;
}

/** A field by name, the value of a map's key (`{:Key}`), each element of a list (`[]`), each value of a map (`{}`) or each of its keys (`{key}`). */
export type Step = { readonly field: string } | { readonly entry: string } | "each" | "values" | "keys";

/** Reads a path. Throws `SyntaxError` when it is none. */
export function parsePath(text: string): MemberPath {
  const relative = text.startsWith(".");
  const steps: Step[] = [];
  const token = /\.?([^.[\]{}|:]+)|\[\]|\{\}|\{key\}|\{:([^{}|]+)\}/y;
  const from = relative && text.length === 1 ? 1 : 0;
  for (let at = from; at < text.length; at = token.lastIndex) {
    token.lastIndex = at;
    const found = token.exec(text);
    if (found === null) throw new SyntaxError(`${text} is not a path to a member`);
    const [whole, field, entry] = found;
    if (field !== undefined) steps.push({ field });
    else if (entry !== undefined) steps.push({ entry });
    else steps.push(whole === "[]" ? "each" : whole === "{}" ? "values" : "keys");
  }
  return { text, relative, steps, iterates: steps.findLastIndex((step) => typeof step === "string") + 1 };
}
