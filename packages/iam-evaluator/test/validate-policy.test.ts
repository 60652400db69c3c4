import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compilePolicySet } from "../src/compile-policy-set.ts";
import type { PolicyDocument, PolicyStatement } from "../src/policy-document.ts";
import { validatePolicy } from "../src/validate-policy.ts";

const codesOf = (statement: PolicyStatement): string[] =>
  validatePolicy({ Version: "2012-10-17", Statement: statement }, "identity").map(
    ({ level, code }) => `${level} ${code}`,
  );

describe("advice on what AWS accepts", () => {
  test.each<[string, PolicyStatement, string[]]>([
    ["nothing to say", { Effect: "Allow", Action: "s3:*", Resource: "*" }, []],
    [
      "Allow with NotAction",
      { Effect: "Allow", NotAction: "s3:*", Resource: "*" },
      ["SECURITY_WARNING ALLOW_WITH_NOT_ACTION"],
    ],
    ["Deny with NotAction is what it is for", { Effect: "Deny", NotAction: "s3:*", Resource: "*" }, []],
    [
      "Allow with NotResource",
      { Effect: "Allow", Action: "s3:*", NotResource: "arn:aws:s3:::b" },
      ["SECURITY_WARNING ALLOW_WITH_NOT_RESOURCE"],
    ],
    [
      "iam:PassRole on everything",
      { Effect: "Allow", Action: ["s3:*", "IAM:passrole"], Resource: ["*"] },
      ["SECURITY_WARNING PASS_ROLE_WITH_STAR"],
    ],
    ["iam:PassRole on a role", { Effect: "Allow", Action: "iam:PassRole", Resource: "arn:aws:iam::1:role/r" }, []],
    [
      "an open resource type",
      { Effect: "Allow", Action: "ec2:*", Resource: "arn:aws:ec2:*:*:*/*" },
      ["WARNING WILDCARD_RESOURCE_TYPE"],
    ],
    ["a bucket is no resource type", { Effect: "Allow", Action: "s3:*", Resource: "arn:aws:s3:::*/logs" }, []],
    [
      "an IAM resource that IAM does not have",
      { Effect: "Allow", Action: "iam:*", Resource: "arn:aws:iam::1:rolle/r" },
      ["WARNING UNKNOWN_RESOURCE_TYPE"],
    ],
  ])("%s", (_name, statement, codes) => {
    expect(codesOf(statement)).toEqual(codes);
  });

  test("a document larger than AWS takes", () => {
    const Action = Array.from({ length: 400 }, (_, i) => `service:SomeAction${i}`);
    expect(codesOf({ Effect: "Allow", Action, Resource: "*" })).toEqual(["WARNING POLICY_SIZE"]);
  });
});

interface Row {
  readonly id: string;
  readonly document: PolicyDocument | string;
  readonly valid: boolean;
  readonly error: string | null;
}

const folder = process.env.IAP_SHARED_DIR;
const file = folder === undefined ? undefined : join(folder, "vectors", "policy-validation.jsonl");
const isHere = file !== undefined && existsSync(file);
const rows: Row[] = isHere
  ? readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Row)
  : [];

const hasErrors = ({ document }: Row): boolean => {
  const text = typeof document === "string" ? document : JSON.stringify(document);
  return validatePolicy(text, "identity").some(({ level }) => level === "ERROR");
};
const compiles = ({ document }: Row): boolean => {
  const text = typeof document === "string" ? document : JSON.stringify(document);
  try {
    compilePolicySet({ identity: [{ name: "policy.json", document: text }] });
    return true;
  } catch {
    return false;
  }
};
const hasCondition = ({ document }: Row): boolean => JSON.stringify(document).includes('"Condition"');
const hasVariable = ({ document }: Row): boolean => JSON.stringify(document).includes("${");

/** Where we judge otherwise, and why. */
const lenient: Record<string, string> = {
  "mv-invalid_policy_document_test_cases-1":
    "no Version: AWS evaluates such policies, and only refuses new ones in places",
  "mv-invalid_policy_document_test_cases-2": "Version 2008-10-17: the same",
  "mv-invalid_policy_document_test_cases-35": "IAM may get new resource types: a warning",
};
const strict: Record<string, string> = {
  "mv-valid_policy_documents-9": "an ARN of three segments: how AWS completes it is not documented",
  "mv-valid_policy_documents-39": "an underscore in a Sid, against AWS's own grammar",
  "mv-valid_policy_documents-40": "the same",
  "mv-valid_policy_documents-41": "null in a list of resources, against AWS's own grammar",
};

describe.skipIf(!isHere)("documents with AWS's verdict (IAP_SHARED_DIR)", () => {
  test("the file is whole", () => {
    expect(rows).toHaveLength(132);
  });

  test("what AWS refuses is never evaluated", () => {
    const evaluated = rows.filter((row) => !row.valid && compiles(row)).map(({ id }) => id);
    expect(evaluated).toEqual(Object.keys(lenient));
  });

  test("what AWS refuses for other reasons than its conditions is an error", () => {
    const missed = rows.filter((row) => !row.valid && !hasErrors(row) && !hasCondition(row)).map(({ id }) => id);
    expect(missed).toEqual(Object.keys(lenient));
  });

  test("what AWS accepts is no error", () => {
    expect(rows.filter((row) => row.valid && hasErrors(row)).map(({ id }) => id)).toEqual(Object.keys(strict));
  });

  test("what AWS accepts and needs nothing unsupported compiles", () => {
    const refused = rows.filter((row) => row.valid && !hasCondition(row) && !hasVariable(row) && !compiles(row));
    expect(refused.map(({ id }) => id)).toEqual(Object.keys(strict).filter((id) => /-(9|41)$/.test(id)));
  });
});
