import { decodePercent } from "./percent.ts";
import type { QueryString } from "./query-string.ts";
import type { OperationEntry, Shard } from "./shard.ts";

/** The REST operations of a service, arranged by the segments of their paths. */
export interface RestTrie {
  readonly root: TrieNode;
}

interface TrieNode {
  readonly literals: Map<string, TrieNode>;
  label: TrieNode | undefined;
  greedy: TrieNode | undefined;
  readonly leaves: Leaf[];
}

interface Leaf {
  readonly operation: string;
  readonly method: string;
  readonly literals: readonly (readonly [name: string, value: string | undefined])[];
  readonly requiredQuery: readonly string[];
  readonly requiredHeaders: readonly string[];
}

export interface RestRequest {
  readonly method: string;
  /** Raw, undecoded. */
  readonly path: string;
  readonly query: QueryString;
  readonly hasHeader: (name: string) => boolean;
}

export function buildTrie(shard: Shard): RestTrie {
  const root = node();
  for (const [operation, entry] of Object.entries(shard.operations)) {
    if (typeof entry === "string") continue;
    for (const wire of entry.w ?? []) insert(root, operation, wire, entry);
  }
  return { root };
}

/**
 * The operations a request can be: usually one; several when they are the same on the wire; none when nothing
 * matches. A string says why the path has two readings. Segments are compared raw: a literal beats a label, a label a
 * greedy label; then the operation with the most literal query keys wins, then the one with the most required members
 * that are there.
 */
export function matchRest({ root }: RestTrie, request: RestRequest): readonly string[] | string {
  const segments = request.path.slice(1).split("/");
  if (segments.length > 1 && segments.at(-1) === "") segments.pop();
  if (segments.length === 1 && segments[0] === "") segments.pop();
  for (const segment of segments) {
    const decoded = decodePercent(segment);
    if (decoded === undefined) return "the path does not decode";
    // Some servers take what follows it away (RFC 3986, section 3.3) before they route.
    if (segment.includes(";")) return "the path holds a semicolon that is not percent-encoded";
    if (decoded === "" || decoded === "." || decoded === "..") return "the path holds an empty or dot segment";
  }
  return walk(root, segments, 0, request);
}

function node(): TrieNode {
  return { literals: new Map(), label: undefined, greedy: undefined, leaves: [] };
}

function insert(root: TrieNode, operation: string, wire: string, entry: OperationEntry): void {
  const space = wire.indexOf(" ");
  const [path = "", query] = wire.slice(space + 1).split("?");
  let at = root;
  for (const segment of path.split("/").filter((part) => part !== "")) {
    if (!segment.startsWith("{")) {
      const next = at.literals.get(segment) ?? node();
      at.literals.set(segment, next);
      at = next;
    } else if (segment.endsWith("+}")) {
      at.greedy ??= node();
      at = at.greedy;
    } else {
      at.label ??= node();
      at = at.label;
    }
  }
  const literals = (query === undefined ? [] : query.split("&")).map((pair) => {
    const [name = "", value] = pair.split("=");
    return [name, value] as const;
  });
  at.leaves.push({
    operation,
    method: wire.slice(0, space),
    literals,
    requiredQuery: entry.q ?? [],
    requiredHeaders: entry.h ?? [],
  });
}

function walk(
  at: TrieNode,
  segments: readonly string[],
  depth: number,
  request: RestRequest,
): readonly string[] | string {
  if (depth === segments.length) return choose(at.leaves, request);
  const segment = segments[depth] as string;
  const literal = at.literals.get(segment);
  if (literal !== undefined) {
    const found = walk(literal, segments, depth + 1, request);
    if (found.length > 0) return found;
  } else if (segment.includes("%") && at.literals.has(decodePercent(segment) as string)) {
    // AWS may decode before it routes: `/a/speci%61l` must not pass as the label of `/a/{id}`.
    return "a fixed part of the path is percent-encoded";
  }
  if (at.label !== undefined) {
    const found = walk(at.label, segments, depth + 1, request);
    if (found.length > 0) return found;
  }
  if (at.greedy !== undefined) {
    for (let end = depth + 1; end <= segments.length; end++) {
      // With a fixed tail the shortest greedy part that fits it wins; without one, it takes all.
      const found = walk(at.greedy, segments, end, request);
      if (found.length > 0) return found;
    }
  }
  return [];
}

function choose(leaves: readonly Leaf[], { method, query, hasHeader }: RestRequest): readonly string[] | string {
  for (const [key] of query) {
    const isOtherCase = ([name]: Leaf["literals"][number]): boolean =>
      key !== name && key.toLowerCase() === name.toLowerCase();
    if (leaves.some((leaf) => leaf.method === method && leaf.literals.some(isOtherCase)))
      return `the query parameter ${key} is not spelled as the API has it`;
  }
  const fits = leaves.filter(
    (leaf) =>
      leaf.method === method &&
      leaf.literals.every(([name, value]) =>
        query.some(([key, given]) => key === name && (value === undefined || given === value)),
      ),
  );
  const keys = fits.flatMap((leaf) => leaf.literals.map(([name]) => name));
  for (const key of new Set(keys)) {
    if (query.filter(([name]) => name === key).length > 1) return `the query parameter ${key} is there more than once`;
  }
  const exact = most(fits, (leaf) => leaf.literals.length);
  const complete = exact.filter(
    (leaf) =>
      leaf.requiredQuery.every((name) => query.some(([key]) => key === name)) && leaf.requiredHeaders.every(hasHeader),
  );
  const left = most(complete.length > 0 ? complete : exact, (leaf) =>
    complete.length > 0 ? leaf.requiredQuery.length + leaf.requiredHeaders.length : 0,
  );
  return [...new Set(left.map((leaf) => leaf.operation))];
}

function most<T>(items: readonly T[], count: (item: T) => number): readonly T[] {
  const top = items.reduce((max, item) => Math.max(max, count(item)), 0);
  return items.filter((item) => count(item) === top);
}
