import fc from "fast-check";
import { expect, test } from "vitest";
import { compilePolicySet } from "../src/compile-policy-set.ts";
import { conditionOperators } from "../src/condition-operator.ts";
import { type NaiveRequest, type NaiveStatement, naiveCondition, naiveStatement } from "./support/naive-statement.ts";

const context = {
  "aws:username": "bob",
  "ex:many": ["a", "b"],
  "ex:star": "*",
  "ex:empty": "",
  "ex:bool": "true",
  "aws:principaltag/k:e/y": "tagged",
};
const VARIABLES = [
  `\${aws:username}`,
  `x\${AWS:UserName}y`,
  `\${ex:absent}`,
  `\${ex:absent, 'd'}`,
  `\${ex:absent, 'a*, b'}`,
  `\${ex:unknown}`,
  `\${ex:many}`,
  `\${ex:star}`,
  `\${ex:empty}`,
  `\${aws:PrincipalTag/k:e/y}`,
  `\${*}`,
  `a\${?}b`,
  `\${$}`,
];
const MALFORMED = [`\${`, `\${a b}`, `\${ex:absent,'d'}`];
/** Values for policies and for requests, by the beginning of the operator's name. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  String: [
    "a",
    "A",
    "b",
    "ab",
    "a*",
    "*",
    "?",
    "a?b",
    "",
    "é",
    "ß",
    "SS",
    "a\nb",
    "axb",
    "a/b",
    "😀",
    "?😀",
    "bob",
    "d",
    ...VARIABLES,
    ...MALFORMED,
  ],
  Numeric: [
    "0",
    "-0",
    "1",
    "01",
    "1.0",
    "1.5",
    "1.50",
    "-1",
    "10",
    "9",
    "1e3",
    "1000",
    "+1",
    ".5",
    "5.",
    "0.1",
    "",
    "x",
    "10a",
    "9007199254740993",
    "9007199254740992",
    "123456789012345678901234567890",
    "123456789012345678901234567890.1",
    `\${aws:username}`,
  ],
  Date: [
    "2026-01-01T00:00:00Z",
    "2026-01-01",
    "2026-01",
    "2026",
    "2026-01-01T00:00Z",
    "2026-01-01T01:00:00+01:00",
    "2025-12-31T23:00:00-0100",
    "2026-01-01T00:00:00.5Z",
    "2026-01-01T00:00:00",
    "1767225600",
    "0",
    "-1",
    "1970",
    "2026-02-29",
    "2024-02-29",
    "2026-13-01",
    "2026-1-1",
    "2026-01-01T24:00:00Z",
    "2026-01-01t00:00:00z",
    "2026-01-01 00:00:00Z",
    "",
    "x",
    "1767225600.5",
    "0001-01-01",
  ],
  Bool: ["true", "false", "True", "FALSE", "1", "", " true", `\${ex:bool}`, `\${ex:absent}`, `\${ex:absent, 'true'}`],
  Null: ["true", "false", "True", "x"],
  Binary: ["YWJj", "YWJjZA==", "YWJjZA", "YWJjZB==", "", "!!", "YWJj\n", "ywjj"],
  IpAddress: [
    "10.0.0.0/8",
    "10.0.0.1",
    "10.1.2.3",
    "0.0.0.0/0",
    "::/0",
    "::1",
    "::1/128",
    "2001:db8::/32",
    "2001:DB8:0:0::5",
    "::ffff:10.0.0.1",
    "::ffff:0:0/96",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/08",
    "010.0.0.1",
    "10.0.0",
    "10.0.0.256",
    "fe80::1%eth0",
    "1:2:3:4:5:6:7::",
    "::1::",
    "128.0.0.0/1",
    "192.0.2.77/24",
    "",
    "x",
  ],
  Arn: [
    "arn:aws:iam::123456789012:role/a",
    "arn:aws:iam::123456789012:role/*",
    "arn:aws:iam::*:role/a",
    "arn:aws:iam::12345678901?:role/a",
    "arn:*:iam::*:*",
    "arn:aws:i*:::role/a",
    "arn:aws:sns:us-east-1:123456789012:t:x",
    "arn:aws:sns:*:*:t",
    "arn:aws:sns:*:t:x",
    "arn:aws:s3:::b",
    `arn:aws:s3:::b/\${aws:username}`,
    "arn:aws:s3:::b/bob",
    `arn:aws:s3:::\${ex:absent}`,
    `arn:aws:s3:::\${ex:star}`,
    "arn:aws:s3:::*",
    "*",
    "arn:*",
    "",
    `arn:aws:s3:::b/\${*}`,
    "arn:aws:s3:::b/*",
    "ARN:aws:s3:::b",
    "arn:aws:s3:::b\nc",
  ],
};
const familyOf = (operator: string): string =>
  Object.keys(VALUES).find((family) => operator.replace("Not", "").startsWith(family)) as string;

const authoritative = fc.constantFrom(undefined, undefined, ["ex:absent"], ["ex:*"], ["*"], []);
const variables = fc.constantFrom(true, true, true, false);
const versionOf = (withVariables: boolean) => (withVariables ? "2012-10-17" : "2008-10-17");

/** The answer that an evaluator's decisions about an Allow and about a Deny, beside an Allow of everything, come to. */
function answer(
  statement: Omit<NaiveStatement, "Effect">,
  request: NaiveRequest,
  withVariables: boolean,
  Effect: "Allow" | "Deny",
) {
  const all = { Effect: "Allow", Action: "*", Resource: "*" };
  const document = JSON.stringify({
    Version: versionOf(withVariables),
    Statement: [{ ...statement, Effect }, ...(Effect === "Deny" ? [all] : [])],
  });
  const policy = compilePolicySet({ identity: [{ name: "p", document }] }, { validate: "warn" });
  const { action, resource, context, authoritative } = request;
  const asked = {
    action,
    resource: resource === null ? { none: true as const } : { arn: resource },
    context,
    authoritative,
  };
  const { outcome, unevaluated } = policy.evaluate(asked);
  if (unevaluated.length > 0) {
    expect(outcome).toBe(Effect === "Allow" ? "implicitDeny" : "explicitDeny");
    return undefined;
  }
  return outcome === (Effect === "Allow" ? "allowed" : "explicitDeny");
}

test("every operator agrees with a naive reading of the documents, on values, lists, absent and unknown keys", () => {
  const cases = fc.constantFrom(...conditionOperators).chain((base) => {
    const values = VALUES[familyOf(base)] as readonly string[];
    const value = fc.constantFrom(...values);
    const [set, suffix] =
      base === "Null"
        ? [[""], [""]]
        : [
            ["", "", "ForAllValues:", "ForAnyValue:"],
            ["", "IfExists"],
          ];
    return fc.record({
      operator: fc.tuple(fc.constantFrom(...set), fc.constantFrom(...suffix)).map(([a, b]) => `${a}${base}${b}`),
      key: fc.constantFrom("ex:k", "EX:K"),
      wanted: fc.array(value, { minLength: 1, maxLength: 3 }),
      given: fc.oneof(
        { weight: 5, arbitrary: value },
        { weight: 3, arbitrary: fc.array(value, { maxLength: 3 }) },
        { weight: 1, arbitrary: fc.constantFrom(1, 1.5, 1e21, true, new Date("2026-01-01T00:00:00Z")) },
        { weight: 1, arbitrary: fc.constant(undefined) },
      ),
      authoritative,
      variables,
    });
  });
  fc.assert(
    fc.property(cases, ({ operator, key, wanted, given, authoritative, variables }) => {
      const request = {
        action: "s3:GetObject",
        resource: "arn:aws:s3:::b/k",
        context: { ...context, ...(given === undefined ? {} : { "ex:K": given }) },
        authoritative,
      };
      const statement = { Action: ["s3:*"], Resource: ["*"], Condition: { [operator]: { [key]: wanted } } };
      const told = naiveCondition(operator, key, wanted, request, variables);
      expect(answer(statement, request, variables, "Allow")).toBe(told);
      expect(answer(statement, request, variables, "Deny")).toBe(told);
    }),
    { numRuns: 1500 },
  );
}, 30_000);

test("actions and resources agree with a naive reading of the documents, variables and other segments included", () => {
  const tail = fc
    .array(fc.constantFrom("b", "a*", "/", "k", "*", "?", "bob", ":", "\n", "é", ...VARIABLES), {
      minLength: 1,
      maxLength: 4,
    })
    .map((pieces) => pieces.join(""));
  const head = fc.constantFrom(
    "arn:aws:s3:::",
    "arn:aws:s3:::",
    "arn:*:s3:::",
    "arn:aws:s3:*:*:",
    "arn:aws:s3:us-*:1*:",
    "arn:aws:s3:us-?:1:",
  );
  const pattern = fc.oneof(
    { weight: 8, arbitrary: fc.tuple(head, tail).map(([a, b]) => a + b) },
    { weight: 1, arbitrary: fc.constantFrom("*", "**") },
  );
  const live = fc
    .tuple(
      fc.constantFrom(
        "arn:aws:s3:::",
        "arn:aws:s3:::",
        "arn:aws-cn:s3:::",
        "arn:aws:s3:us-1:1:",
        "arn:aws:s3:us-1:12:",
      ),
      tail,
    )
    .map(([a, b]) => a + b.replace(/\$\{aws:username\}/g, "bob").replace(/\*/g, "a:b"));
  const action = fc.constantFrom(
    "*",
    "s3:*",
    "S3:get*",
    "s3:?etObject",
    "s3:*Acl",
    "s3:G*t*",
    "sqs:*",
    "s3:GetObject?",
    "s3:PutObject",
  );
  const cases = fc.record({
    actions: fc.array(action, { minLength: 1, maxLength: 2 }),
    notAction: fc.boolean(),
    resources: fc.array(pattern, { minLength: 1, maxLength: 2 }),
    notResource: fc.boolean(),
    asked: fc.constantFrom("s3:GetObject", "S3:getobject", "s3:GetObjectAcl", "sqs:SendMessage"),
    resource: fc.oneof({ weight: 8, arbitrary: live }, { weight: 1, arbitrary: fc.constant(null) }),
    authoritative,
    variables,
  });
  fc.assert(
    fc.property(cases, ({ actions, notAction, resources, notResource, asked, resource, authoritative, variables }) => {
      const request = { action: asked, resource, context, authoritative };
      const statement = {
        [notAction ? "NotAction" : "Action"]: actions,
        [notResource ? "NotResource" : "Resource"]: resources,
      };
      for (const Effect of ["Allow", "Deny"] as const) {
        const told = naiveStatement({ ...statement, Effect }, request, variables);
        expect(answer(statement, request, variables, Effect)).toBe(told);
      }
    }),
    { numRuns: 1500 },
  );
}, 30_000);
