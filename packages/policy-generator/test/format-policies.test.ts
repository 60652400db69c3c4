import type { PolicyStatement } from "@iap/iam-evaluator";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAllDocuments, parse as parseYaml } from "yaml";
import { hclExpression, hclString } from "../src/format-hcl.ts";
import { formatPolicies, POLICY_FORMATS, PolicyFormatError } from "../src/format-policies.ts";
import { yamlText } from "../src/format-yaml.ts";
import type { PolicyTarget } from "../src/policy-target.ts";
import { policyText } from "../src/policy-text.ts";

const statements: readonly PolicyStatement[] = [
  {
    Sid: "S3ReadObject",
    Effect: "Allow",
    Action: ["s3:GetObject"],
    Resource: ["arn:aws:s3:::b/plain", `arn:aws:s3:::b/a\${*}"b"\\ %{if}`],
  },
  {
    Sid: "IamWriteRole",
    Effect: "Allow",
    Action: ["iam:PassRole"],
    Resource: "*",
    Condition: { StringEquals: { "iam:PassedToService": "lambda.amazonaws.com" } },
  },
];
const one = policyText(statements);
const other = policyText([{ Sid: "X", Effect: "Allow", Action: ["x:Y"], Resource: "*" }]);

const texts = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "yes",
    "No",
    "null",
    "~",
    "1.0",
    "2012-10-17",
    "0x1f",
    "1e3",
    "- a",
    "a: b",
    "#",
    "a #b",
    "*",
    "&a",
    "!",
    "%",
    "@",
    "a:",
    ":a",
    "",
    " ",
    "é",
    "\u0085",
    "\ufeff",
    "true",
    "on",
    "s3:GetObject",
    "arn:aws:s3:::b/*",
  ),
);
const json: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    texts,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(
      texts.filter((key) => key !== "__proto__"),
      tie("value"),
      { maxKeys: 4 },
    ),
    fc.boolean(),
    fc.integer(),
  ),
})).value;

describe("YAML", () => {
  test.each(["1.1", "1.2"] as const)("read by a reader of YAML %s is the value that was written", (version) => {
    fc.assert(
      fc.property(json, (value) => {
        expect(parseYaml(yamlText(value), { version, merge: false })).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  test("is plain where it can be", () => {
    expect(formatPolicies([other], "yaml")).toBe(`Version: "2012-10-17"
Statement:
  - Sid: X
    Effect: Allow
    Action:
      - x:Y
    Resource: "*"
`);
  });

  test("of several policies is several documents", () => {
    const documents = parseAllDocuments(formatPolicies([one, other], "yaml")) as { toJS(): unknown }[];
    expect(documents.map((document) => document.toJS())).toEqual([one.policy, other.policy]);
  });
});

describe("JSON", () => {
  test("of one policy is its text, of several a list", () => {
    expect(formatPolicies([one], "json")).toBe(one.text);
    expect(JSON.parse(formatPolicies([one, other], "json"))).toEqual([one.policy, other.policy]);
  });
});

describe("Terraform", () => {
  test("strings double what begins a template", () => {
    expect(hclString(`a\${*}b%{c}"\\\n`)).toBe('"a$${*}b%%{c}\\"\\\\\\n"');
  });

  test("the data source has a statement block each, with its condition", () => {
    expect(formatPolicies([one], "hcl", { name: "my-agent" })).toBe(`data "aws_iam_policy_document" "my_agent" {
  statement {
    sid    = "S3ReadObject"
    effect = "Allow"

    actions = [
      "s3:GetObject",
    ]

    resources = [
      "arn:aws:s3:::b/plain",
      "arn:aws:s3:::b/a$\${*}\\"b\\"\\\\ %%{if}",
    ]
  }

  statement {
    sid    = "IamWriteRole"
    effect = "Allow"

    actions = [
      "iam:PassRole",
    ]

    resources = [
      "*",
    ]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["lambda.amazonaws.com"]
    }
  }
}
`);
  });

  test("the data source cannot say &{, and the error names what can", () => {
    const odd = policyText([
      { Sid: "X", Effect: "Allow", Action: ["s3:GetObject"], Resource: ["arn:aws:s3:::b/&{x}"] },
    ]);
    expect(() => formatPolicies([odd], "hcl")).toThrow(PolicyFormatError);
    expect(formatPolicies([odd], "hcl-json")).toContain("&{x}");
  });

  test.each<[PolicyTarget | undefined, string]>([
    [undefined, 'resource "aws_iam_policy" "agent" {\n  name = "agent"\n  policy = jsonencode({\n    Version'],
    ["managed", 'resource "aws_iam_policy" "agent"'],
    ["role", 'resource "aws_iam_role_policy" "agent" {\n  name = "agent"\n  role = var.role_name\n'],
    ["group", 'resource "aws_iam_group_policy" "agent" {\n  name  = "agent"\n  group = var.group_name\n'],
    ["user", 'resource "aws_iam_user_policy" "agent"'],
    ["session", "locals {\n  agent_session_policy = jsonencode({"],
    ["scp", 'type = "SERVICE_CONTROL_POLICY"\n  content = jsonencode({'],
  ])("the resource with jsonencode, for %s", (target, text) => {
    expect(formatPolicies([other], "hcl-json", { target })).toContain(text);
  });

  test("expressions are the value that was written", () => {
    expect(hclExpression({ "a:b": ["x"], c: true })).toBe('{\n  "a:b" = [\n    "x",\n  ]\n  c = true\n}');
  });

  test("several policies have names of their own", () => {
    const text = formatPolicies([one, other], "hcl");
    expect(text.match(/^data "aws_iam_policy_document" "agent_\d"/gm)).toHaveLength(2);
  });
});

describe("CloudFormation", () => {
  const template = (target: PolicyTarget | undefined, policies = [one]): Record<string, Record<string, unknown>> =>
    parseYaml(formatPolicies(policies, "cloudformation", { target, name: "my-agent" })) as never;

  test.each<[PolicyTarget | undefined, unknown]>([
    [undefined, { Type: "AWS::IAM::ManagedPolicy", Properties: { PolicyDocument: one.policy } }],
    [
      "role",
      {
        Type: "AWS::IAM::RolePolicy",
        Properties: { PolicyName: "my-agent", RoleName: { Ref: "RoleName" }, PolicyDocument: one.policy },
      },
    ],
    [
      "user",
      {
        Type: "AWS::IAM::UserPolicy",
        Properties: { PolicyName: "my-agent", UserName: { Ref: "UserName" }, PolicyDocument: one.policy },
      },
    ],
    [
      "group",
      {
        Type: "AWS::IAM::GroupPolicy",
        Properties: { PolicyName: "my-agent", GroupName: { Ref: "GroupName" }, PolicyDocument: one.policy },
      },
    ],
    [
      "scp",
      {
        Type: "AWS::Organizations::Policy",
        Properties: { Name: "my-agent", Type: "SERVICE_CONTROL_POLICY", Content: one.policy },
      },
    ],
  ])("for %s", (target, resource) => {
    expect(template(target)).toMatchObject({
      AWSTemplateFormatVersion: "2010-09-09",
      Resources: { MyAgentPolicy: resource },
    });
  });

  test("has a resource for each policy", () => {
    expect(Object.keys(template("managed", [one, other]).Resources ?? {})).toEqual([
      "MyAgentPolicy1",
      "MyAgentPolicy2",
    ]);
  });

  test("has no session policies", () => {
    expect(() => formatPolicies([one], "cloudformation", { target: "session" })).toThrow(PolicyFormatError);
  });
});

describe("CDK", () => {
  test("is a class of statements", () => {
    expect(formatPolicies([one], "cdk")).toBe(`import * as iam from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";

export class AgentPolicy extends iam.ManagedPolicy {
  constructor(scope: Construct, id: string, props: iam.ManagedPolicyProps = {}) {
    super(scope, id, { ...props, statements: [
      new iam.PolicyStatement({
        sid: "S3ReadObject",
        effect: iam.Effect.ALLOW,
        actions: ["s3:GetObject"],
        resources: [
          "arn:aws:s3:::b/plain",
          "arn:aws:s3:::b/a\${*}\\"b\\"\\\\ %{if}",
        ],
      }),
      new iam.PolicyStatement({
        sid: "IamWriteRole",
        effect: iam.Effect.ALLOW,
        actions: ["iam:PassRole"],
        resources: ["*"],
        conditions: {
          "StringEquals": {
            "iam:PassedToService": "lambda.amazonaws.com"
          }
        },
      }),
    ] });
  }
}
`);
  });

  test.each<[PolicyTarget, string]>([
    ["role", "extends iam.Policy {"],
    ["session", "export const agentPolicy = new iam.PolicyDocument({"],
    ["scp", "extends organizations.CfnPolicy {"],
  ])("for %s", (target, text) => {
    expect(formatPolicies([one], "cdk", { target })).toContain(text);
  });
});

test.each(POLICY_FORMATS)("the same policies give the same %s", (format) => {
  expect(formatPolicies([one, other], format)).toBe(formatPolicies([one, other], format));
  expect(formatPolicies([one], format).endsWith("\n")).toBe(true);
});
