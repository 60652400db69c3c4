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
 */
export function policyResource(resource: CheckResource): PolicyResource | undefined {
  if ("none" in resource) return ANY_RESOURCE;
  const isPattern = "pattern" in resource;
  const source = isPattern ? resource.pattern : resource.arn;
  if (source.length > MOST_RESOURCE_CHARACTERS) return undefined;

  let text = "";
  let colons = 0;
  let replaced = 0;
  for (let at = 0; at < source.length; ) {
    const character = String.fromCodePoint(source.codePointAt(at) as number);
    at += character.length;
    if (character === ":") colons++;
    const special = character === "$" ? source[at] === "{" : !isPattern && (character === "*" || character === "?");
    if (special && colons >= 5) {
      text += `\${${character}}`;
    } else if (special || !POLICY_CHARACTER.test(character)) {
      text += "?";
      replaced++;
    } else {
      text += character;
    }
  }
  if (!isValidResource(text)) return undefined;
  return replaced === 0
    ? { text }
    : { text, widened: `a policy cannot hold ${replaced} of its characters; "?" stands for each` };
}

const ANY_RESOURCE: PolicyResource = { text: "*" };

const POLICY_CHARACTER = /^[\t\n\r\u0020-\u00ff]$/;
