import { type MemberPath, parsePath } from "./member-path.ts";
import { isMap, type MemberMap, type MemberValue, TwoReadings } from "./member-value.ts";
import { decodePercent, encodePercent } from "./percent.ts";
import type { OwnResource } from "./shard.ts";

/** What the request and the call say, beside the input's members. */
export interface CallFacts {
  readonly partition: string;
  readonly region: string;
  readonly account: string | undefined;
  readonly prefix: string;
  /** The service of the credential scope. */
  readonly signingName: string;
  readonly method: string;
  /** Raw, undecoded. */
  readonly path: string;
  readonly header: (name: string) => string | undefined;
  readonly query: (name: string) => string | undefined;
}

/** Where paths are looked up: the input, and in a `forEach` one element of it. */
export interface Scope {
  /** The shard's shared resources. */
  readonly resources: readonly OwnResource[];
  readonly call: CallFacts;
  readonly input: MemberMap;
  readonly element?: MemberValue | undefined;
  /** The key of a map's element. */
  readonly key?: string | undefined;
}

const paths = new Map<string, MemberPath>();

/** A path, read once. Only paths of the tables come here, so their number is bounded. */
export function pathOf(text: string): MemberPath {
  const known = paths.get(text) ?? parsePath(text);
  paths.set(text, known);
  return known;
}

/** Whether a path names something other than a member of the input. */
export function isSpecial(path: string): boolean {
  return /^(?:Partition|Region|Account|DnsSuffix|SigningName|@Method|@Path|@key|[hq]:.+)$/.test(path);
}

export function special(path: string, { call, key }: Scope): string | undefined {
  switch (path) {
    case "Partition":
      return call.partition;
    case "Region":
      return call.region;
    case "Account":
      return call.account;
    case "DnsSuffix":
      return call.partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
    case "SigningName":
      return call.signingName;
    case "@Method":
      return call.method;
    case "@Path":
      return canonical(call.path);
    case "@key":
      return key;
    default:
      return path.startsWith("h:") ? call.header(path.slice(2)) : call.query(path.slice(2));
  }
}

/** A raw path that stands in an ARN as it is: it has one spelling. */
function canonical(path: string): string {
  // `as`: a path that has matched decodes.
  const isUsual = (raw: string): boolean => raw !== "" && encodePercent(decodePercent(raw) as string) === raw;
  if (!path.slice(1).split("/").every(isUsual))
    throw new TwoReadings("the path is what is authorised, and it is not written as SDKs write it");
  return path;
}

/** Every value at a path: one at most, unless it goes through lists or maps. */
export function valuesAt(path: string, scope: Scope): readonly MemberValue[] {
  if (isSpecial(path)) {
    const value = special(path, scope);
    return value === undefined ? [] : [value];
  }
  const { relative, steps } = pathOf(path);
  const from = relative ? scope.element : scope.input;
  let values: readonly MemberValue[] = from === undefined ? [] : [from];
  for (const step of steps) {
    values = values.flatMap((value): readonly MemberValue[] => {
      if (step === "each") return Array.isArray(value) ? value : fail(path);
      if (!isMap(value)) return fail(path);
      if (step === "keys") return [...value.keys()];
      if (step === "values") return [...value.values()];
      const field = value.get("entry" in step ? step.entry : step.field);
      return field === undefined ? [] : [field];
    });
    if (values.length === 0) break;
  }
  return values;
}

/** The elements that a `forEach` goes through, with the keys of a map's. */
export function elementsAt(path: string, scope: Scope): readonly Pick<Scope, "element" | "key">[] {
  if (!path.endsWith("{}")) return valuesAt(path, scope).map((element) => ({ element, key: scope.key }));
  return valuesAt(path.slice(0, -2), scope).flatMap((map) =>
    isMap(map) ? [...map].map(([key, element]) => ({ element, key })) : fail(path),
  );
}

function fail(path: string): never {
  throw new TwoReadings(`the member ${path} is not of the kind the API has`);
}
