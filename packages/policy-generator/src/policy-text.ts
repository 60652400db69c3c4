import { type PolicyDocument, type PolicyStatement, policyCharacters } from "@iap/iam-evaluator";
import { jsonText } from "./json-text.ts";
import { charactersFor, type PolicyTarget, ROOM } from "./policy-target.ts";

/** A policy document, its text, and its size as AWS counts it. */
export interface PolicyText {
  readonly policy: PolicyDocument;
  /** Two spaces, stable order, a line break at the end; without blanks where AWS counts them. */
  readonly text: string;
  readonly characters: number;
}

export function policyText(statements: readonly PolicyStatement[], target?: PolicyTarget): PolicyText {
  const policy: PolicyDocument = { Version: "2012-10-17", Statement: statements };
  const text = target !== undefined && ROOM[target].countsWhitespace ? jsonText(policy) : `${jsonText(policy, 2)}\n`;
  const characters = target === undefined ? policyCharacters(text) : charactersFor(text, target);
  return { policy, text, characters };
}
