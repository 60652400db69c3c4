import type { ContextHook } from "./hook.ts";
import { textsOf } from "./resource.ts";

/** Words of DynamoDB's expressions that name no attribute. */
const words = new Set("and or not between in set remove add delete".split(" "));
const token = /\s+|#[A-Za-z0-9_]+|:[A-Za-z0-9_]+|[A-Za-z_][A-Za-z0-9_-]*|\[\d+\]|<>|<=|>=|[.,()=<>+-]/y;

/**
 * `dynamodb:Attributes`: the top-level attributes that a request names (Developer Guide, "Using IAM policy conditions for fine-grained access
 * control"). `expression` members (1 to 3) are read with the names (`names`) that placeholders (`placeholders`) stand for; `keys` members (1 to 3)
 * are attributes themselves. Unknown when an expression cannot be read.
 */
export const dynamodbAttributes: ContextHook = (members) => {
  const placeholders = textsOf(members, "placeholders");
  const attributes = textsOf(members, "names");
  if (placeholders.length !== attributes.length) return "unknown";
  const names = new Map(placeholders.map((placeholder, i) => [placeholder, attributes[i] as string]));
  const found = new Set(["keys", "keys2", "keys3"].flatMap((name) => textsOf(members, name)));
  for (const expression of ["expression", "expression2", "expression3"].flatMap((name) => textsOf(members, name))) {
    const named = attributesOf(expression, names);
    if (named === undefined) return "unknown";
    for (const one of named) found.add(one);
  }
  return [...found];
};

function attributesOf(expression: string, names: ReadonlyMap<string, string>): readonly string[] | undefined {
  const found: string[] = [];
  let isNested = false;
  for (let at = 0; at < expression.length; at = token.lastIndex) {
    token.lastIndex = at;
    const text = token.exec(expression)?.[0];
    if (text === undefined) return undefined;
    if (/^\s/.test(text)) continue;
    const isName = /^[#A-Za-z_]/.test(text);
    if (isName && !isNested) {
      const isFunction = /^\s*\(/.test(expression.slice(token.lastIndex));
      if (text.startsWith("#")) {
        const name = names.get(text);
        if (name === undefined) return undefined;
        found.push(name);
      } else if (!isFunction && !words.has(text.toLowerCase())) found.push(text);
    }
    isNested = text === ".";
  }
  return found;
}
