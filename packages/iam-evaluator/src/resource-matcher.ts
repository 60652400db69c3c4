import { compileWildcard, isAnything, literalOf, type Wildcard, type WildcardDialect } from "./wildcard.ts";
import { matchesWildcard } from "./wildcard-match.ts";
import { covers, overlaps } from "./wildcard-relation.ts";

/** The `Resource` or `NotResource` element of one statement. Resources are case-sensitive. */
export interface ResourceMatcher {
  /** True for `NotResource`: the statement is about every other resource. */
  readonly inverted: boolean;
  readonly anything: boolean;
  /** ARNs without wildcards. */
  readonly names: ReadonlySet<string>;
  readonly wildcards: readonly Wildcard[];
  /** Their texts, where every dialect reads them alike: a pattern covers itself, however many there are. */
  readonly texts: ReadonlySet<string>;
}

/** The resource of a check, ready to be compared: an exact text, all texts of a pattern, or no resource. */
export type RequestedResource =
  | { readonly kind: "exact"; readonly text: string }
  | { readonly kind: "pattern"; readonly wildcard: Wildcard }
  | { readonly kind: "none" };

export function compileResources(
  patterns: readonly string[],
  { inverted, dialect }: { readonly inverted: boolean; readonly dialect: WildcardDialect },
): ResourceMatcher {
  const names = new Set<string>();
  const wildcards: Wildcard[] = [];
  const texts = new Set<string>();
  let anything = false;
  for (const pattern of patterns) {
    const wildcard = compileWildcard(pattern, dialect);
    const name = literalOf(wildcard);
    if (name !== undefined) names.add(name);
    else if (isAnything(wildcard)) anything = true;
    else {
      wildcards.push(wildcard);
      if (!pattern.includes("${")) texts.add(pattern);
    }
  }
  return { inverted, anything, names, wildcards, texts };
}

/** Whether the statement is about the whole of what is requested: what an Allow needs. False when that is not proven. */
export function isAboutAll(matcher: ResourceMatcher, requested: RequestedResource): boolean {
  if (!matcher.inverted) return listsAll(matcher, requested);
  // What takes no resource is not among "all other resources": an Allow has to say "*".
  return requested.kind !== "none" && !listsSome(matcher, requested);
}

/** Whether the statement is about any of what may be requested: enough for a Deny. True when the contrary is not proven. */
export function isAboutSome(matcher: ResourceMatcher, requested: RequestedResource): boolean {
  return matcher.inverted ? !listsAll(matcher, requested) : listsSome(matcher, requested);
}

function listsAll(matcher: ResourceMatcher, requested: RequestedResource): boolean {
  if (matcher.anything) return true;
  switch (requested.kind) {
    case "exact":
      return listsText(matcher, requested.text);
    case "pattern": {
      const { wildcard } = requested;
      if (matcher.texts.has(wildcard.text)) return true;
      const name = literalOf(wildcard);
      return name === undefined
        ? matcher.wildcards.some((listed) => covers(listed, wildcard))
        : listsText(matcher, name);
    }
    case "none":
      return false;
  }
}

function listsSome(matcher: ResourceMatcher, requested: RequestedResource): boolean {
  if (matcher.anything) return true;
  switch (requested.kind) {
    case "exact":
      return listsText(matcher, requested.text);
    case "pattern": {
      const { wildcard } = requested;
      if (isAnything(wildcard)) return true;
      for (const name of matcher.names) if (matchesWildcard(wildcard, name)) return true;
      return matcher.wildcards.some((listed) => overlaps(listed, wildcard));
    }
    case "none":
      return false;
  }
}

function listsText({ names, wildcards }: ResourceMatcher, text: string): boolean {
  if (names.has(text)) return true;
  for (const wildcard of wildcards) if (matchesWildcard(wildcard, text)) return true;
  return false;
}
