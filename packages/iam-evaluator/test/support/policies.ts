import type { CheckResource, Decision } from "@iap/aws-core";
import { compilePolicySet, type PolicyEvaluator } from "../../src/compile-policy-set.ts";
import type { PolicyStatement } from "../../src/policy-document.ts";

/** An evaluator of one policy, `test.json`, of version 2012-10-17. */
export function evaluatorOf(...statements: readonly PolicyStatement[]): PolicyEvaluator {
  const document = JSON.stringify({ Version: "2012-10-17", Statement: statements });
  return compilePolicySet({ identity: [{ name: "test.json", document }] });
}

/** What the statements decide about one action on one resource. */
export function decisionOf(statements: readonly PolicyStatement[], action: string, resource: CheckResource): Decision {
  return evaluatorOf(...statements).evaluate({ action, resource });
}

export const allow = (Action: string | readonly string[], Resource: string | readonly string[]): PolicyStatement => ({
  Effect: "Allow",
  Action,
  Resource,
});

export const deny = (Action: string | readonly string[], Resource: string | readonly string[]): PolicyStatement => ({
  Effect: "Deny",
  Action,
  Resource,
});
