import { describe, expect, test } from "vitest";
import { compilePolicySet, type PolicySet } from "../src/compile-policy-set.ts";
import type { AuthorizationRequest } from "../src/evaluate.ts";
import type { ConditionElement, PolicyDocument, PolicyStatement } from "../src/policy-document.ts";
import { validatePolicy } from "../src/validate-policy.ts";
import { allow, deny } from "./support/policies.ts";

/** What evaluators get wrong, case by case, with the answer of the page of the IAM User Guide (or other) named. */

const ACCOUNT = "123456789012";
const OTHER = "999988887777";
const USER = `arn:aws:iam::${ACCOUNT}:user/bob`;
const ROLE = `arn:aws:iam::${ACCOUNT}:role/app`;
const SESSION = `arn:aws:sts::${ACCOUNT}:assumed-role/app/s1`;
const OBJECT = "arn:aws:s3:::b/k";
const KEY = `arn:aws:kms:us-east-1:${ACCOUNT}:key/k`;

const everything = allow("*", "*");
const onlyEc2 = allow("ec2:*", "*");
const document = (...Statement: PolicyStatement[]): PolicyDocument => ({ Version: "2012-10-17", Statement });
const policy = (...statements: PolicyStatement[]) => ({ name: "p", document: document(...statements) });
const resourcePolicy = (Principal: PolicyStatement["Principal"], Action = "s3:*") => ({
  name: "resource",
  document: document({ Effect: "Allow", Principal, Action, Resource: "*" }),
});

type Outcome = "allowed" | "explicitDeny" | "implicitDeny";
type Request = Partial<Omit<AuthorizationRequest, "principal" | "resource">> & {
  readonly as?: string;
  readonly on?: string | null;
};

function decide(set: Partial<PolicySet>, { as = USER, on = OBJECT, ...request }: Request = {}): Outcome {
  return compilePolicySet({ identity: [], ...set }, { validate: "warn" }).evaluate({
    action: "s3:GetObject",
    resourceAccount: ACCOUNT,
    ...request,
    principal: { arn: as },
    resource: on === null ? { none: true } : { arn: on },
  }).outcome;
}

/** What identity policies of these statements decide. */
const by = (statements: PolicyStatement[], request?: Request): Outcome =>
  decide({ identity: [policy(...statements)] }, request);

/** Whether a condition holds: in an Allow, and the same in a Deny. */
function holds(Condition: ConditionElement, context: AuthorizationRequest["context"], Version = "2012-10-17"): boolean {
  const evaluate = (statements: PolicyStatement[]): Outcome => {
    // `as`: a version as text.
    const given = { Version, Statement: statements } as PolicyDocument;
    return decide({ identity: [{ name: "p", document: given }] }, context === undefined ? {} : { context });
  };
  const allowed = evaluate([{ ...everything, Condition }]) === "allowed";
  expect(evaluate([everything, { ...deny("*", "*"), Condition }])).toBe(allowed ? "explicitDeny" : "allowed");
  return allowed;
}

const errorsOf = (statement: object, type: Parameters<typeof validatePolicy>[1] = "identity"): string[] =>
  validatePolicy(JSON.stringify({ Version: "2012-10-17", Statement: { ...everything, ...statement } }), type)
    .filter(({ level }) => level === "ERROR")
    .map(({ code }) => code);

describe("which policies decide", () => {
  test("1: without an Allow everything is denied, implicitly (evaluation-logic)", () => {
    expect(by([onlyEc2])).toBe("implicitDeny");
  });

  test("2: a Deny in a policy of any type beats everything (evaluation-logic)", () => {
    const denying = policy(everything, deny("s3:*", "*"));
    const denyingResource = { name: "r", document: document({ ...deny("s3:*", "*"), Principal: "*" }) };
    const identity = [policy(everything)];
    const sets: Partial<PolicySet>[] = [
      { identity: [denying] },
      { identity, permissionsBoundary: [denying] },
      { identity, session: [denying] },
      { identity, scp: [[denying]] },
      { identity, rcp: [[denyingResource]] },
      { identity, resource: denyingResource },
      { identity, vpcEndpoint: [denyingResource] },
    ];
    expect(sets.map((set) => decide(set, { as: SESSION }))).toEqual(sets.map(() => "explicitDeny"));
  });

  test("3: a boundary, a session policy and each level of SCPs must allow (evaluation-logic)", () => {
    const identity = [policy(everything)];
    const sets: Partial<PolicySet>[] = [
      { identity, permissionsBoundary: [policy(onlyEc2)] },
      { identity, session: [policy(onlyEc2)] },
      { identity, scp: [[policy(everything)], [policy(onlyEc2)]] },
      { identity, scp: [[policy(onlyEc2)], [policy(everything)]] },
      { identity, scp: [[policy(everything)], []] },
    ];
    expect(sets.map((set) => decide(set, { as: SESSION }))).toEqual(sets.map(() => "implicitDeny"));
    expect(decide({ identity, scp: [[policy(onlyEc2), policy(everything)], [policy(everything)]] })).toBe("allowed");
  });

  test("4: an RCP need not allow (Organizations, rcps_evaluation)", () => {
    const other = { name: "r", document: document({ ...deny("sqs:*", "*"), Principal: "*" }) };
    expect(decide({ identity: [policy(everything)], rcp: [[other]] })).toBe("allowed");
  });

  test("5: a resource policy that names the session or user is enough; the role is still bound (policy-eval-denyallow)", () => {
    const limits = { permissionsBoundary: [policy(onlyEc2)], session: [policy(onlyEc2)] };
    const named = (AWS: string) => resourcePolicy({ AWS });
    expect(decide({ ...limits, resource: named(SESSION) }, { as: SESSION })).toBe("allowed");
    expect(decide({ permissionsBoundary: [policy(onlyEc2)], resource: named(USER) })).toBe("allowed");
    expect(decide({ ...limits, resource: named(ROLE) }, { as: SESSION })).toBe("implicitDeny");
    expect(decide({ resource: named(ROLE) }, { as: SESSION })).toBe("allowed");
  });

  test("6: across accounts both sides must allow (evaluation-logic-cross-account)", () => {
    const resource = resourcePolicy({ AWS: USER });
    const request = { resourceAccount: OTHER };
    expect(decide({ identity: [policy(everything)], resource }, request)).toBe("allowed");
    expect(decide({ identity: [policy(everything)], resource: null }, request)).toBe("implicitDeny");
    expect(decide({ resource }, request)).toBe("implicitDeny");
  });

  test("7: a key policy and a trust policy must allow (evaluation-logic)", () => {
    const identity = [policy(everything)];
    const decrypt = { action: "kms:Decrypt", on: KEY };
    const assume = { action: "sts:AssumeRole", on: ROLE };
    const trust = (AWS: string) => ({
      name: "trust",
      document: document({ Effect: "Allow", Principal: { AWS }, Action: "sts:AssumeRole" }),
    });
    expect(decide({ identity, resource: resourcePolicy({ AWS: OTHER }, "kms:*") }, decrypt)).toBe("implicitDeny");
    expect(decide({ identity, resource: resourcePolicy({ AWS: ACCOUNT }, "kms:*") }, decrypt)).toBe("allowed");
    expect(decide({ identity, resource: trust(OTHER) }, assume)).toBe("implicitDeny");
    expect(decide({ identity, resource: trust(ACCOUNT) }, assume)).toBe("allowed");
  });

  test("48: the root user needs no policy in its account, and SCPs bind it (evaluation-logic)", () => {
    const as = `arn:aws:iam::${ACCOUNT}:root`;
    expect(decide({ resource: null }, { as })).toBe("allowed");
    expect(decide({ resource: null, scp: [[policy(onlyEc2)]] }, { as })).toBe("implicitDeny");
    expect(decide({ resource: null }, { as, resourceAccount: OTHER })).toBe("implicitDeny");
  });

  test("49: what cannot be evaluated denies (evaluation-logic, errors)", () => {
    const Condition = { NoSuchOperator: { "aws:username": "bob" } };
    expect(by([{ ...everything, Condition }])).toBe("implicitDeny");
    expect(by([everything, { ...deny("*", "*"), Condition }])).toBe("explicitDeny");
  });

  test("50: GetCallerIdentity is always allowed (STS API Reference)", () => {
    expect(by([deny("*", "*")], { action: "sts:GetCallerIdentity", on: null })).toBe("allowed");
  });
});

describe("a Deny with NotPrincipal", () => {
  const FEDERATED = `arn:aws:sts::${ACCOUNT}:federated-user/bob`;
  const sparing = (...AWS: string[]) => ({
    name: "r",
    document: document({ ...everything, Principal: "*" }, { ...deny("*", "*"), NotPrincipal: { AWS } }),
  });
  const identity = [policy(everything)];

  test.each<[string, string, string[]]>([
    ["a user, with the account", USER, [USER, ACCOUNT]],
    ["a session, with role and account", SESSION, [SESSION, ROLE, ACCOUNT]],
    ["a role, with the account", ROLE, [ROLE, ACCOUNT]],
    ["a federated session, with the account", FEDERATED, [FEDERATED, ACCOUNT]],
    ["the root user", `arn:aws:iam::${ACCOUNT}:root`, [ACCOUNT]],
  ])("spares %s, and nobody who has a boundary", (_who, as, listed) => {
    const set = { identity, session: [policy(everything)], resource: sparing(...listed) };
    expect(decide(set, { as })).toBe("allowed");
    for (const missing of listed) {
      const rest = listed.filter((one) => one !== missing);
      if (rest.length > 0) expect(decide({ ...set, resource: sparing(...rest) }, { as })).toBe("explicitDeny");
    }
    const isEntity = as !== FEDERATED && !as.endsWith(":root");
    const bounded = decide({ ...set, permissionsBoundary: [policy(everything)] }, { as });
    expect(bounded).toBe(isEntity ? "explicitDeny" : "allowed");
  });
});

describe("nobody said who asks", () => {
  const identity = [policy(everything)];
  const kinds: PolicyStatement["Principal"][] = [
    { AWS: USER },
    { AWS: ACCOUNT },
    { Service: "lambda.amazonaws.com" },
    { Federated: "accounts.google.com" },
    { CanonicalUser: "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be" },
  ];
  const evaluate = (statement: PolicyStatement) =>
    compilePolicySet({ identity, resource: { name: "r", document: document(statement) } }).evaluate({
      action: "s3:GetObject",
      resource: { arn: OBJECT },
      resourceAccount: ACCOUNT,
    });

  test.each(kinds)("whom a resource policy names cannot be told: %j", (Principal) => {
    const allowed = evaluate({ ...everything, Principal });
    expect(allowed.outcome).toBe("implicitDeny");
    expect(allowed.unevaluated).toMatchObject([
      { statement: { policy: "r" }, why: expect.stringContaining("who asks") },
    ]);
    expect(evaluate({ ...deny("*", "*"), Principal }).outcome).toBe("explicitDeny");
    expect(evaluate({ ...deny("*", "*"), NotPrincipal: Principal }).outcome).toBe("explicitDeny");
    expect(evaluate({ ...everything, NotPrincipal: Principal }).outcome).toBe("implicitDeny");
  });

  test("everybody is everybody", () => {
    expect(evaluate({ ...everything, Principal: "*" }).outcome).toBe("allowed");
    expect(evaluate({ ...deny("*", "*"), Principal: "*" }).outcome).toBe("explicitDeny");
    expect(evaluate({ ...deny("*", "*"), NotPrincipal: "*" }).outcome).toBe("implicitDeny");
  });
});

describe("actions and resources", () => {
  test("8: actions are compared without case, with * and ? (elements_action)", () => {
    const patterns = ["S3:getOBJECT", "s3:Get*", "s3:?etObject", "s3:*", "*"];
    expect(patterns.map((pattern) => by([allow(pattern, "*")]))).toEqual(patterns.map(() => "allowed"));
    expect(by([allow("s3:GetObject?", "*")])).toBe("implicitDeny");
  });

  test("9: resources are compared with case, and * goes over slashes (elements_resource)", () => {
    expect(by([allow("s3:*", "arn:aws:s3:::b*")])).toBe("allowed");
    expect(by([allow("s3:*", "arn:aws:s3:::b/*")], { on: "arn:aws:s3:::b/x/y/z" })).toBe("allowed");
    expect(by([allow("s3:*", "arn:aws:s3:::B/k")])).toBe("implicitDeny");
  });

  test("10: * at the end of a segment may go over colons (elements_resource)", () => {
    expect(by([allow("sqs:*", "arn:aws:sqs:*")], { action: "sqs:SendMessage", on: "arn:aws:sqs:us-east-1:1:q" })).toBe(
      "allowed",
    );
  });

  test("11: a wildcard in the service is an error (elements_resource)", () => {
    expect(errorsOf({ Resource: "arn:aws:*:::b" })).toEqual(["INVALID_SERVICE"]);
  });

  test("12: a wildcard in the type of a resource matches, with a warning (reference-arns)", () => {
    const pattern = "arn:aws:ec2:*:*:*/*";
    const on = `arn:aws:ec2:us-east-1:${ACCOUNT}:instance/i-1`;
    expect(by([allow("ec2:*", pattern)], { action: "ec2:StartInstances", on })).toBe("allowed");
    expect(validatePolicy(document(allow("ec2:*", pattern)), "identity").map(({ code }) => code)).toEqual([
      "WILDCARD_RESOURCE_TYPE",
    ]);
  });

  test("13: what the request says is text, never a pattern (elements_resource)", () => {
    expect(by([allow("s3:*", "arn:aws:s3:::b/public")], { on: "arn:aws:s3:::b/*" })).toBe("implicitDeny");
    expect(by([everything, deny("s3:*", "arn:aws:s3:::b/*")], { on: "arn:aws:s3:::b/a\nb" })).toBe("explicitDeny");
    const on = `arn:aws:s3:::b/\${aws:username}`;
    expect(by([allow("s3:*", "arn:aws:s3:::b/bob")], { on, context: { "aws:username": "bob" } })).toBe("implicitDeny");
  });

  test("39: NotAction is about every other action (elements_notaction)", () => {
    const not = (Effect: "Allow" | "Deny", NotAction: string): PolicyStatement => ({
      Effect,
      NotAction,
      Resource: "*",
    });
    expect(by([not("Allow", "iam:*")])).toBe("allowed");
    expect(by([not("Allow", "s3:*")])).toBe("implicitDeny");
    expect(by([everything, not("Deny", "iam:*")])).toBe("explicitDeny");
    expect(by([everything, not("Deny", "s3:*")])).toBe("allowed");
    expect(validatePolicy(document(not("Allow", "iam:*")), "identity")[0]?.level).toBe("SECURITY_WARNING");
  });

  test("40: an action without resources is allowed by * alone (elements_resource)", () => {
    const list = { action: "s3:ListAllMyBuckets", on: null };
    expect(by([allow("s3:*", "arn:aws:s3:::*")], list)).toBe("implicitDeny");
    expect(by([allow("s3:*", "*")], list)).toBe("allowed");
  });
});

describe("conditions", () => {
  const role = "arn:aws:iam::123456789012:role/team/app";

  test("14 and 15: ArnLike compares six parts, StringLike one text (condition_operators)", () => {
    const context = { "aws:SourceArn": "arn:aws:sns:us-east-1:123456789012:topic:x" };
    for (const operator of ["ArnLike", "ArnEquals"]) {
      expect(holds({ [operator]: { "aws:SourceArn": "arn:aws:sns:*:*:topic*" } }, context)).toBe(true);
      expect(holds({ [operator]: { "aws:SourceArn": "arn:aws:sns:*:topic:x" } }, context)).toBe(false);
    }
    expect(holds({ StringLike: { "aws:SourceArn": "arn:aws:sns:*:topic:x" } }, context)).toBe(true);
  });

  test("16 to 18: of a key that is absent a comparison is false, its contrary true, and so is IfExists", () => {
    expect(holds({ StringEquals: { "aws:username": "bob" } }, {})).toBe(false);
    expect(holds({ StringNotEquals: { "aws:username": "bob" } }, {})).toBe(true);
    expect(holds({ NotIpAddress: { "aws:SourceIp": "10.0.0.0/8" } }, {})).toBe(true);
    expect(holds({ ArnNotLike: { "aws:PrincipalArn": role } }, {})).toBe(true);
    expect(holds({ StringEqualsIfExists: { "aws:username": "bob" } }, {})).toBe(true);
    expect(holds({ StringNotEqualsIfExists: { "aws:username": "bob" } }, {})).toBe(true);
  });

  test("19: Null asks whether there is a key, and has no IfExists (condition_operators)", () => {
    expect(holds({ Null: { "aws:username": "true" } }, {})).toBe(true);
    expect(holds({ Null: { "aws:username": "false" } }, { "aws:username": "bob" })).toBe(true);
    expect(errorsOf({ Condition: { NullIfExists: { "aws:username": "true" } } })).toEqual(["UNKNOWN_OPERATOR"]);
  });

  test("20: several values are alternatives, of a contrary none may be; keys and operators must all hold", () => {
    const context = { "aws:username": "bob", "aws:SourceIp": "10.0.0.1" };
    expect(holds({ StringEquals: { "aws:username": ["eve", "bob"] } }, context)).toBe(true);
    expect(holds({ StringNotEquals: { "aws:username": ["eve", "bob"] } }, context)).toBe(false);
    expect(holds({ StringEquals: { "aws:username": "bob", "aws:PrincipalType": "User" } }, context)).toBe(false);
    expect(
      holds({ StringEquals: { "aws:username": "bob" }, IpAddress: { "aws:SourceIp": "11.0.0.0/8" } }, context),
    ).toBe(false);
  });

  test("21 to 23: set operators, of absent and empty keys too (single-vs-multi-valued-condition-keys)", () => {
    const all = { "ForAllValues:StringEquals": { "aws:TagKeys": ["a", "b"] } };
    const one = { "ForAnyValue:StringEquals": { "aws:TagKeys": ["a", "b"] } };
    const states = [
      {},
      { "aws:TagKeys": [] },
      { "aws:TagKeys": "" },
      { "aws:TagKeys": ["a"] },
      { "aws:TagKeys": ["a", "c"] },
    ];
    expect(states.map((context) => holds(all, context))).toEqual([true, true, true, true, false]);
    expect(states.map((context) => holds(one, context))).toEqual([false, false, false, true, true]);
    expect(holds({ "ForAnyValue:StringNotEquals": { "aws:TagKeys": "a" } }, {})).toBe(false);
    const none = { "ForAllValues:StringNotEquals": { "aws:TagKeys": ["a", "b"] } };
    expect(holds(none, { "aws:TagKeys": ["c", "d"] })).toBe(true);
    expect(holds(none, { "aws:TagKeys": ["c", "b"] })).toBe(false);
  });

  test("24: a list of values needs a set operator", () => {
    expect(holds({ StringEquals: { "aws:TagKeys": "a" } }, { "aws:TagKeys": ["a"] })).toBe(false);
  });

  test("33 and 34: names of keys, tag keys too, have no case; values do (reference_policies_variables, access_tags)", () => {
    expect(holds({ StringEquals: { "AWS:USERNAME": "bob" } }, { "aws:username": "bob" })).toBe(true);
    expect(holds({ StringEquals: { "aws:PrincipalTag/TEAM": "red" } }, { "aws:PrincipalTag/team": "red" })).toBe(true);
    expect(holds({ StringEquals: { "aws:username": "Bob" } }, { "aws:username": "bob" })).toBe(false);
  });

  test("35: dates are ISO 8601 or seconds since 1970 (condition_operators)", () => {
    const context = { "aws:CurrentTime": "2026-01-01T00:00:00Z" };
    for (const same of ["2026-01-01T01:00:00+01:00", "2026-01-01", "1767225600"]) {
      expect(holds({ DateEquals: { "aws:CurrentTime": same } }, context)).toBe(true);
    }
    expect(holds({ DateLessThan: { "aws:CurrentTime": "2026-01-01T00:00:01Z" } }, context)).toBe(true);
  });

  test("36: numbers are compared as numbers, and nothing else is one (condition_operators)", () => {
    expect(holds({ NumericEquals: { "s3:max-keys": "10" } }, { "s3:max-keys": "10.0" })).toBe(true);
    expect(holds({ NumericLessThan: { "s3:max-keys": "10" } }, { "s3:max-keys": "9" })).toBe(true);
    const Condition = { NumericEquals: { "s3:max-keys": "10" } };
    expect(by([{ ...everything, Condition }], { context: { "s3:max-keys": "10abc" } })).toBe("implicitDeny");
    expect(by([everything, { ...deny("*", "*"), Condition }], { context: { "s3:max-keys": "10abc" } })).toBe(
      "explicitDeny",
    );
  });

  test("37: addresses and ranges, each family for itself (condition_operators)", () => {
    const within = (range: string, address: string) =>
      holds({ IpAddress: { "aws:SourceIp": range } }, { "aws:SourceIp": address });
    expect(within("0.0.0.0/0", "203.0.113.9")).toBe(true);
    expect(within("203.0.113.9", "203.0.113.9")).toBe(true);
    expect(within("2001:DB8:0:0::/64", "2001:db8::5")).toBe(true);
    expect(within("::/0", "203.0.113.9")).toBe(false);
    expect(within("10.0.0.0/8", "::ffff:10.0.0.1")).toBe(false);
  });

  test("38: binary values are compared byte for byte (condition_operators)", () => {
    expect(holds({ BinaryEquals: { "ex:b": "YWI=" } }, { "ex:b": "YWI=" })).toBe(true);
    expect(holds({ BinaryEquals: { "ex:b": "YWI=" } }, { "ex:b": "YWM=" })).toBe(false);
  });
});

describe("policy variables", () => {
  const own = [allow("s3:*", `arn:aws:s3:::b/\${aws:username}`)];
  const on = "arn:aws:s3:::b/bob";

  test("25: in resources behind the fifth colon, in String, Arn and Bool values", () => {
    const context = { "aws:username": "bob", "ex:on": "true" };
    expect(by(own, { on, context })).toBe("allowed");
    expect(holds({ StringLike: { "s3:prefix": `\${aws:username}/*` } }, { ...context, "s3:prefix": "bob/x" })).toBe(
      true,
    );
    expect(
      holds(
        { ArnLike: { "aws:SourceArn": `arn:aws:s3:::\${aws:username}` } },
        { ...context, "aws:SourceArn": "arn:aws:s3:::bob" },
      ),
    ).toBe(true);
    expect(holds({ Bool: { "aws:SecureTransport": `\${ex:on}` } }, { ...context, "aws:SecureTransport": "true" })).toBe(
      true,
    );
    expect(errorsOf({ Condition: { NumericEquals: { "s3:max-keys": `\${ex:n}` } } })).toEqual(["INVALID_OPERAND"]);
  });

  test("26 to 28: without a value it matches nothing, the contrary everything, and a resource none", () => {
    const context = { "aws:username": "bob" };
    const tag = `\${aws:PrincipalTag/team}`;
    expect(holds({ StringEquals: { "aws:username": tag } }, context)).toBe(false);
    expect(holds({ StringNotEquals: { "aws:username": tag } }, context)).toBe(true);
    expect(by(own, { on })).toBe("implicitDeny");
    expect(by([everything, { ...deny("s3:*", "*"), Resource: undefined, NotResource: `arn:aws:s3:::${tag}` }])).toBe(
      "explicitDeny",
    );
  });

  test("29: a default stands for a key that is absent", () => {
    const fallback = [allow("s3:*", `arn:aws:s3:::b/\${aws:username, 'a, b'}`)];
    expect(by(fallback, { on: "arn:aws:s3:::b/a, b" })).toBe("allowed");
    expect(by(fallback, { on, context: { "aws:username": "bob" } })).toBe("allowed");
  });

  test("30 and 31: special characters, and what a value brings, are literal", () => {
    const star = [allow("s3:*", `arn:aws:s3:::b/\${*}`)];
    expect(by(star, { on: "arn:aws:s3:::b/*" })).toBe("allowed");
    expect(by(star, { on })).toBe("implicitDeny");
    expect(by(own, { on, context: { "aws:username": "*" } })).toBe("implicitDeny");
    expect(by(own, { on: "arn:aws:s3:::b/*", context: { "aws:username": "*" } })).toBe("allowed");
  });

  test.each(["2008-10-17", undefined])("32: in a document of version %s they are plain text", (Version) => {
    const Condition = { StringEquals: { "ex:k": `\${aws:username}` } };
    const given = { Version, Statement: [{ ...everything, Condition }] } as PolicyDocument;
    const with_ = (value: string) =>
      decide({ identity: [{ name: "p", document: given }] }, { context: { "ex:k": value, "aws:username": "bob" } });
    expect(with_(`\${aws:username}`)).toBe("allowed");
    expect(with_("bob")).toBe("implicitDeny");
  });
});

describe("documents", () => {
  test("41: a principal has no wildcard but the whole one (elements_principal)", () => {
    expect(errorsOf({ Principal: "*" }, "resource")).toEqual([]);
    expect(errorsOf({ Principal: { AWS: `arn:aws:iam::${ACCOUNT}:role/*` } }, "resource")).toEqual([
      "INVALID_PRINCIPAL",
    ]);
  });

  test("42: an Effect is Allow or Deny, spelt so (elements_effect)", () => {
    expect(errorsOf({ Effect: "allow" })).toEqual(["INVALID_EFFECT"]);
  });

  test("43: a Sid has letters and digits, and is unique (elements_sid)", () => {
    expect(errorsOf({ Sid: "a b" })).toEqual(["INVALID_SID"]);
    const twice = JSON.stringify(document({ ...everything, Sid: "A" }, { ...everything, Sid: "A" }));
    expect(validatePolicy(twice, "identity").map(({ code }) => code)).toEqual(["DUPLICATE_SID"]);
  });

  test("44: no element has a key twice (reference_policies_grammar)", () => {
    const text = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}';
    expect(validatePolicy(text, "identity")).toMatchObject([{ code: "DUPLICATE_KEY", line: 1 }]);
  });

  test("45: characters are those of Latin-1 (reference_iam-quotas)", () => {
    expect(errorsOf({ Resource: "arn:aws:s3:::b/é" })).toEqual([]);
    expect(errorsOf({ Resource: "arn:aws:s3:::b/日" })).toEqual(["INVALID_CHARACTER"]);
  });

  test("46: sizes are counted as AWS counts them (reference_iam-quotas)", () => {
    const spaced = `${JSON.stringify(document(everything))}${" ".repeat(20_000)}`;
    expect(validatePolicy(spaced, "identity")).toEqual([]);
    expect(validatePolicy(spaced, "scp").map(({ code }) => code)).toEqual(["POLICY_SIZE"]);
  });

  test("47: an SCP may allow with conditions and resources, and NotAction (Organizations, scps_syntax)", () => {
    const Condition = { StringEquals: { "aws:RequestedRegion": "eu-west-1" } };
    expect(errorsOf({ Action: undefined, NotAction: "iam:*", Resource: "arn:aws:s3:::b", Condition }, "scp")).toEqual(
      [],
    );
  });
});
