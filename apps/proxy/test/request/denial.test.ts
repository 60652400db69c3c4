import type { CheckResource, Decision, ResolvedCall } from "@iap/aws-core";
import { compilePolicySet } from "@iap/iam-evaluator";
import { describe, expect, test } from "vitest";
import { denial } from "../../src/request/denial.ts";

const user = "arn:aws:iam::123456789012:user/dev";

function call(resource: CheckResource, action = "s3:GetObject", more: Partial<ResolvedCall> = {}): ResolvedCall {
  return {
    service: "s3",
    operations: ["GetObject"],
    protocol: "restXml",
    region: "eu-west-1",
    checks: [{ action, resource, context: {}, authoritative: [] }],
    ...more,
  };
}

function judged(statement: object, resolved: ResolvedCall): Decision {
  const document = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  return compilePolicySet({ identity: [{ name: "policy.json", document }] }).evaluateAll(resolved.checks);
}

const allowOther = { Effect: "Allow", Action: "s3:ListBucket", Resource: "*" };
const object = { arn: "arn:aws:s3:::reports/a b.csv" };

describe("in AWS's own sentence", () => {
  test("no statement allows", () => {
    const resolved = call(object);
    const { code, message } = denial(judged(allowOther, resolved), resolved, user);
    expect(code).toBe("AccessDenied");
    expect(message).toBe(
      `User: ${user} is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::reports/a b.csv" because no identity-based policy allows the s3:GetObject action. The operator of iam-agent-proxy can add a statement in the policies of --policy, and \`iam-agent-proxy reload\` makes it count.`,
    );
  });

  test("a statement denies", () => {
    const resolved = call(object);
    const decision = judged({ Sid: "NoReports", Effect: "Deny", Action: "s3:*", Resource: "*" }, resolved);
    const { message } = denial(decision, resolved, user);
    expect(message).toMatch(
      new RegExp(
        `^User: ${user} is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::reports/a b\\.csv" with an explicit deny in an identity-based policy`,
      ),
    );
    expect(message).toContain("NoReports");
    expect(message).toContain(
      "(statement NoReports in policy.json). The operator of iam-agent-proxy can change that statement, and `iam-agent-proxy reload` makes it count.",
    );
    expect(message.match(/arn:aws:s3:::/g)).toHaveLength(1);
  });

  test("the action takes no resource", () => {
    const resolved = call({ none: true }, "s3:ListAllMyBuckets");
    expect(denial(judged(allowOther, resolved), resolved, user).message).toBe(
      `User: ${user} is not authorized to perform: s3:ListAllMyBuckets on resource: * because no identity-based policy allows the s3:ListAllMyBuckets action. The operator of iam-agent-proxy can add a statement in the policies of --policy, and \`iam-agent-proxy reload\` makes it count.`,
    );
  });

  test("the resource is a declared wildcard", () => {
    const resolved = call({ pattern: "arn:aws:s3:::reports/*", why: "not told" });
    expect(denial(judged(allowOther, resolved), resolved, user).message).toContain(
      "s3:GetObject on resource: arn:aws:s3:::reports/* because no identity-based policy allows",
    );
  });
});

test("a condition that kept a statement from allowing is named", () => {
  const resolved = call(object);
  const statement = { Sid: "Mine", Effect: "Allow", Action: "s3:*", Resource: "*" };
  const decision = judged({ ...statement, Condition: { StringEquals: { "s3:prefix": "a" } } }, resolved);
  const { message } = denial(decision, resolved, user);
  expect(message).toContain(
    "statement Mine in policy.json does not count because the value of the condition key s3:prefix is not known. The operator of iam-agent-proxy can change that, or add a statement in the policies of --policy",
  );
});

test("of several checks, the one that decided is named", () => {
  const [first] = call(object).checks;
  const resolved = call(object, "s3:ListBucket");
  const both = { ...resolved, checks: [...resolved.checks, ...(first === undefined ? [] : [first])] };
  expect(denial(judged(allowOther, both), both, user).message).toContain("to perform: s3:GetObject on resource");
});

test("where it is no option's policy that does not allow, none is named", () => {
  const resolved = call(object);
  const { message } = denial({ ...judged(allowOther, resolved), blockedBy: [] }, resolved, user);
  expect(message).toContain("The operator of iam-agent-proxy can add a statement in a policy, and");
});

describe("of a guard", () => {
  const guard = (reason: string): Decision => ({
    outcome: "explicitDeny",
    reason,
    by: "guard",
    matchedStatements: [],
    missingContextKeys: [],
    unevaluated: [],
    policyVersion: "",
  });

  test("the operation is named where there are no checks", () => {
    const resolved = call(object, "", { service: "sts", operations: ["AssumeRole"], checks: [] });
    expect(denial(guard("it hands out credentials"), resolved, user).message).toBe(
      `User: ${user} is not authorized to perform: sts:AssumeRole because it hands out credentials`,
    );
  });

  test("and where the operation is not known, the service", () => {
    const resolved = call(object, "", { operations: [], marker: "ambiguous", checks: [] });
    expect(denial(guard("its parts disagree"), resolved, user).message).toBe(
      `User: ${user} is not authorized to perform: an unknown operation of s3 because its parts disagree`,
    );
  });

  test("whoever it is, while AWS has not said", () => {
    const resolved = call(object);
    expect(denial(guard("x"), resolved, undefined).message).toMatch(/^User: the agent is not authorized/);
  });
});
