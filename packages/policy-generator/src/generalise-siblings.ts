import { freeFrom } from "./generalise-ids.ts";

/**
 * Where at least `least` different names stand beside each other below one parent, they become what they have in common
 * at their beginning and end, with `*` between. The resources are as a policy writes them, of one action. Returns what
 * each of those that changed became. Names with nothing before them but a type (`table/…`) need a beginning in common;
 * below an S3 bucket or a path there is one already.
 */
export function generaliseSiblings(resources: Iterable<string>, least: number): Map<string, string> {
  const roots = new Map<string, Node>();
  for (const text of resources) {
    const from = freeFrom(text);
    if (from === undefined || text.length > LONGEST) continue;
    const head = text.slice(0, from);
    const root = roots.get(head) ?? node();
    roots.set(head, root);
    add(root, text.slice(from), text);
  }
  const became = new Map<string, string>();
  for (const [head, root] of roots) collapse(root, head, head.includes("/"), least, became);
  return became;
}

interface Node {
  readonly children: Map<string, Node>;
  /** The resource that ends here. */
  text: string | undefined;
}

function node(): Node {
  return { children: new Map(), text: undefined };
}

/** Names end with the separator after them, if there is one. */
function add(root: Node, path: string, text: string): void {
  let at = root;
  for (const name of path.match(/[^/:]*[/:]|[^/:]+$/g) ?? []) {
    const next = at.children.get(name) ?? node();
    at.children.set(name, next);
    at = next;
  }
  at.text = text;
}

function collapse(at: Node, path: string, named: boolean, least: number, became: Map<string, string>): void {
  const names = [...at.children.keys()];
  if (names.length >= least) {
    const start = commonStart(names);
    if (start.length >= SHORTEST_START || named) {
      const leaves = [...at.children.values()].every(({ children }) => children.size === 0);
      const end = leaves ? commonEnd(names, start.length) : "";
      for (const text of textsBelow(at)) became.set(text, `${path}${start}*${end}`);
      return;
    }
  }
  for (const [name, child] of at.children) {
    // `table/` is a type, `reports/2026/` a path.
    collapse(child, path + name, named || !TYPE_END.test(path), least, became);
  }
}

/** An ARN up to its resource: what follows is the resource's type. */
const TYPE_END = /^(?:[^:]*:){5}$/;
const SHORTEST_START = 3;
const LONGEST = 2048;

function* textsBelow({ children }: Node): Generator<string> {
  for (const child of children.values()) {
    if (child.text !== undefined) yield child.text;
    yield* textsBelow(child);
  }
}

/** Up to a separator: `part-0001` and `part-0002` have `part-` in common, not `part-000`. */
function commonStart(names: readonly string[]): string {
  const [first = "", ...others] = names;
  let length = first.length;
  for (const name of others) {
    let same = 0;
    while (same < length && name[same] === first[same]) same++;
    length = same;
  }
  return /^.*[-_.=@+]/s.exec(first.slice(0, length))?.[0] ?? "";
}

/** From the last dot: `.csv`. */
function commonEnd(names: readonly string[], taken: number): string {
  const [first = "", ...others] = names;
  const end = /\.[A-Za-z0-9]+$/.exec(first.slice(taken))?.[0] ?? "";
  return others.every((name) => name.length - end.length >= taken && name.endsWith(end)) ? end : "";
}
