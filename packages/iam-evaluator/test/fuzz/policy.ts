import assert from "node:assert/strict";
import { compilePolicySet, PolicyValidationError, parsePolicy } from "../../src/index.ts";
import { parseStrictJson, StrictJsonError } from "../../src/strict-json.ts";

export const seeds: readonly Uint8Array[] = [
  '{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Allow","Action":["s3:Get*"],"Resource":"arn:aws:s3:::b/$\\u007baws:username}/*","Condition":{"StringEquals":{"aws:PrincipalTag/t":["a","b"]}}}]}',
  '{"Statement":{"Effect":"Deny","NotAction":"iam:*","NotResource":["*"],"Principal":{"AWS":"123456789012"}}}',
  '{"Version":"2012-10-17","Id":"x","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}',
].map((text) => Buffer.from(text, "utf8"));

const asked = { action: "s3:GetObject", resource: { arn: "arn:aws:s3:::b/k" } } as const;

/** A document is a policy, or refused with what is wrong; JSON is what JSON.parse takes, less what has two readings. */
export function run(bytes: Uint8Array): void {
  const text = Buffer.from(bytes).toString("utf8");
  let isJson = true;
  try {
    parseStrictJson(text);
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error;
    isJson = false;
  }
  if (isJson) JSON.parse(text);
  const { policy, findings } = parsePolicy(text);
  if (!isJson) assert.equal(policy, undefined);
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
}

const allowAll = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}';
