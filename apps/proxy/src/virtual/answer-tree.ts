/**
 * A response body as a tree whose values know the bytes they came from, so that single values can be replaced and
 * every other byte stays. The readers of JSON, XML and CBOR make it; they throw `UnreadableAnswer` for anything that is
 * not plainly well-formed.
 */
export type AnswerNode =
  | { readonly kind: "map"; readonly members: readonly (readonly [name: string, value: AnswerNode])[] }
  | { readonly kind: "list"; readonly items: readonly AnswerNode[] }
  | AnswerValue;

export interface AnswerValue {
  readonly kind: "value";
  /** Text, a number, or null for what is neither. */
  readonly value: string | number | null;
  /** The bytes that spell it, end exclusive. */
  readonly start: number;
  readonly end: number;
}

/** A response body that is not what it says it is, or that has more than one reading. */
export class UnreadableAnswer extends Error {
  override readonly name = "UnreadableAnswer";
}

/** How deep a body may nest: AWS's own answers stay far below. */
export const maxDepth = 64;

/** The one member of that name: undefined when there is none, `UnreadableAnswer` when there are more. */
export function member(node: AnswerNode, name: string): AnswerNode | undefined {
  if (node.kind !== "map") return undefined;
  const found = node.members.filter(([key]) => key === name);
  if (found.length > 1) throw new UnreadableAnswer(`${name} is there more than once`);
  return found[0]?.[1];
}
