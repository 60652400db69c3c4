import type { Step } from "./member-path.ts";

/** The members of an input that are to be read, as a tree. */
export interface Wanted {
  readonly fields: Map<string, Wanted>;
  each: Wanted | undefined;
  values: Wanted | undefined;
  keys: boolean;
}

export function newWanted(): Wanted {
  return { fields: new Map(), each: undefined, values: undefined, keys: false };
}

/** Adds a path to what is wanted. */
export function want(root: Wanted, steps: readonly Step[]): void {
  let at = root;
  for (const step of steps) {
    if (step === "keys") {
      at.keys = true;
      return;
    }
    if (step === "each") {
      at.each ??= newWanted();
      at = at.each;
    } else if (step === "values" || (typeof step === "object" && "entry" in step)) {
      at.values ??= newWanted();
      at = at.values;
    } else {
      const next = at.fields.get(step.field) ?? newWanted();
      at.fields.set(step.field, next);
      at = next;
    }
  }
}

/** A wanted member with its names on the wire of one protocol. */
export interface OnWire {
  readonly fields: ReadonlyMap<string, { readonly member: string; readonly node: OnWire }>;
  /** Names that differ from a wanted one by letter case alone, or are its name in the model, have two readings. */
  readonly folded: ReadonlySet<string>;
  readonly each: OnWire | undefined;
  readonly values: OnWire | undefined;
  readonly keys: boolean;
  /**
   * What stands between a list and its elements: `member`; empty when the elements follow directly (flattened). Of a map: the names of its
   * entries, keys and values.
   */
  readonly item: string;
  readonly entry: readonly [entry: string, key: string, value: string];
}

export interface WireNames {
  /** By path: the name of a field (`Tags`), of a list's elements (`Tags[]`), of a map's entries (`Tags{}`: `entry,key,value`). */
  readonly names: Readonly<Record<string, string>>;
  /** The name of a field that `names` does not have. */
  readonly field: (member: string) => string;
  readonly item: string;
}

/** Gives wanted members their names on the wire. */
export function onWire(wanted: Wanted, wire: WireNames, path = ""): OnWire {
  const { names } = wire;
  const fields = new Map<string, { readonly member: string; readonly node: OnWire }>();
  for (const [member, child] of wanted.fields) {
    const at = path === "" ? member : `${path}.${member}`;
    fields.set(own(names, at) ?? wire.field(member), { member, node: onWire(child, wire, at) });
  }
  const [entry = "entry", key = "key", value = "value"] = own(names, `${path}{}`)?.split(",") ?? [];
  return {
    fields,
    folded: new Set([...fields].flatMap(([name, { member }]) => [name.toLowerCase(), member.toLowerCase()])),
    each: wanted.each && onWire(wanted.each, wire, `${path}[]`),
    values: wanted.values && onWire(wanted.values, wire, `${path}{}`),
    keys: wanted.keys,
    item: own(names, `${path}[]`) ?? wire.item,
    entry: [entry, key, value],
  };
}

function own(names: Readonly<Record<string, string>>, path: string): string | undefined {
  return Object.hasOwn(names, path) ? names[path] : undefined;
}

/** Whether nothing inside a node is asked for: only whether it is there, or its text. */
export function isLeaf({ fields, each, values, keys }: OnWire): boolean {
  return fields.size === 0 && each === undefined && values === undefined && !keys;
}
