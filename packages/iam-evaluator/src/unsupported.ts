import type { Finding } from "./finding.ts";
import type { LocatedText, ParsedPolicy } from "./parse-policy.ts";
import { escapedCharacter } from "./wildcard.ts";

/**
 * What a valid policy says and this evaluator does not evaluate yet. Skipping it would answer another question than the
 * policy asks, so each is an `ERROR` that keeps the policy from being used.
 */
export function unsupportedIn({ version, statements }: ParsedPolicy): Finding[] {
  const findings: Finding[] = [];
  for (const { unread, resources } of statements) {
    for (const { name, place } of unread) {
      findings.push({
        level: "ERROR",
        code: "UNSUPPORTED_ELEMENT",
        message: `${name} is not supported yet, and a statement is never evaluated without it.`,
        fix: `Remove the statement, or leave ${name} out if the statement is right without it.`,
        ...place,
      });
    }
    if (version !== "2012-10-17") continue;
    for (const resource of resources?.values ?? []) {
      if (hasVariable(resource)) {
        findings.push({
          level: "ERROR",
          code: "UNSUPPORTED_VARIABLE",
          message: `Policy variables are not supported yet: ${JSON.stringify(resource.text)}.`,
          fix: `Write the value itself. For the characters write \${*}, \${?} or \${$}, after the fifth colon only.`,
          ...resource.place,
        });
      }
    }
  }
  return findings;
}

/** Whether the text has a `${` that is not one of the three special characters, or stands before the fifth colon. */
function hasVariable({ text }: LocatedText): boolean {
  let colons = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === ":") colons++;
    if (text[at] !== "$" || text[at + 1] !== "{") continue;
    if (colons < 5 || escapedCharacter(text, at) === undefined) return true;
    at += 3;
  }
  return false;
}
