import type { CheckResource } from "@iap/aws-core";
import { isValidResource, MOST_RESOURCE_CHARACTERS } from "@iap/iam-evaluator";

/** The resource of a check as a policy of version 2012-10-17 writes it. */
export interface PolicyResource {
  readonly text: string;
  /** Why the text matches more than the request showed, if it does. */
  readonly widened?: string | undefined;
}

/**
 * Writes a resource for a policy. In an exact ARN the characters with a meaning there are escaped as `${*}`, `${?}` and
 * `${$}`, which AWS allows after the fifth colon. A character that a policy cannot hold (it takes tab, line breaks and
 * U+0020 to U+00FF) becomes `?`, which matches any one character: a widening, and told as one. Undefined when a policy
 * cannot name the resource at all.
 *
 * `pieces` are the texts between which a rule put wildcards; without them the resource is written whole.
 */
export function policyResource(
  resource: CheckResource,
  generalised?: { readonly pieces: readonly string[]; readonly why: string },
): PolicyResource | undefined {
  if ("none" in resource) return ANY_RESOURCE;
  const isPattern = "pattern" in resource;
  const source = isPattern ? resource.pattern : resource.arn;
  if (source.length > MOST_RESOURCE_CHARACTERS) return undefined;

  const counts: Counts = { colons: 0, replaced: 0 };
  const text = (generalised?.pieces ?? [source]).map((piece) => escapeText(piece, isPattern, counts)).join("*");
  if (!isValidResource(text)) return undefined;
  const why: string[] = generalised === undefined ? [] : [generalised.why];
  if (counts.replaced > 0) why.push(`a policy cannot hold ${counts.replaced} of its characters; "?" stands for each`);
  return why.length === 0 ? { text } : { text, widened: why.join("; ") };
}

const ANY_RESOURCE: PolicyResource = { text: "*" };

interface Counts {
  colons: number;
  replaced: number;
}

function escapeText(source: string, isPattern: boolean, counts: Counts): string {
  if (PLAIN.test(source)) {
    for (let at = source.indexOf(":"); at >= 0; at = source.indexOf(":", at + 1)) counts.colons++;
    return source;
  }
  let text = "";
  for (let at = 0; at < source.length; ) {
    const character = String.fromCodePoint(source.codePointAt(at) as number);
    at += character.length;
    if (character === ":") counts.colons++;
    const special = character === "$" ? source[at] === "{" : !isPattern && (character === "*" || character === "?");
    if (special && counts.colons >= 5) {
      text += `\${${character}}`;
    } else if (special || !POLICY_CHARACTER.test(character)) {
      text += "?";
      counts.replaced++;
    } else {
      text += character;
    }
  }
  return text;
}

/** Most ARNs: nothing in them has a meaning in a policy. */
const PLAIN = /^[\t\n\r\u0020-\u0023\u0025-\u0029\u002b-\u003e\u0040-\u00ff]*$/;

const POLICY_CHARACTER = /^[\t\n\r\u0020-\u00ff]$/;
