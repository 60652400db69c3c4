import { type AuthorizationRequest, compilePolicySet, type PolicyEvaluator } from "@iap/iam-evaluator";
import type { Grant } from "./grant-collector.ts";

/**
 * Proves that a policy allows what it was made for, with the evaluator that will enforce it. Throws when it does not:
 * that is a bug of ours, and better no policy than a wrong one.
 */
export function prove(text: string, grants: Iterable<Grant>): void {
  const policy = compile(text);
  for (const { check, resource } of grants) {
    if (resource.widened === undefined || resource.text.includes("${")) {
      expectAllowed(policy, check);
      continue;
    }
    // In two steps, so that many widened resources are not each compared with all others: the resource is within its
    // pattern, and the policy allows all of the pattern.
    const { action } = check;
    const { text, widened } = resource;
    const alone = { Version: "2012-10-17", Statement: { Effect: "Allow", Action: action, Resource: text } } as const;
    expectAllowed(compile(JSON.stringify(alone)), check);
    expectAllowed(policy, { action, resource: { pattern: text, why: widened } });
  }
}

function compile(document: string): PolicyEvaluator {
  return compilePolicySet({ identity: [{ name: "generated policy", document }] });
}

function expectAllowed(policy: PolicyEvaluator, request: AuthorizationRequest): void {
  const { outcome, reason } = policy.evaluate(request);
  if (outcome !== "allowed") throw new Error(`The generated policy does not allow what it was made for: ${reason}.`);
}
