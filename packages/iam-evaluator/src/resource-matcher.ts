import { fillPattern } from "./comparison.ts";
import type { RequestContext } from "./request-context.ts";
import { hasVariables, parseTemplate, type Template, VALUELESS } from "./template.ts";
import { NO, not, type Truth, UNDETERMINED, YES } from "./truth.ts";
import { compileWildcard, isAnything, literalOf, mayMatch, type Wildcard } from "./wildcard.ts";
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
  /** Patterns with variables. */
  readonly templates: readonly ResourceTemplate[];
  /** What may be meant, and may not: what is no ARN, short ARNs, and variables where AWS knows none. */
  readonly doubtful: readonly Wildcard[];
}

interface ResourceTemplate {
  readonly template: Template;
  /** Matches whatever the template may come to match. */
  readonly widest: Wildcard;
  /** The pattern in this request; undefined when it cannot be told. */
  readonly fill: (context: RequestContext) => Wildcard | typeof VALUELESS | undefined;
}

/** The resource of a check, ready to be compared: an exact text, all texts of a pattern, or no resource. */
export type RequestedResource =
  | { readonly kind: "exact"; readonly text: string }
  | { readonly kind: "pattern"; readonly wildcard: Wildcard }
  | { readonly kind: "none" };

export function compileResources(
  patterns: readonly string[],
  { inverted, variables }: { readonly inverted: boolean; readonly variables: boolean },
): ResourceMatcher {
  const dialect = variables ? "resourceWithEscapes" : "resource";
  const names = new Set<string>();
  const wildcards: Wildcard[] = [];
  const texts = new Set<string>();
  const templates: ResourceTemplate[] = [];
  const doubtful: Wildcard[] = [];
  let anything = false;
  for (const pattern of patterns) {
    if (!/^(?:arn:|\*+$)/.test(pattern)) {
      // No ARN at all, which AWS refuses: it may mean anything.
      doubtful.push(compileWildcard("*", "string"));
      continue;
    }
    const template = variables && pattern.includes("${") ? parseTemplate(pattern) : undefined;
    const widest = template === undefined ? pattern : widened(template);
    if (isShortArn(widest)) {
      doubtful.push(compileWildcard(`${widest}:*`, dialect));
      continue;
    }
    if (template !== undefined && isDoubtful(template)) {
      doubtful.push(compileWildcard(widest, dialect));
      continue;
    }
    if (template !== undefined && hasVariables(template)) {
      templates.push({ template, widest: compileWildcard(widest, dialect), fill: fillPattern(template, dialect) });
      continue;
    }
    const wildcard = compileWildcard(pattern, dialect);
    const name = literalOf(wildcard);
    if (name !== undefined) names.add(name);
    else if (isAnything(wildcard)) anything = true;
    else {
      wildcards.push(wildcard);
      if (!pattern.includes("${")) texts.add(pattern);
    }
  }
  return { inverted, anything, names, wildcards, texts, templates, doubtful };
}

/** An ARN of fewer than six parts that does not end in a star. How AWS completes it is not documented. */
function isShortArn(pattern: string): boolean {
  return pattern !== "*" && !pattern.endsWith("*") && pattern.split(":").length < 6;
}

/** Variables have a meaning only behind the fifth colon (IAM User Guide, "Variables and tags": where you can use them). */
function isDoubtful({ parts, malformed }: Template): boolean {
  if (malformed) return true;
  let colons = 0;
  for (const part of parts) {
    if (typeof part !== "string") {
      if (colons < 5) return true;
    } else {
      // Special characters have no meaning there either.
      for (let at = 0; at < part.length; at++) {
        if (part[at] === ":") colons++;
        else if (colons < 5 && part.startsWith("${", at)) return true;
      }
    }
  }
  return false;
}

/** The pattern with a star for each variable; where there is what AWS knows no meaning of, with a star for the rest. */
function widened(template: Template): string {
  const stars = template.parts.map((part) => (typeof part === "string" ? part : "*"));
  if (!isDoubtful(template)) return stars.join("");
  const first = template.parts.findIndex((part) => typeof part !== "string");
  const plain = (first < 0 ? stars : stars.slice(0, first)).join("");
  const open = plain.indexOf("${");
  return `${open < 0 ? plain : plain.slice(0, open)}*`;
}

/** Whether the statement is about the whole of what is requested: what an Allow needs. `NO` when that is not proven. */
export function isAboutAll(matcher: ResourceMatcher, requested: RequestedResource, context: RequestContext): Truth {
  if (!matcher.inverted) return listsAll(matcher, requested, context);
  // What takes no resource is not among "all other resources": an Allow has to say "*".
  return requested.kind === "none" ? NO : not(listsSome(matcher, requested, context));
}

/** Whether the statement is about any of what may be requested: enough for a Deny. `YES` when the contrary is not proven. */
export function isAboutSome(matcher: ResourceMatcher, requested: RequestedResource, context: RequestContext): Truth {
  return matcher.inverted ? not(listsAll(matcher, requested, context)) : listsSome(matcher, requested, context);
}

function listsAll(matcher: ResourceMatcher, requested: RequestedResource, context: RequestContext): Truth {
  if (matcher.anything) return YES;
  switch (requested.kind) {
    case "exact":
      return listsText(matcher, requested.text, context);
    case "pattern": {
      const { wildcard } = requested;
      if (matcher.texts.has(wildcard.text)) return YES;
      const name = literalOf(wildcard);
      if (name !== undefined) return listsText(matcher, name, context);
      for (const listed of matcher.wildcards) if (covers(listed, wildcard)) return YES;
      return listsByTemplate(
        matcher,
        context,
        (listed) => covers(listed, wildcard),
        (listed) => overlaps(listed, wildcard),
      );
    }
    case "none":
      return NO;
  }
}

function listsSome(matcher: ResourceMatcher, requested: RequestedResource, context: RequestContext): Truth {
  if (matcher.anything) return YES;
  switch (requested.kind) {
    case "exact":
      return listsText(matcher, requested.text, context);
    case "pattern": {
      const { wildcard } = requested;
      const meets = (listed: Wildcard): boolean => isAnything(wildcard) || overlaps(listed, wildcard);
      for (const name of matcher.names) if (matchesWildcard(wildcard, name)) return YES;
      for (const listed of matcher.wildcards) if (meets(listed)) return YES;
      return listsByTemplate(matcher, context, meets, meets);
    }
    case "none":
      return matcher.doubtful.some(isAnything) ? UNDETERMINED : NO;
  }
}

function listsText(matcher: ResourceMatcher, text: string, context: RequestContext): Truth {
  if (matcher.names.has(text)) return YES;
  for (const wildcard of matcher.wildcards) {
    if (mayMatch(wildcard, text) && matchesWildcard(wildcard, text)) return YES;
  }
  if (matcher.templates.length === 0 && matcher.doubtful.length === 0) return NO;
  const matches = (listed: Wildcard): boolean => matchesWildcard(listed, text);
  return listsByTemplate(matcher, context, matches, matches);
}

/**
 * Whether a pattern with variables is met. One without a value matches no resource (IAM User Guide, "Variables and tags":
 * policy variables with no value). One whose value cannot be told is undetermined only for what it could come to match.
 */
function listsByTemplate(
  { templates, doubtful }: ResourceMatcher,
  context: RequestContext,
  isMet: (listed: Wildcard) => boolean,
  mayBeMet: (listed: Wildcard) => boolean,
): Truth {
  let found: Truth = NO;
  for (const { widest, fill } of templates) {
    if (!mayBeMet(widest)) continue;
    const pattern = fill(context);
    if (pattern === VALUELESS) continue;
    if (pattern === undefined) found = UNDETERMINED;
    else if (isMet(pattern)) return YES;
  }
  if (found === NO && doubtful.some(mayBeMet)) return UNDETERMINED;
  return found;
}
