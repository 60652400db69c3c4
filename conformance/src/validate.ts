import { type PolicyDocument, validatePolicy } from "@iap/iam-evaluator";
import type { Answer } from "./verbs.ts";

/** Answers lines of the shape of `policy-validation.jsonl`: would IAM's CreatePolicy take the document? */
export const validate: Answer = async (question) => {
  if (!Object.hasOwn(question, "document")) throw new Error("there is no document");
  const { id, document } = question;
  // Given as text it is read as text; anything else is the JSON of a document. `as`: of whatever form, that is the question.
  const findings = validatePolicy(document as string | PolicyDocument, "identity");
  return { id, valid: !findings.some(({ level }) => level === "ERROR"), findings };
};
