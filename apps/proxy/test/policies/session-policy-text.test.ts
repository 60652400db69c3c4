import { compilePolicySet } from "@iap/iam-evaluator";
import { expect, test } from "vitest";
import { sessionPolicyText } from "../../src/policies/session-policy-text.ts";
import { UsageError } from "../../src/usage-error.ts";

const roleArn = "arn:aws:iam::123456789012:role/agent";
const input = (Statement: object, Version: string | undefined = "2012-10-17") => ({
  name: "p.json",
  document: JSON.stringify({ Version, Statement }, null, 2),
});
const allow = (Action: string, more: object = {}) => ({ Sid: "One", Effect: "Allow", Action, Resource: "*", ...more });
const deny = (Action: string) => ({ ...allow(Action), Effect: "Deny" });

test("is what the identity policies allow, and what any of the policies denies, in one valid document", () => {
  const text = sessionPolicyText({
    identity: [input([allow("s3:*"), deny("s3:DeleteBucket")]), input(allow("sqs:*"))],
    limits: [input([allow("*"), deny("sqs:DeleteQueue")])],
    roleArn,
  });
  expect(text).not.toMatch(/\s/);
  const evaluator = compilePolicySet({ identity: [{ name: "text", document: text }] });
  const outcome = (action: string) => evaluator.evaluate({ action, resource: { none: true }, context: {} }).outcome;
  expect(["s3:CreateBucket", "sqs:ListQueues", "ec2:RunInstances"].map(outcome)).toEqual([
    ...["allowed", "allowed", "implicitDeny"],
  ]);
  expect(["s3:DeleteBucket", "sqs:DeleteQueue"].map(outcome)).toEqual(["explicitDeny", "explicitDeny"]);
});

test("has nothing that is allowed to sessions of other roles only", () => {
  const of = (arn: string) => ({ Condition: { StringEquals: { "aws:PrincipalArn": arn } } });
  const text = sessionPolicyText({
    identity: [
      input([allow("s3:*", of(roleArn)), allow("sqs:*", of(`${roleArn}2`)), { ...deny("ec2:*"), ...of("x") }]),
    ],
    limits: [],
    roleArn,
  });
  expect(text).toContain("s3:*");
  expect(text).not.toContain("sqs:*");
  expect(text).toContain("ec2:*");
});

test("keeps what ${ means in each version, or says that it cannot", () => {
  const variable = allow("s3:*", { Resource: "arn:aws:s3:::b/$" + "{aws:username}" });
  const one = (identity: ReturnType<typeof input>[]) => sessionPolicyText({ identity, limits: [], roleArn });
  expect(JSON.parse(one([input(variable)]))).toMatchObject({ Version: "2012-10-17" });
  expect(JSON.parse(one([input(variable, "2008-10-17")]))).not.toHaveProperty("Version");
  expect(JSON.parse(one([input(allow("s3:*"), "2008-10-17")]))).toMatchObject({ Version: "2012-10-17" });
  expect(() => one([input(variable, "2008-10-17"), input(allow("s3:*"))])).toThrow(/Give it that version/);
});

test("what is not ASCII is escaped", () => {
  const text = sessionPolicyText({
    identity: [input(allow("s3:*", { Resource: "arn:aws:s3:::b/ü" }))],
    limits: [],
    roleArn,
  });
  expect(text).toContain("b/\\u00fc");
  expect((JSON.parse(text) as { Statement: [{ Resource: string }] }).Statement[0].Resource).toBe("arn:aws:s3:::b/ü");
});

test("what has more than 2,048 characters is refused, with the way out", () => {
  const wide = (characters: number) =>
    sessionPolicyText({
      identity: [input(allow("s3:*", { Resource: `arn:aws:s3:::${"a".repeat(characters)}` }))],
      limits: [],
      roleArn,
    });
  expect(() => wide(2048)).toThrow(UsageError);
  expect(() => wide(2048)).toThrow(
    /has 2\d{3} characters, and AWS takes 2048.*--for session.*leave out --dual-enforce/,
  );
  const frame = wide(0).length;
  expect(wide(2048 - frame)).toHaveLength(2048);
  expect(() => wide(2049 - frame)).toThrow(/has 2049 characters/);
});
