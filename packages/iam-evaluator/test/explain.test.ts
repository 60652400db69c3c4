import { expect, test } from "vitest";
import { compilePolicySet } from "../src/compile-policy-set.ts";

const policy = compilePolicySet({
  identity: [
    {
      name: "agent.json",
      document: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "List",
            Effect: "Allow",
            Action: "s3:ListBucket",
            Resource: "arn:aws:s3:::b",
            Condition: { StringLike: { "s3:prefix": ["a/*", "b/*"] }, Bool: { "aws:SecureTransport": true } },
          },
          { Effect: "Deny", Action: "s3:*", Resource: "*", Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } } },
          { Effect: "Allow", Action: "ec2:*", Resource: "*" },
        ],
      }),
    },
  ],
  scp: [
    [
      {
        name: "root.json",
        document: { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "*", Resource: "*" } },
      },
    ],
    [
      {
        name: "ou.json",
        document: { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "*", Resource: "*" } },
      },
    ],
  ],
});

const request = {
  action: "s3:ListBucket",
  resource: { arn: "arn:aws:s3:::b" },
  context: { "s3:prefix": "c/", "aws:SecureTransport": "true" },
};

test("the trace has every statement of every policy, with what came of each part", () => {
  const { decision, statements } = policy.explain({ ...request, authoritative: ["s3:*"] });
  expect(decision.outcome).toBe("explicitDeny");
  expect(statements.map(({ group, matches }) => [group.type, group.index, matches])).toEqual([
    ["scp", 0, "yes"],
    ["scp", 1, "yes"],
    ["identity", 0, "no"],
    ["identity", 0, "undetermined"],
    ["identity", 0, "no"],
  ]);
  expect(statements[2]).toMatchObject({
    statement: { policy: "agent.json", sid: "List", index: 0 },
    action: "yes",
    resource: "yes",
    conditions: [
      {
        operator: "StringLike",
        key: "s3:prefix",
        policyValues: ["a/*", "b/*"],
        state: "present",
        requestValue: "c/",
        holds: "no",
      },
      { operator: "Bool", key: "aws:SecureTransport", policyValues: ["true"], state: "present", holds: "yes" },
    ],
  });
  expect(statements[3]).toMatchObject({
    conditions: [{ key: "aws:SourceIp", state: "unknown", holds: "undetermined" }],
    why: "the value of the condition key aws:SourceIp is not known",
  });
  expect(statements[4]).toMatchObject({ action: "no" });
});

test("what is missing is named, in the decision too", () => {
  const { decision, statements } = policy.explain(request);
  expect(decision).toMatchObject({
    outcome: "implicitDeny",
    blockedBy: ["identity"],
    missingContextKeys: ["aws:SourceIp"],
    unevaluated: [],
  });
  expect(decision.reason).toContain("statement List in agent.json would, but its condition StringLike on s3:prefix");
  expect(statements[3]?.conditions).toMatchObject([{ state: "absent", holds: "no" }]);
});

test("several types that do not allow are all named as what blocked", () => {
  const none = {
    name: "none.json",
    document: { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "ec2:*", Resource: "*" } },
  } as const;
  const { blockedBy, reason } = compilePolicySet({
    identity: [none],
    permissionsBoundary: [none],
    session: [none],
    scp: [[none]],
  }).evaluate(request);
  expect(blockedBy).toEqual(["scp", "identity", "permissionsBoundary", "session"]);
  expect(reason).toContain("no service control policy allows the s3:ListBucket action");
});

test("a request that makes no sense has no trace", () => {
  expect(policy.explain({ action: "s3:*", resource: { none: true } })).toMatchObject({
    decision: { outcome: "implicitDeny" },
    statements: [],
  });
});
