import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PolicyType } from "@iap/aws-core";
import { describe, expect, test } from "vitest";
import { compilePolicySet } from "../src/compile-policy-set.ts";
import type { ConditionElement, PolicyDocument, PolicyStatement } from "../src/policy-document.ts";
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
    [
      "a Deny of an action that nothing is called like",
      { Effect: "Deny", Action: "s3:DeleteObject ", Resource: "*" },
      ["WARNING UNMATCHABLE_ACTION"],
    ],
    ["a bucket is no resource type", { Effect: "Allow", Action: "s3:*", Resource: "arn:aws:s3:::*/logs" }, []],
    [
      "an IAM resource that IAM does not have",
      { Effect: "Allow", Action: "iam:*", Resource: "arn:aws:iam::1:rolle/r" },
      ["ERROR UNKNOWN_RESOURCE_TYPE"],
    ],
  ])("%s", (_name, statement, codes) => {
    expect(codesOf(statement)).toEqual(codes);
  });

  test.each<[PolicyType, string[]]>([
    ["identity", ["PASS_ROLE_WITH_STAR"]],
    ["resource", ["PASS_ROLE_WITH_STAR"]],
    ["permissionsBoundary", []],
    ["session", []],
    ["scp", []],
  ])("iam:PassRole on everything, in a policy of type %s", (type, codes) => {
    const Principal = type === "resource" ? { Principal: { AWS: "111122223333" } } : {};
    const Statement = { Effect: "Allow", ...Principal, Action: "iam:PassRole", Resource: "*" } as const;
    expect(validatePolicy({ Version: "2012-10-17", Statement }, type).map(({ code }) => code)).toEqual(codes);
  });

  test("a document larger than AWS takes", () => {
    const Action = Array.from({ length: 400 }, (_, i) => `service:SomeAction${i}`);
    expect(codesOf({ Effect: "Allow", Action, Resource: "*" })).toEqual(["ERROR POLICY_SIZE"]);
  });

  test("white space counts where AWS counts it", () => {
    const document = `{"Version":"2012-10-17",${" ".repeat(12_000)}"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`;
    const sizes = (type: PolicyType) => validatePolicy(document, type).filter(({ code }) => code === "POLICY_SIZE");
    expect(sizes("identity")).toEqual([]);
    expect(sizes("scp")).toMatchObject([{ level: "ERROR" }]);
    expect(sizes("session")).toMatchObject([{ level: "ERROR" }]);
  });
});

describe("resources that IAM takes, and does not", () => {
  const verdictOf = (Resource: string): boolean =>
    validatePolicy({ Version: "2012-10-17", Statement: { Effect: "Deny", Action: "*", Resource } }, "identity").every(
      ({ level }) => level !== "ERROR",
    );
  const evaluates = (Resource: string): boolean => {
    const document = { Version: "2012-10-17", Statement: { Effect: "Deny", Action: "*", Resource } } as const;
    try {
      compilePolicySet({ identity: [{ name: "p", document }] });
      return true;
    } catch {
      return false;
    }
  };

  test.each([
    "arn:aws:iam::*:*",
    "arn:aws:iam::123456789012:root",
    "arn:aws:iam::123456789012:user/*",
    "arn:aws:iam:::user/bob",
    "arn:*:s3:::b",
    "arn:aws*:s3:::b",
    "arn:aws-eusc:s3:::b",
    "arn:aws:s3:us-west-2:123456789012:accesspoint/a",
    "arn:aws:s3:*:*:access-grants/default",
    "arn:aws:s3:us-west-2:123456789012:job/*",
    "arn:aws:s3::123456789012:accesspoint/a.mrap",
    "arn:aws:ec2:us-east-1:123456789012:",
    "arn:aws:sqs:us-east-1:*",
    "arn:aws:sqs",
  ])("%s is taken", (resource) => {
    expect(verdictOf(resource)).toBe(true);
    expect(evaluates(resource)).toBe(true);
  });

  test.each([
    "arn:aws:iam::123456789012:u*",
    "arn:aws:iam::123456789012:user*",
    "arn:aws:iam::123456789012:",
    "arn:aws:iam:*:*:role/r",
    "arn:aws-foo:s3:::b",
    "arn:azure*:s3:::b",
    "arn:aws:s3:us-east-1:123456789012:b",
    "arn:aws:s3:*:*:b/*",
    "arn:aws:s3:*:*:*",
  ])("%s is evaluated, and refused when a policy is created", (resource) => {
    expect(verdictOf(resource)).toBe(false);
    expect(evaluates(resource)).toBe(true);
  });

  test.each([
    "arn:aws:iam",
    "arn:aws:iam:*",
    "arn:aws:iam:us-east-1:1:role/r",
    "arn:aws:s3",
    "arn:aws:s3:*",
    "arn:aws:s3:us-east-1:1",
    "arn:aws:s3:us-east-1::b",
    "arn:foo:s3:::b",
    "arn:AWS:s3:::b",
    "arn:aws:*:::b",
    "arn:aws::::b",
    "arn:aws:ec2::b",
    "ARN:aws:s3:::b",
    "b",
    "",
  ])("%j is refused", (resource) => {
    expect(verdictOf(resource)).toBe(false);
    expect(evaluates(resource)).toBe(false);
  });

  test("a partition that is nearly one is corrected", () => {
    const document = { Version: "2012-10-17", Statement: { Effect: "Deny", Action: "*", Resource: "arn:asw:s3:::b" } };
    expect(validatePolicy(JSON.stringify(document), "identity").map(({ fix }) => fix)).toEqual(['Did you mean "aws"?']);
  });
});

test.each<[PolicyType, string[]]>([
  ["identity", ["MISSING_VERSION"]],
  ["permissionsBoundary", ["MISSING_VERSION"]],
  ["session", []],
  ["scp", ["MISSING_VERSION"]],
])("a Version is needed in a policy of type %s: %j", (type, errors) => {
  const document = JSON.stringify({ Statement: { Effect: "Deny", Action: "s3:*", Resource: "*" } });
  const found = validatePolicy(document, type).filter(({ level }) => level === "ERROR");
  expect(found.map(({ code }) => code)).toEqual(errors);
});

test.each<[PolicyType, number, boolean]>([
  ["identity", 6144, false],
  ["permissionsBoundary", 6144, false],
  ["session", 2048, true],
  ["scp", 10_240, true],
  ["rcp", 5120, true],
  ["vpcEndpoint", 20_480, true],
])("a policy of type %s has at most %d characters, white space counted: %s", (type, most, countsSpace) => {
  const start = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*","Principal":"*","Sid":"`;
  const text =
    type === "identity" || type === "permissionsBoundary" || type === "session" || type === "scp"
      ? start.replace(',"Principal":"*"', "")
      : start;
  const ofLength = (length: number) => `${text}${"a".repeat(length - text.length - 3)}"}}`;
  const codes = (document: string) =>
    validatePolicy(document, type)
      .filter(({ level }) => level === "ERROR")
      .map(({ code }) => code);
  expect(codes(ofLength(most))).toEqual([]);
  expect(codes(ofLength(most + 1))).toEqual(["POLICY_SIZE"]);
  expect(codes(`${ofLength(most)}\n`)).toEqual(countsSpace ? ["POLICY_SIZE"] : []);
});

test("IAM takes no white space before a document; behind it, it may stand", () => {
  const text = JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Deny", Action: "*", Resource: "*" } });
  const found = (document: string, type: PolicyType) =>
    validatePolicy(document, type).map(({ level, code, line, column }) => [level, code, line, column]);
  expect(found(`\n  ${text}`, "identity")).toEqual([["ERROR", "LEADING_SPACE", 1, 1]]);
  expect(found(`\n  ${text}`, "scp")).toEqual([["WARNING", "LEADING_SPACE", 1, 1]]);
  expect(found(`${text}\n`, "identity")).toEqual([]);
  expect(compilePolicySet({ identity: [{ name: "p", document: `\n${text}` }] }).findings).toHaveLength(1);
});

describe("conditions", () => {
  const fixOf = (Condition: ConditionElement, Effect: "Allow" | "Deny" = "Deny") =>
    validatePolicy(
      { Version: "2012-10-17", Statement: { Effect, Action: "s3:*", Resource: "*", Condition } },
      "identity",
    ).map(({ code, fix }) => [code, fix]);

  test.each<[ConditionElement, string, string]>([
    [{ StringEqual: { "aws:username": "a" } }, "UNKNOWN_OPERATOR", 'Did you mean "StringEquals"?'],
    [{ stringequals: { "aws:username": "a" } }, "UNKNOWN_OPERATOR", 'Did you mean "StringEquals"?'],
    [
      { "ForAllValue:StringLikes": { "aws:TagKeys": "a" } },
      "UNKNOWN_OPERATOR",
      'Did you mean "ForAllValues:StringLike"?',
    ],
    [{ NullIfExists: { "aws:username": "true" } }, "UNKNOWN_OPERATOR", 'Did you mean "Null"?'],
    [{ StringEquals: { "aws:sourceipp": "a" } }, "UNKNOWN_CONDITION_KEY", 'Did you mean "aws:SourceIp"?'],
    [{ StringEquals: { PrincipalArn: "a" } }, "UNKNOWN_CONDITION_KEY", 'Did you mean "aws:PrincipalArn"?'],
    [{ StringEquals: { "aws:TagKeys": "a" } }, "MULTIVALUED_KEY", 'Write "ForAnyValue:StringEquals".'],
  ])("%j", (condition, code, fix) => {
    expect(fixOf(condition)).toContainEqual([code, fix]);
  });

  test("a set that may be empty does not guard an Allow", () => {
    const all = { "ForAllValues:StringEquals": { "aws:TagKeys": "a" } };
    expect(fixOf(all, "Allow")).toEqual([["FOR_ALL_VALUES_WITH_ALLOW", 'Add "Null": {"aws:TagKeys": "false"}.']]);
    expect(fixOf({ ...all, Null: { "aws:tagkeys": "false" } }, "Allow")).toEqual([]);
    expect(fixOf(all, "Deny")).toEqual([]);
  });
});

test.each<[object, string]>([
  [{ Actions: "s3:*" }, 'Did you mean "Action"?'],
  [{ condition: {} }, 'Did you mean "Condition"?'],
  [{ Principal: { aws: "123456789012" } }, 'Did you mean "AWS"?'],
  [{ Principal: { Services: "s3.amazonaws.com" } }, 'Did you mean "Service"?'],
  [
    { Foo: 1 },
    "A statement has Sid, Effect, Action, NotAction, Resource, NotResource, Condition, Principal, NotPrincipal, spelt so.",
  ],
])("a misspelt element is corrected: %j", (change, fix) => {
  const statement = { Effect: "Deny", Principal: "*", Action: "s3:*", Resource: "*", ...change };
  const document = JSON.stringify({ Version: "2012-10-17", Statement: statement });
  expect(validatePolicy(document, "resource")[0]?.fix).toBe(fix);
});

describe("with the actions there are", () => {
  const actions = new Map([["s3", ["GetObject", "PutObject", "ListBucket"]]]);
  test.each<[string, string[]]>([
    ["s3:GetObject", []],
    ["S3:get*", []],
    ["*", []],
    ["s3:GetObjcet", ["UNKNOWN_ACTION", 'Did you mean "s3:GetObject"?']],
    ["s3:Delete*", ["UNKNOWN_ACTION", "Look for the action in the Service Authorization Reference."]],
    ["s4:GetObject", ["UNKNOWN_SERVICE", "Look for the prefix in the Service Authorization Reference."]],
    ["s3s:GetObject", ["UNKNOWN_SERVICE", 'Did you mean "s3:GetObject"?']],
  ])("%s", (Action, expected) => {
    const document = { Version: "2012-10-17", Statement: { Effect: "Allow", Action, Resource: "*" } } as const;
    const found = validatePolicy(document, "identity", { actions });
    expect(found.flatMap(({ code, fix }) => [code, fix])).toEqual(expected);
  });
});

describe("principals, by type of policy", () => {
  const errorsOf = (type: PolicyType, change: object): string[] =>
    validatePolicy(
      JSON.stringify({
        Version: "2012-10-17",
        Statement: { Effect: "Deny", Action: "s3:*", Resource: "*", ...change },
      }),
      type,
    )
      .filter(({ level }) => level === "ERROR")
      .map(({ code }) => code);

  test.each<[PolicyType, object, string[]]>([
    ["resource", { Principal: "*" }, []],
    ["resource", { Principal: { AWS: ["123456789012", "arn:aws:iam::123456789012:role/a/r"] } }, []],
    ["resource", { Principal: { Service: "lambda.amazonaws.com" }, Resource: undefined }, []],
    ["resource", {}, ["MISSING_PRINCIPAL"]],
    ["resource", { Principal: "123456789012" }, ["INVALID_PRINCIPAL"]],
    ["resource", { Principal: {} }, ["INVALID_PRINCIPAL"]],
    ["resource", { Principal: { aws: "*" } }, ["INVALID_PRINCIPAL", "INVALID_PRINCIPAL"]],
    ["resource", { Principal: { AWS: "arn:aws:iam::123456789012:role/*" } }, ["INVALID_PRINCIPAL"]],
    ["resource", { Principal: { AWS: "arn:aws:iam::123456789012:user/$\u007baws:username}" } }, ["INVALID_PRINCIPAL"]],
    ["resource", { Principal: { AWS: "arn:aws:s3:::b" } }, ["INVALID_PRINCIPAL"]],
    ["resource", { Principal: { Federated: "*" } }, ["INVALID_PRINCIPAL"]],
    ["resource", { Principal: "*", NotPrincipal: "*" }, ["CONFLICTING_ELEMENTS"]],
    ["vpcEndpoint", {}, ["MISSING_PRINCIPAL"]],
    ["vpcEndpoint", { Principal: "*" }, []],
    ["vpcEndpoint", { Principal: { AWS: "123456789012" } }, []],
    ["rcp", {}, ["MISSING_PRINCIPAL"]],
    ["rcp", { NotPrincipal: "*" }, ["RCP_ELEMENT"]],
    ["rcp", { Principal: "*", Action: undefined, NotAction: "s3:*" }, ["RCP_ELEMENT"]],
    ["rcp", { Principal: "*", Action: ["s3:*", "*"] }, ["RCP_ELEMENT"]],
    ["rcp", { Principal: "*", Resource: undefined, NotResource: "arn:aws:s3:::b" }, []],
    ["rcp", { Principal: "*", Resource: undefined }, ["MISSING_RESOURCE"]],
    ["vpcEndpoint", { Principal: "*", Resource: undefined }, ["MISSING_RESOURCE"]],
    ["rcp", { Principal: "*" }, []],
    ["rcp", { Principal: { AWS: "123456789012" } }, ["INVALID_PRINCIPAL"]],
    ["rcp", { Principal: "*", Effect: "Allow" }, ["RCP_ALLOW"]],
    ["rcp", { Principal: "*", Effect: "Allow", Action: "*" }, []],
    ["scp", { Principal: "*" }, ["PRINCIPAL_NOT_ALLOWED"]],
    ["identity", { NotPrincipal: "*" }, ["PRINCIPAL_NOT_ALLOWED"]],
  ])("%s: %j", (type, change, errors) => {
    expect(errorsOf(type, change)).toEqual(errors);
  });

  test("Allow with NotPrincipal is warned of", () => {
    const document = JSON.stringify({
      Version: "2012-10-17",
      Statement: { Effect: "Allow", Action: "s3:*", Resource: "*", NotPrincipal: { AWS: "123456789012" } },
    });
    expect(validatePolicy(document, "resource").map(({ level, code }) => [level, code])).toEqual([
      ["SECURITY_WARNING", "ALLOW_WITH_NOT_PRINCIPAL"],
    ]);
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

const textOf = ({ document }: Row): string => (typeof document === "string" ? document : JSON.stringify(document));

const isAccepted = (row: Row): boolean =>
  validatePolicy(textOf(row), "identity").every(({ level }) => level !== "ERROR");

const compiles = (row: Row): boolean => {
  try {
    compilePolicySet({ identity: [{ name: "policy.json", document: textOf(row) }] });
    return true;
  } catch {
    return false;
  }
};

describe.skipIf(!isHere)("documents with AWS's verdict (IAP_SHARED_DIR)", () => {
  test("the file is whole", () => {
    expect(rows).toHaveLength(132);
  });

  test("each verdict is AWS's", () => {
    expect(rows.filter((row) => isAccepted(row) !== row.valid).map(({ id }) => id)).toEqual([]);
  });

  test("what AWS accepts compiles, and what it refuses does not, old versions and new kinds of IAM resources aside", () => {
    expect(rows.filter((row) => compiles(row) !== row.valid).map(({ id }) => id)).toEqual([
      "mv-invalid_policy_document_test_cases-1",
      "mv-invalid_policy_document_test_cases-2",
      "mv-invalid_policy_document_test_cases-35",
    ]);
  });
});
