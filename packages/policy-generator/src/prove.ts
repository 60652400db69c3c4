import { type AuthorizationRequest, compilePolicySet, type PolicyEvaluator } from "@iap/iam-evaluator";
import type { Grant } from "./grants.ts";

/**
 * Proves that policies allow what they were made for, with the evaluator that will enforce them: every distinct check of
 * every recorded request. Throws when they do not: that is a bug of ours, and better no policy than a wrong one.
 */
export function prove(
  texts: readonly string[],
  grants: Iterable<Pick<Grant, "action" | "resource" | "observations">>,
): void {
  const policy = compile(texts);
  const alone = new Map<string, PolicyEvaluator>();
  for (const { action, resource, observations } of grants) {
    if (resource.widened === undefined || resource.text.includes("${")) {
      for (const observation of observations) expectAllowed(policy, observation);
      continue;
    }
    // In two steps, so that many widened resources are not each compared with all others: what was seen is within its
    // pattern, and the policy allows all of the pattern.
    const { text, widened } = resource;
    let pattern = alone.get(text);
    if (pattern === undefined) {
      const statement = { Effect: "Allow", Action: "*", Resource: text } as const;
      pattern = compile([JSON.stringify({ Version: "2012-10-17", Statement: statement })]);
      alone.set(text, pattern);
    }
    for (const { action, resource } of observations) expectAllowed(pattern, { action, resource });
    const [first] = observations;
    expectAllowed(policy, { ...first, action, resource: { pattern: text, why: widened } });
  }
}

function compile(documents: readonly string[]): PolicyEvaluator {
  return compilePolicySet({
    identity: documents.map((document, i) => ({ name: `generated policy ${i + 1}`, document })),
  });
}

function expectAllowed(policy: PolicyEvaluator, request: AuthorizationRequest): void {
  const { outcome, reason } = policy.evaluate(request);
  if (outcome !== "allowed") throw new Error(`The generated policy does not allow what it was made for: ${reason}.`);
}
