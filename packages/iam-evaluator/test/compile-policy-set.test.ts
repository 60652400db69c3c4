import { describe, expect, test } from "vitest";
import { compilePolicySet, type PolicySet } from "../src/compile-policy-set.ts";
import { PolicyValidationError } from "../src/finding.ts";
import { allow, deny, evaluatorOf } from "./support/policies.ts";

const errorOf = (compile: () => unknown): PolicyValidationError => {
  try {
    compile();
  } catch (error) {
    expect(error).toBeInstanceOf(PolicyValidationError);
    return error as PolicyValidationError;
  }
  throw new Error("It compiled.");
};

test("several policies allow what any of them allows and none denies", () => {
  const policy = compilePolicySet({
    identity: [
      { name: "a.json", document: { Version: "2012-10-17", Statement: allow("s3:*", "*") } },
      { name: "b.json", document: { Version: "2012-10-17", Statement: [allow("ec2:*", "*"), deny("s3:Put*", "*")] } },
    ],
  });
  const outcome = (action: string): string => policy.evaluate({ action, resource: { none: true } }).outcome;
  expect(outcome("s3:GetObject")).toBe("allowed");
  expect(outcome("ec2:RunInstances")).toBe("allowed");
  expect(outcome("s3:PutObject")).toBe("explicitDeny");
  expect(outcome("iam:GetUser")).toBe("implicitDeny");
});

test("no policy at all allows nothing", () => {
  const policy = compilePolicySet({ identity: [] });
  expect(policy.evaluate({ action: "s3:GetObject", resource: { none: true } }).outcome).toBe("implicitDeny");
});

test("an error says file, line, column, path, what is wrong and what to do", () => {
  const document =
    '{\n  "Version": "2012-10-17",\n  "Statement": [\n    { "Effect": "allow", "Action": "s3:*", "Resource": "*" }\n  ]\n}\n';
  const { message } = errorOf(() => compilePolicySet({ identity: [{ name: "agent.json", document }] }));
  expect(message).toBe(
    'agent.json:4:17: Statement[0].Effect: Effect must be Allow or Deny. Write "Allow" or "Deny", spelt so.',
  );
});

test("every error of every policy is told at once", () => {
  const document = { Version: "2012-10-17", Statement: allow("s3", "bucket") } as const;
  const { findings, message } = errorOf(() =>
    compilePolicySet({
      identity: [
        { name: "a.json", document },
        { name: "b.json", document: "{" },
      ],
    }),
  );
  expect(findings.map(({ policy, code }) => [policy, code])).toEqual([
    ["a.json", "INVALID_ACTION"],
    ["a.json", "INVALID_ARN"],
    ["b.json", "INVALID_JSON"],
  ]);
  expect(message.split("\n")).toHaveLength(3);
});

describe("what AWS would refuse keeps the policy from being used, unless it shall be read as far as it goes", () => {
  const refused: [string, object, string][] = [
    ["an operator that does not exist", { Condition: { StringEqual: { "aws:username": "a" } } }, "UNKNOWN_OPERATOR"],
    ["NullIfExists", { Condition: { NullIfExists: { "aws:username": "true" } } }, "UNKNOWN_OPERATOR"],
    ["a bad number", { Condition: { NumericEquals: { "s3:max-keys": "10abc" } } }, "INVALID_OPERAND"],
    ["a bad date", { Condition: { DateLessThan: { "aws:CurrentTime": "soon" } } }, "INVALID_OPERAND"],
    ["a bad range", { Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/33" } } }, "INVALID_OPERAND"],
    [
      "a variable where there are none",
      { Condition: { NumericEquals: { "s3:max-keys": `\${aws:username}` } } },
      "INVALID_OPERAND",
    ],
    ["an open variable", { Resource: `arn:aws:s3:::b/\${` }, "INVALID_VARIABLE"],
    ["an action without its service", { Action: "GetObject" }, "INVALID_ACTION"],
    ["an action of some service", { Action: "s*:GetObject" }, "INVALID_ACTION"],
    ["a resource that is no ARN", { Resource: "b/*" }, "INVALID_ARN"],
    ["a variable within a variable", { Resource: `arn:aws:s3:::b/\${\${*}}` }, "INVALID_VARIABLE"],
  ];

  test.each(refused)("%s", (_name, change, code) => {
    const statement = { ...allow("s3:*", "*"), ...change };
    const document = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    const { findings } = errorOf(() => compilePolicySet({ identity: [{ name: "a.json", document }] }));
    expect(findings.map((finding) => finding.code)).toContain(code);
    expect(findings[0]?.line).toBe(1);
  });

  test.each(refused)("read as far as it goes, %s does not allow, and denies in a Deny", (_name, change) => {
    const evaluate = (Effect: "Allow" | "Deny") => {
      const document = JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ ...allow("s3:*", "*"), ...change, Effect }, allow("ec2:*", "*")],
      });
      return compilePolicySet({ identity: [{ name: "a.json", document }] }, { validate: "warn" }).evaluate({
        action: "s3:GetObject",
        resource: { arn: "arn:aws:s3:::b/k" },
        context: { "aws:username": "a", "s3:max-keys": 5, "aws:CurrentTime": "2026-01-01", "aws:SourceIp": "10.0.0.1" },
      });
    };
    const denied = evaluate("Deny");
    expect(denied.outcome).toBe("explicitDeny");
    expect(denied.unevaluated).toMatchObject([{ statement: { index: 0, effect: "Deny" } }]);
    expect(denied.reason).toContain("cannot be ruled out");
    const notAllowed = evaluate("Allow");
    expect(notAllowed.outcome).toBe("implicitDeny");
    expect(notAllowed.unevaluated).toMatchObject([{ statement: { index: 0, effect: "Allow" } }]);
  });

  test.each([
    ["Principal in an identity policy", { Principal: "*" }],
    ["a misspelt Effect", { Effect: "deny" }],
    ["an element that does not exist", { Conditions: {} }],
    ["a condition of another form", { Condition: { StringEquals: "a" } }],
  ])("%s is refused in any case", (_name, change) => {
    const document = JSON.stringify({ Version: "2012-10-17", Statement: [{ ...allow("s3:*", "*"), ...change }] });
    const compile = () => compilePolicySet({ identity: [{ name: "a.json", document }] }, { validate: "warn" });
    expect(errorOf(compile).findings).not.toEqual([]);
  });

  test("a type of policy that does not exist", () => {
    const set = { identity: [], permissionBoundary: [] };
    expect(() => compilePolicySet(set as PolicySet)).toThrow('"permissionBoundary" is not a type of policy');
  });
});

test("the condition keys that a set asks for are known, variables included", () => {
  const { contextKeys } = evaluatorOf({
    ...allow("s3:*", [`arn:aws:s3:::b/\${aws:PrincipalTag/team, 'x'}/*`, "arn:aws:s3:::c"]),
    Condition: { StringLike: { "s3:prefix": [`\${aws:username}/*`, "a"] }, Bool: { "AWS:securetransport": "true" } },
  });
  expect([...contextKeys].sort()).toEqual([
    "AWS:securetransport",
    "aws:PrincipalTag/team",
    "aws:username",
    "s3:prefix",
  ]);
});

test("findings that are not errors are handed on", () => {
  const { findings } = compilePolicySet({ identity: [{ name: "a.json", document: { Statement: allow("*", "*") } }] });
  expect(findings).toEqual([expect.objectContaining({ policy: "a.json", code: "MISSING_VERSION", level: "WARNING" })]);
});

describe("the version of a set", () => {
  const identity = [
    { name: "a.json", document: '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}' },
  ];

  test("is what it is given, and stands in every decision", () => {
    const policy = compilePolicySet({ identity }, { version: "v7" });
    expect(policy.version).toBe("v7");
    expect(policy.evaluate({ action: "s3:GetObject", resource: { none: true } }).policyVersion).toBe("v7");
    expect(policy.evaluate({ action: "", resource: { none: true } }).policyVersion).toBe("v7");
  });

  test("is otherwise a short hash of names and documents", () => {
    const versionOf = (name: string, document: string): string =>
      compilePolicySet({ identity: [{ name, document }] }).version;
    const document = identity[0]?.document as string;
    expect(compilePolicySet({ identity }).version).toBe(versionOf("a.json", document));
    expect(versionOf("a.json", `${document} `)).not.toBe(versionOf("a.json", document));
    expect(versionOf("b.json", document)).not.toBe(versionOf("a.json", document));
  });
});

test("what is remembered does not change what is decided, nor grow without end", () => {
  const policy = evaluatorOf(allow("s3:Get*", "*"), deny("s3:GetObjectAcl", "*"));
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 6000; i++) {
      const { outcome } = policy.evaluate({ action: `s3:Get${i}`, resource: { none: true } });
      if (outcome !== "allowed") expect(i).toBe("allowed");
    }
    expect(policy.evaluate({ action: "s3:GetObjectAcl", resource: { none: true } }).outcome).toBe("explicitDeny");
  }
});

test("a document given as an object is read as it is now, not as it will be", () => {
  const document = { Version: "2012-10-17" as const, Statement: [{ ...allow("s3:*", "*") }] };
  const policy = compilePolicySet({ identity: [{ name: "a", document }] });
  (document.Statement[0] as { Action: string }).Action = "ec2:*";
  expect(policy.evaluate({ action: "ec2:RunInstances", resource: { none: true } }).outcome).toBe("implicitDeny");
});
