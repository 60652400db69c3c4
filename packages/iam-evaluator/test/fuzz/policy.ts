import assert from "node:assert/strict";
import type { PolicyType } from "@iap/aws-core";
import {
  type CompileOptions,
  compilePolicySet,
  type PolicyEvaluator,
  type PolicySet,
  PolicyValidationError,
  parsePolicy,
  validatePolicy,
} from "../../src/index.ts";
import { type JsonNode, parseStrictJson, StrictJsonError } from "../../src/strict-json.ts";
import { jsonValue } from "../support/json-value.ts";

export const seeds: readonly Uint8Array[] = [
  '{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Allow","Action":["s3:Get*"],"Resource":"arn:aws:s3:::b/$\\u007baws:username}/*","Condition":{"StringEquals":{"aws:PrincipalTag/t":["a","b"]}}}]}',
  '{"Statement":{"Effect":"Deny","NotAction":"iam:*","NotResource":["*"],"Principal":{"AWS":"123456789012"}}}',
  '{"Version":"2012-10-17","Id":"x","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}',
].map((text) => Buffer.from(text, "utf8"));

const asked = { action: "s3:GetObject", resource: { arn: "arn:aws:s3:::b/k" } } as const;

/**
 * A document is a policy, or refused with what is wrong; JSON is what JSON.parse makes of it, less what has two readings;
 * whatever can be evaluated is, as a policy of any type, and allows no more to who knows less.
 */
export function run(bytes: Uint8Array): void {
  const text = Buffer.from(bytes).toString("utf8");
  let json: JsonNode | undefined;
  try {
    json = parseStrictJson(text);
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error;
  }
  if (json !== undefined) assert.deepEqual(jsonValue(json), JSON.parse(text));
  for (const type of TYPES) validatePolicy(text, type);
  const { policy, findings } = parsePolicy(text);
  if (json === undefined) assert.equal(policy, undefined);
  const valid = policy !== undefined && !findings.some(({ level }) => level === "ERROR");
  const input = [{ name: "p", document: text }];
  try {
    const { outcome } = compilePolicySet({ identity: input }).evaluate(asked);
    assert.ok(valid, "what has an error was compiled");
    // The same document as what denies: never more is allowed than by it alone.
    const both = compilePolicySet({
      identity: [{ name: "all", document: allowAll }, ...input],
      permissionsBoundary: input,
    });
    const bounded = both.evaluate(asked).outcome;
    if (outcome !== "allowed") assert.notEqual(bounded, "allowed");
  } catch (error) {
    if (!(error instanceof PolicyValidationError)) throw error;
    assert.ok(!valid, error.message);
  }
  for (const set of [{ identity: input }, { identity: [], resource: input[0] }]) {
    const evaluator = compiled(set, { validate: "warn" });
    if (evaluator !== undefined) knowingLess(evaluator);
  }
}

function compiled(set: PolicySet, options: CompileOptions): PolicyEvaluator | undefined {
  try {
    return compilePolicySet(set, options);
  } catch (error) {
    if (!(error instanceof PolicyValidationError)) throw error;
    return undefined;
  }
}

/** What is allowed with keys unknown, or for a pattern, is allowed with them absent, and for each of its texts. */
function knowingLess(evaluator: PolicyEvaluator): void {
  const principal = { arn: "arn:aws:iam::123456789012:user/bob" };
  const known = { ...asked, principal, context: { "aws:username": "bob" } };
  const { decision } = evaluator.explain(known);
  assert.equal(evaluator.allows(known), decision.outcome === "allowed");
  const pattern = { pattern: "arn:aws:s3:::b/*", why: "not told" };
  for (const less of [
    { ...known, authoritative: [] },
    { ...known, resource: pattern },
  ]) {
    if (evaluator.allows(less)) assert.equal(decision.outcome, "allowed");
  }
}

const TYPES: readonly PolicyType[] = [
  ...(["identity", "permissionsBoundary", "session", "scp", "rcp", "resource", "vpcEndpoint"] as const),
];

const allowAll = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}';
