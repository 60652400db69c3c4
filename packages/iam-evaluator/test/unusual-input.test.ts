import type { Context } from "@iap/aws-core";
import { describe, expect, test } from "vitest";
import {
  type AuthorizationRequest,
  compilePolicySet,
  type PolicySet,
  parsePolicy,
  validatePolicy,
} from "../src/index.ts";

type Parts = Readonly<Record<string, unknown>>;

const bucket = "arn:aws:s3:::bucket/key";
const account = "123456789012";

function policy(statement: Parts, version = "2012-10-17"): { name: string; document: string } {
  const whole = { Effect: "Allow", Action: "s3:GetObject", Resource: "*", ...statement };
  return { name: "p", document: JSON.stringify({ Version: version, Statement: [whole] }) };
}

function outcome(set: Partial<PolicySet>, more: Partial<AuthorizationRequest> = {}): string {
  return compilePolicySet({ identity: [], ...set }, { validate: "warn" }).evaluate({
    ...{ action: "s3:GetObject", resource: { arn: bucket } },
    ...more,
  }).outcome;
}

/** Under a condition, what is asked with this value of the key. */
function holds(operator: string, wanted: unknown, given: string): string {
  return outcome(
    { identity: [policy({ Condition: { [operator]: { "a:key": wanted } } })] },
    { context: { "a:key": given } },
  );
}

describe("who asks, told in unusual ways", () => {
  const grant = (principal: unknown, who: string): string =>
    outcome({ resource: policy({ Principal: principal }) }, { principal: { arn: who }, resourceAccount: account });
  test.each<[string, unknown, string, string]>([
    ["an account by its number is its root", { AWS: account }, account, "allowed"],
    ["a service by its name", { Service: "lambda.amazonaws.com" }, "lambda.amazonaws.com", "allowed"],
    ["another service", { Service: "lambda.amazonaws.com" }, "ec2.amazonaws.com", "implicitDeny"],
    ["an identity provider by its name", { Federated: "accounts.google.com" }, "accounts.google.com", "allowed"],
    ["a canonical id, of whose account nothing is known", { CanonicalUser: "79a59d" }, "79a59d", "implicitDeny"],
    ["nobody known is no service", { Service: "lambda.amazonaws.com" }, "arn:aws:x::123456789012:y/z", "implicitDeny"],
    [
      "nobody known is no provider",
      { Federated: "accounts.google.com" },
      "arn:aws:x::123456789012:y/z",
      "implicitDeny",
    ],
    ["nobody known is no user", { AWS: `arn:aws:iam::${account}:user/u` }, "!?", "implicitDeny"],
    ["an ARN without an account", { AWS: account }, "arn:aws:iam:::user/u", "implicitDeny"],
    ["a provider by its account", { AWS: account }, `arn:aws:iam::${account}:saml-provider/p`, "implicitDeny"],
  ])("%s", (_, principal, who, expected) => {
    expect(grant(principal, who)).toBe(expected);
  });

  test("a Deny for all but somebody applies to who is not known", () => {
    const others = policy({ Effect: "Deny", NotPrincipal: { CanonicalUser: "79a59d" } });
    const asked = { principal: { arn: `arn:aws:iam::${account}:user/u` }, resourceAccount: account };
    expect(outcome({ identity: [policy({})], resource: others }, asked)).toBe("explicitDeny");
    const unknown = { principal: { arn: "arn:aws:x::123456789012:y/z" }, resourceAccount: account };
    expect(outcome({ identity: [policy({})], resource: others }, unknown)).toBe("explicitDeny");
  });
});

test("whether a Deny for an account is about its identity providers is not known, so it applies; another's is not", () => {
  const provider = `arn:aws:iam::${account}:saml-provider/p`;
  const asked = { principal: { arn: provider }, resourceAccount: account };
  const decide = (AWS: string): string => {
    const statements = [
      { Effect: "Allow", Principal: { Federated: provider }, Action: "s3:*", Resource: "*" },
      { Effect: "Deny", Principal: { AWS }, Action: "s3:*", Resource: "*" },
    ];
    return outcome({ resource: { name: "p", document: JSON.stringify({ Statement: statements }) } }, asked);
  };
  expect(decide(account)).toBe("explicitDeny");
  expect(decide("444455556666")).toBe("allowed");
});

describe("a value longer than any that AWS takes is not compared", () => {
  const decide = (condition: Parts, context: Parts): readonly string[] =>
    (["Allow", "Deny"] as const).map((Effect) => {
      const identity = [policy({ Effect, Condition: condition }), ...(Effect === "Deny" ? [policy({})] : [])];
      // `as`: values of any kind.
      return outcome({ identity }, { context: context as Context });
    });
  const [yes, no, untold] = [
    ["allowed", "explicitDeny"],
    ["implicitDeny", "allowed"],
    ["implicitDeny", "explicitDeny"],
  ];
  const like = (pattern: string): Parts => ({ StringLike: { "a:key": pattern } });

  test("a text of up to 65,536 characters is, a longer one is unknown", () => {
    expect(decide(like("*b"), { "a:key": `${"a".repeat(65_535)}b` })).toEqual(yes);
    expect(decide(like("*b"), { "a:key": `${"a".repeat(65_536)}b` })).toEqual(untold);
    expect(decide({ Null: { "a:key": "true" } }, { "a:key": "a".repeat(65_537) })).toEqual(untold);
  });

  test("a list of up to as many, each with one more, is, a longer one is unknown", () => {
    const any = { "ForAnyValue:StringLike": { "a:key": "b" } };
    expect(decide(any, { "a:key": new Array(32_768).fill("a") })).toEqual(no);
    expect(decide(any, { "a:key": new Array(32_769).fill("a") })).toEqual(untold);
    expect(decide(any, { "a:key": ["b", 1] })).toEqual(untold);
  });

  test("a pattern that a variable makes longer than 8,192 characters cannot be told", () => {
    const own = (length: number): Parts => ({ "a:own": "a".repeat(length), "a:key": "a".repeat(length) });
    expect(decide(like("$\u007ba:own}*"), own(8191))).toEqual(yes);
    expect(decide(like("$\u007ba:own}*"), own(8192))).toEqual(untold);
  });
});

test("a Deny of what is no ARN may be about anything, also about an action without a resource", () => {
  const set = { identity: [policy({}), policy({ Effect: "Deny", Resource: "reports" })] };
  expect(outcome(set)).toBe("explicitDeny");
  expect(outcome(set, { resource: { none: true } })).toBe("explicitDeny");
  const short = { identity: [policy({}), policy({ Effect: "Deny", Resource: "arn:aws:sqs:reports" })] };
  expect(outcome(short, { resource: { none: true } })).toBe("allowed");
});

describe("values at the edges", () => {
  test.each<[string, unknown, string, string]>([
    ["NumericLessThan", "0.00000001", "0.000000001", "allowed"],
    ["NumericLessThan", "-1234567890123456789", "-1234567890123456790", "allowed"],
    ["NumericEquals", "-0.0000000000000000000", "0", "allowed"],
    ["NumericEquals", 1e3, "1000", "allowed"],
    ["NumericEquals", "1e3", "1000", "implicitDeny"],
    ["NumericEquals", "0.00000000000000000001", "1e-20", "implicitDeny"],
    ["NumericGreaterThan", "1234567890123456", "0.0000001", "implicitDeny"],
    ["IpAddress", "10.0.0.0/8", `10.0.0.1${"0".repeat(100)}`, "implicitDeny"],
    ["IpAddress", "::ffff:0:0/96", "::ffff:10.0.0.256", "implicitDeny"],
    ["IpAddress", "::ffff:0:0/96", "::ffff:10.0.0.25", "allowed"],
    ["DateLessThan", "2026-01-01T00:00:00+01", "2025-12-31T22:00:00Z", "allowed"],
    ["StringLike", [], "x", "implicitDeny"],
    ["StringNotLike", [], "x", "allowed"],
  ])("%s %j of %j: %s", (operator, wanted, given, expected) => {
    expect(holds(operator, wanted, given)).toBe(expected);
  });

  test("several checks are allowed for one reason, or for one and more", () => {
    const { evaluateAll } = ((): { evaluateAll: ReturnType<typeof compilePolicySet>["evaluateAll"] } => {
      const set = compilePolicySet({
        identity: [
          {
            name: "p",
            document: {
              Version: "2012-10-17",
              Statement: [
                { Sid: "Get", Effect: "Allow", Action: "s3:GetObject", Resource: "*" },
                { Sid: "Put", Effect: "Allow", Action: "s3:PutObject", Resource: "*" },
              ],
            },
          },
        ],
      });
      return { evaluateAll: (requests) => set.evaluateAll(requests) };
    })();
    const ask = (action: string): AuthorizationRequest => ({ action, resource: { arn: bucket } });
    expect(evaluateAll([ask("s3:GetObject"), ask("s3:GetObject")]).reason).not.toContain("more");
    expect(evaluateAll([ask("s3:GetObject"), ask("s3:PutObject")]).reason).toMatch(/ and 1 more$/);
    expect(evaluateAll([ask("s3:GetObject")]).outcome).toBe("allowed");
  });
});

describe("what is wrong with a policy is said, whatever it is", () => {
  const codes = (statement: Parts, type: "identity" | "resource" = "identity"): readonly string[] =>
    parsePolicy(policy(statement).document, type).findings.map(({ code }) => code);

  test.each<[string, Parts, "identity" | "resource"]>([
    ["INVALID_PRINCIPAL", { Principal: { Sevice: "x" } }, "resource"],
    ["INVALID_PRINCIPAL", { Principal: { Something: "x" } }, "resource"],
    ["INVALID_PRINCIPAL", { Principal: { AWS: [7] } }, "resource"],
    ["INVALID_SID", { Sid: "-_-" }, "identity"],
    ["INVALID_SID", { Sid: "a-b" }, "identity"],
    ["UNKNOWN_ELEMENT", { ["x".repeat(200)]: 1 }, "identity"],
  ])("%s: %j", (code, statement, type) => {
    expect(codes(statement, type).join()).toContain(code.split("_")[0]);
  });

  test("a service that is not named like one", () => {
    const { document } = policy({ Principal: { Service: "lambda" } });
    expect(validatePolicy(document, "resource").map(({ code }) => code)).toContain("UNKNOWN_SERVICE_PRINCIPAL");
  });

  test.each(["2026-13-01T00:00:00Z", "2026-01-01T25:00Z", "292278994-01-01", "-292275055-01-01", "x-01-01"])(
    "a Deny until %s, which is no date, applies",
    (date) => {
      const deny = policy({ Effect: "Deny", Condition: { DateGreaterThan: { "a:key": date } } });
      const context = { "a:key": "2026-01-01T00:00:00Z" };
      expect(outcome({ identity: [policy({}), deny] }, { context })).toBe("explicitDeny");
    },
  );

  test("a variable before the resource part of an ARN", () => {
    expect(codes({ Resource: "arn:aws:s3:$\u007baws:PrincipalAccount}::b/*" }).length).toBeGreaterThan(0);
  });
});
