import { parseArn } from "@iap/aws-core";
import { inPattern } from "./in-pattern.ts";
import { isMap, type MemberValue, TwoReadings, textOf } from "./member-value.ts";
import { isSpecial, pathOf, type Scope, special, valuesAt } from "./scope.ts";

/** Text with `${path|transform:argument}` in it; see OVERRIDES.md of gen-action-table. */
export interface Template {
  /** Fixed text and references in turn. */
  readonly parts: readonly (string | Reference)[];
  /** A value that is itself an ARN takes the place of what stands before it. */
  readonly takesArn: boolean;
  /** The longest list or map a reference goes through: one result for each element. */
  readonly each: string | undefined;
}

export interface Reference {
  readonly path: string;
  readonly transforms: readonly (readonly [name: string, argument: string])[];
}

/** What a template gives: exact text, or, where the request says less, a pattern and what it does not say. */
export interface Filled {
  readonly text: string;
  readonly missing: readonly string[];
  /** The template's own text has a wildcard. */
  readonly wild: boolean;
}

const templates = new Map<string, Template>();

/** Reads a template once. `~` stands for the ARN up to the account; `@` in front lets values be ARNs. */
export function templateOf(text: string, prefix: string): Template {
  const id = `${prefix} ${text}`;
  const known = templates.get(id) ?? readTemplate(text, prefix);
  templates.set(id, known);
  return known;
}

function readTemplate(text: string, prefix: string): Template {
  const takesArn = text.startsWith("@");
  const plain = takesArn ? text.slice(1) : text;
  const whole = plain.startsWith("~") ? `arn:\${Partition}:${prefix}:\${Region}:\${Account}:${plain.slice(1)}` : plain;
  const parts: (string | Reference)[] = [];
  let at = 0;
  for (const found of whole.matchAll(/\$\{([^{}|]+(?:\{(?:key|:[^{}|]+)?\}[^{}|]*)*)((?:\|[^}|]+)*)\}/g)) {
    if (found.index > at) parts.push(whole.slice(at, found.index));
    const transforms = (found[2] ?? "")
      .split("|")
      .slice(1)
      .map((one): readonly [string, string] => {
        const colon = one.indexOf(":");
        return colon < 0 ? [one, ""] : [one.slice(0, colon), decodeURIComponent(one.slice(colon + 1))];
      });
    parts.push({ path: found[1] as string, transforms });
    at = found.index + found[0].length;
  }
  if (at < whole.length) parts.push(whole.slice(at));
  const iterated = parts.flatMap((part) => {
    if (typeof part === "string" || isSpecial(part.path)) return [];
    const count = iteratedText(part.path);
    return count === "" ? [] : [count];
  });
  const each = iterated.reduce<string | undefined>(
    (longest, one) => (longest && longest.length >= one.length ? longest : one),
    undefined,
  );
  return { parts, takesArn, each };
}

/** `A[].B{}.C` -> `A[].B{}`. */
function iteratedText(path: string): string {
  return /^(.*(?:\[\]|\{\}|\{key\}))/.exec(path)?.[1] ?? "";
}

/** The paths a template looks at. */
export function pathsOfTemplate(template: Template): readonly string[] {
  return template.parts.flatMap((part) =>
    typeof part === "string"
      ? []
      : [part.path, ...part.transforms.filter(([name]) => name === "or").map(([, path]) => path)],
  );
}

/** Fills a template: once, or once for each element of the lists it goes through. */
export function fill(template: Template, scope: Scope): readonly Filled[] {
  if (template.each === undefined) return [fillOnce(template, scope, noBindings)];
  return bindings(template.each, scope).map((bound) => fillOnce(template, scope, bound));
}

/** By the text of a path that ends in a list or map: the element or key that stands for it. */
type Bindings = ReadonlyMap<string, MemberValue>;
const noBindings: Bindings = new Map();

function bindings(each: string, scope: Scope): readonly Bindings[] {
  let all: readonly (readonly [Bindings, MemberValue])[] = [];
  const { relative, steps } = pathOf(each);
  const from = relative ? scope.element : scope.input;
  if (from !== undefined) all = [[noBindings, from]];
  let text = "";
  for (const step of steps) {
    if (typeof step === "string") text += step === "each" ? "[]" : step === "keys" ? "{key}" : "{}";
    else if ("entry" in step) text += `{:${step.entry}}`;
    else text += `${text === "" && !relative ? "" : "."}${step.field}`;
    const here = text;
    all = all.flatMap(([bound, value]): readonly (readonly [Bindings, MemberValue])[] => {
      if (step === "each") {
        if (!Array.isArray(value)) throw new TwoReadings(`the member ${here} is not a list`);
        return value.map((element: MemberValue) => [new Map([...bound, [here, element]]), element] as const);
      }
      if (!isMap(value)) throw new TwoReadings(`the member ${here} is not of the kind the API has`);
      if (typeof step === "object") {
        const field = value.get("entry" in step ? step.entry : step.field);
        return field === undefined ? [] : [[bound, field] as const];
      }
      const stem = here.replace(/\{(?:key)?\}$/, "");
      return [...value].map(
        ([key, element]) => [new Map([...bound, [`${stem}{}`, element], [`${stem}{key}`, key]]), element] as const,
      );
    });
  }
  return all.map(([bound]) => bound);
}

function fillOnce({ parts, takesArn }: Template, scope: Scope, bound: Bindings): Filled {
  let text = "";
  let pattern = "";
  let wild = false;
  const missing: string[] = [];
  for (const part of parts) {
    if (typeof part === "string") {
      text += part;
      pattern += part;
      wild ||= /[*?]/.test(part);
      continue;
    }
    const value = referred(part, scope, bound);
    if (value === undefined) {
      text += "*";
      pattern += "*";
      missing.push(part.path);
    } else if (takesArn && value.text.startsWith("arn:")) {
      const arn = parseArn(value.text);
      const [, , service, , , ...resource] = text.split(":");
      if (arn === undefined || arn.service !== service || !arn.resource.startsWith(resource.join(":"))) {
        return { text: `arn:*:${service}:*`, missing: [`${part.path} (an ARN of another kind)`], wild: true };
      }
      text = value.text;
      pattern = inPattern(text);
      missing.length = 0;
      wild = false;
    } else {
      text += value.text;
      pattern += value.wild ? value.text : inPattern(value.text);
      wild ||= value.wild;
    }
  }
  return { text: wild || missing.length > 0 ? pattern : text, missing, wild };
}

function referred(
  { path, transforms }: Reference,
  scope: Scope,
  bound: Bindings,
): { readonly text: string; readonly wild: boolean } | undefined {
  let text = lookUp(path, scope, bound);
  let wild = false;
  for (const [name, argument] of transforms) {
    if (name === "or") text ??= lookUp(argument, scope, bound);
    else if (name === "default") {
      if (text === undefined) wild = argument.includes("*");
      text ??= argument;
    } else if (text !== undefined) text = transform(name, argument, text);
  }
  return text === undefined ? undefined : { text, wild };
}

function lookUp(path: string, scope: Scope, bound: Bindings): string | undefined {
  if (isSpecial(path)) return special(path, scope) || undefined;
  for (const [prefix, value] of [...bound].reverse()) {
    if (path === prefix) return textOf(value, path);
    if (path.startsWith(`${prefix}.`)) {
      const [only] = valuesAt(path.slice(prefix.length), { ...scope, element: value });
      return textOf(only, path);
    }
  }
  const values = valuesAt(path, scope);
  if (values.length > 1) throw new TwoReadings(`${path} has more than one value`);
  return textOf(values[0], path);
}

function transform(name: string, argument: string, text: string): string | undefined {
  switch (name) {
    case "lower":
      return text.toLowerCase();
    case "strip":
      return text.startsWith(argument) ? text.slice(argument.length) : text;
    case "prefix":
      return text.startsWith(argument) ? text : argument + text;
    case "last":
      return text.includes(argument) ? text.slice(text.lastIndexOf(argument) + argument.length) : text;
    case "first":
      return text.includes(argument) ? text.slice(0, text.indexOf(argument)) : text;
    case "after":
      return text.includes(argument) ? text.slice(text.indexOf(argument) + argument.length) || undefined : undefined;
    case "chop":
      return argument !== "" && text.endsWith(argument) ? text.slice(0, -argument.length) : text;
    case "rest":
      return text.includes(argument) ? text.slice(text.indexOf(argument) + argument.length) : text;
    case "resource":
      return parseArn(text)?.resource ?? text;
    case "part":
      return text.startsWith("arn:") ? text.split(":")[Number(argument)] || undefined : undefined;
    default:
      throw new SyntaxError(`${name} is not a transform`);
  }
}
