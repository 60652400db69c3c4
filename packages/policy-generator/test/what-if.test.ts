import type { ActivityRecord, CheckResource } from "@iap/aws-core";
import { compilePolicySet, type PolicyStatement, PolicyValidationError } from "@iap/iam-evaluator";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diffPolicy } from "../src/diff-policy.ts";
import { generatePolicy } from "../src/generate-policy.ts";
import { mergePolicy } from "../src/merge-policy.ts";
import { replayPolicy } from "../src/replay-policy.ts";
import { answered, check, decided, finished } from "./support/recording.ts";

const object = (key: string): CheckResource => ({ arn: `arn:aws:s3:::b/${key}` });
const document = (...Statement: PolicyStatement[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement }, null, 2);
const allow = (
  Sid: string,
  Action: string | string[],
  Resource: string | string[],
  more: Partial<PolicyStatement> = {},
): PolicyStatement => ({ Sid, Effect: "Allow", Action, Resource, ...more });
const deny = (Sid: string, Action: string, Resource: string): PolicyStatement => ({
  Sid,
  Effect: "Deny",
  Action,
  Resource,
});
const policy = (text: string) => ({ name: "current.json", document: text });

const get = check("s3:GetObject", object("k"));
const put = check("s3:PutObject", object("k"));
const records = answered([get], [get], [put]);

describe("replay", () => {
  const replay = (list: readonly ActivityRecord[], ...statements: PolicyStatement[]) =>
    replayPolicy(list, compilePolicySet({ identity: [policy(document(...statements))] }));

  test("says which requests would be denied, and by what, the most frequent first", () => {
    expect(replay(records, allow("Write", "s3:PutObject", "*"))).toMatchObject({
      requests: 3,
      allowed: 1,
      deniedRequests: 2,
      denied: [
        {
          name: "s3:GetObject",
          action: "s3:GetObject",
          resource: "arn:aws:s3:::b/k",
          outcome: "implicitDeny",
          reason: expect.stringContaining("no identity-based policy allows the s3:GetObject action"),
          count: 2,
        },
      ],
    });
  });

  test("tells an explicit deny before what is only not allowed", () => {
    const both = answered([get, put]);
    expect(replay(both, deny("No", "s3:Put*", "*")).denied).toMatchObject([
      {
        action: "s3:PutObject",
        outcome: "explicitDeny",
        reason: expect.stringContaining("statement No in current.json"),
      },
    ]);
  });

  test("reads conditions from the records", () => {
    const list = (prefix: string) => [check("s3:ListBucket", { arn: "arn:aws:s3:::b" }, { "s3:prefix": prefix })];
    const report = replay(
      answered(list("a/"), list("b/")),
      allow("List", "s3:ListBucket", "*", { Condition: { StringEquals: { "s3:prefix": "a/" } } }),
    );
    expect(report).toMatchObject({ allowed: 1, deniedRequests: 1 });
  });

  test("leaves out what no policy decides: requests without a signature, or by a token", () => {
    const unsigned = [
      decided("u", [], { marker: "unsigned", service: "cognito-idp", operations: ["SignUp"] }),
      finished("u"),
    ];
    expect(replay([...records, ...unsigned], allow("All", "s3:*", "*"))).toMatchObject({
      ...{ requests: 4, allowed: 3, deniedRequests: 0 },
      leftOut: [{ why: "unsigned: no policy of the caller decides it", count: 1, examples: ["cognito-idp:SignUp"] }],
    });
  });

  test("leaves out what a policy is not made of, and denies what was not understood", () => {
    const report = replay(
      [
        ...records,
        decided("x1", [get], { forwarded: false }),
        decided("x2", [get]),
        finished("x2", { status: 403 }),
        decided("x3", [], { marker: "unknown", host: "x.amazonaws.com", method: "GET", service: undefined }),
        finished("x3"),
        decided("x4", [], { marker: "permissionless", service: "sts", operations: ["GetCallerIdentity"] }),
        finished("x4"),
      ],
      allow("All", "*", "*"),
    );
    expect(report).toMatchObject({ requests: 7, allowed: 4, deniedRequests: 1 });
    expect(report.denied).toMatchObject([
      { name: "GET x.amazonaws.com", reason: expect.stringContaining("not understood") },
    ]);
    expect(report.leftOut.map(({ count }) => count)).toEqual([1, 1]);
  });

  test("against the policy that was generated denies nothing", () => {
    const checks = fc.array(
      fc
        .tuple(
          fc.constantFrom("s3:GetObject", "s3:PutObject", "sqs:SendMessage"),
          fc.constantFrom("a", "b/1", "b/2", "*", "日"),
        )
        .map(([action, key]) => check(action, object(key))),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(fc.array(checks, { minLength: 1, maxLength: 10 }), fc.boolean(), (list, generalise) => {
        const recorded = answered(...list);
        const { text } = generatePolicy(
          recorded,
          generalise ? { generalise: ["number", "siblings"], siblings: 2 } : {},
        );
        expect(replayPolicy(recorded, compilePolicySet({ identity: [policy(text)] })).deniedRequests).toBe(0);
      }),
    );
  });
});

describe("diff", () => {
  const diff = (text: string, list: readonly ActivityRecord[] = records) => diffPolicy([policy(text)], list);

  test("of the generated policy is equal", () => {
    const { unused, missing, equal } = diff(generatePolicy(records).text);
    expect({ unused, missing }).toEqual({ unused: [], missing: [] });
    expect(equal).toMatchObject([
      {
        statement: "S3ReadObject",
        actions: ["s3:GetObject"],
        resources: ["arn:aws:s3:::b/k"],
        used: ["s3:GetObject"],
        count: 2,
      },
      { statement: "S3WriteObject", actions: ["s3:PutObject"], count: 1 },
    ]);
  });

  test("lists what is granted and not used, by statement", () => {
    const text = document(
      allow("A", ["s3:GetObject", "s3:GetObjectAcl", "s3:PutObject"], ["arn:aws:s3:::b/k", "arn:aws:s3:::old/*"]),
      allow("B", ["sqs:*"], "*"),
    );
    expect(diff(text)).toMatchObject({
      missing: [],
      unused: [
        { statement: "A", actions: ["s3:GetObjectAcl"], resources: ["arn:aws:s3:::b/k", "arn:aws:s3:::old/*"] },
        { statement: "A", actions: ["s3:GetObject", "s3:PutObject"], resources: ["arn:aws:s3:::old/*"] },
        { statement: "B", actions: ["sqs:*"], resources: ["*"] },
      ],
    });
  });

  test("tells pairs that were not used where both were", () => {
    const text = document(allow("A", ["s3:GetObject", "s3:PutObject"], ["arn:aws:s3:::b/k", "arn:aws:s3:::b/l"]));
    const list = answered([get], [check("s3:PutObject", object("l"))]);
    expect(diff(text, list).unused).toEqual([
      { policy: "current.json", statement: "A", actions: ["s3:GetObject"], resources: ["arn:aws:s3:::b/l"] },
      { policy: "current.json", statement: "A", actions: ["s3:PutObject"], resources: ["arn:aws:s3:::b/k"] },
    ]);
  });

  test("tells which actions a wildcard was used for", () => {
    expect(diff(document(allow("A", "s3:*Object", "*"))).equal).toMatchObject([
      { actions: ["s3:*Object"], resources: ["*"], used: ["s3:GetObject", "s3:PutObject"], count: 3 },
    ]);
  });

  test("lists what was used and is not granted, or denied", () => {
    const text = document(
      allow("A", "s3:PutObject", "arn:aws:s3:::b/*"),
      deny("D", "s3:PutObject", "arn:aws:s3:::b/k"),
    );
    expect(diff(text).missing).toMatchObject([
      { action: "s3:GetObject", resource: "arn:aws:s3:::b/k", outcome: "implicitDeny", count: 2 },
      { action: "s3:PutObject", resource: "arn:aws:s3:::b/k", outcome: "explicitDeny", count: 1 },
    ]);
  });

  test("takes a statement of NotAction as one, and one without a Sid by its place", () => {
    const text = document({ Effect: "Allow", NotAction: ["iam:*"], Resource: "*" });
    expect(diff(text).equal).toMatchObject([{ statement: "Statement[0]", actions: ["NotAction iam:*"], count: 3 }]);
  });

  test("does not count a statement that rests on what the record does not tell", () => {
    const text = document(allow("A", "s3:*", "*", { Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } } }));
    const unknown = answered([{ ...get, authoritative: ["s3:*"] }]);
    const { unevaluated, missing, equal } = diff(text, unknown);
    expect(equal).toEqual([]);
    expect(missing).toHaveLength(1);
    expect(unevaluated).toMatchObject([{ statement: "A", why: expect.stringContaining("aws:SourceIp") }]);
  });

  test("of what is no policy throws", () => {
    expect(() => diff("{}")).toThrow(PolicyValidationError);
  });
});

describe("merge", () => {
  const merge = (text: string, list: readonly ActivityRecord[] = records) => mergePolicy(policy(text), list);
  const handwritten = document(
    allow("Mine", "s3:GetObject", "arn:aws:s3:::other/*"),
    deny("Never", "s3:Delete*", "*"),
    {
      Effect: "Allow",
      Action: ["sqs:SendMessage"],
      Resource: "*",
      Condition: { Bool: { "aws:SecureTransport": "true" } },
    },
  );

  test("of what is granted already changes no byte", () => {
    const text = `${document(allow("A", "s3:*", "*"))}   \n\n`;
    expect(merge(text)).toMatchObject({ text, added: [], conflicts: [] });
  });

  test("keeps what is there, in its order, and adds the rest at the end", () => {
    const merged = merge(handwritten);
    const before = JSON.parse(handwritten) as { Statement: unknown[] };
    const after = JSON.parse(merged.text) as { Statement: unknown[] };
    expect(after.Statement.slice(0, 3)).toEqual(before.Statement);
    expect(after.Statement.slice(3)).toEqual([
      allow("S3ReadObject", ["s3:GetObject"], ["arn:aws:s3:::b/k"]),
      allow("S3WriteObject", ["s3:PutObject"], ["arn:aws:s3:::b/k"]),
    ]);
    expect(merged.added).toMatchObject([{ statement: "S3ReadObject", isNew: true }, { statement: "S3WriteObject" }]);
  });

  test("adds to a statement only where that grants nothing else", () => {
    const text = document(
      allow("S3ReadObject", ["s3:GetObject"], ["arn:aws:s3:::b/k"]),
      allow("Both", ["s3:PutObject", "s3:DeleteObject"], ["arn:aws:s3:::b/x"]),
    );
    const list = answered([get], [check("s3:GetObject", object("l"))], [check("s3:GetObjectAcl", object("k"))], [put]);
    const merged = merge(text, list);
    expect(JSON.parse(merged.text).Statement).toEqual([
      allow("S3ReadObject", ["s3:GetObject"], ["arn:aws:s3:::b/k", "arn:aws:s3:::b/l"]),
      allow("Both", ["s3:PutObject", "s3:DeleteObject"], ["arn:aws:s3:::b/x"]),
      allow("S3ReadObject2", ["s3:GetObjectAcl"], ["arn:aws:s3:::b/k"]),
      allow("S3WriteObject", ["s3:PutObject"], ["arn:aws:s3:::b/k"]),
    ]);
  });

  test("gives new statements Sids that are not taken", () => {
    const merged = merge(document(allow("S3ReadObject", "x:Y", "*")), answered([get]));
    expect(merged.added.map(({ statement }) => statement)).toEqual(["S3ReadObject2"]);
  });

  test("tells what a Deny keeps it from allowing", () => {
    const merged = merge(document(deny("Never", "s3:PutObject", "*"), allow("A", "s3:GetObject", "*")));
    expect(merged.conflicts).toMatchObject([{ action: "s3:PutObject", resource: "arn:aws:s3:::b/k" }]);
    expect(merged.added).toEqual([]);
  });

  test("changes no character of what is there: what is added is written into it as it is written", () => {
    const text = `{
   "Version" : "2012-10-17",
   "Statement": [
      { "Sid": "Mine", "Effect": "Allow", "Action": "x:Y", "Resource": ["*"] },

      {
         "Sid": "S3ReadObject", "Effect": "Allow",
         "Action": "s3:GetObject",
         "Resource": [ "arn:aws:s3:::b/l",
                       "arn:aws:s3:::b/\\u006d" ]
      }
   ]}
`;
    expect(merge(text, answered([get], [put])).text).toBe(`{
   "Version" : "2012-10-17",
   "Statement": [
      { "Sid": "Mine", "Effect": "Allow", "Action": "x:Y", "Resource": ["*"] },

      {
         "Sid": "S3ReadObject", "Effect": "Allow",
         "Action": "s3:GetObject",
         "Resource": [ "arn:aws:s3:::b/l",
                       "arn:aws:s3:::b/\\u006d",
                       "arn:aws:s3:::b/k" ]
      },

      {
         "Sid": "S3WriteObject",
         "Effect": "Allow",
         "Action": [
            "s3:PutObject"
         ],
         "Resource": [
            "arn:aws:s3:::b/k"
         ]
      }
   ]}
`);
  });

  test("makes a list of one statement only when it must, and adds to it where it can", () => {
    const single = `{\n\t"Version": "2012-10-17",\n\t"Statement": {"Effect": "Allow", "Action": "x:Y", "Resource": "*"}\n}`;
    const added = `{"Sid":"S3ReadObject","Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/k"]}`;
    expect(merge(single, answered([get])).text).toBe(single.replace(/\{"E.*\}/, (one) => `[${one}, ${added}]`));
    const ours = single.replace(
      '"Action": "x:Y", "Resource": "*"',
      '"Sid": "S3ReadObject", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/l"',
    );
    expect(merge(ours, answered([get])).text).toBe(
      ours.replace('"arn:aws:s3:::b/l"', '[\n\t\t"arn:aws:s3:::b/l",\n\t\t"arn:aws:s3:::b/k"\n\t]'),
    );
  });

  test("does not take an object that is called like a pattern for the pattern", () => {
    const text = document(allow("S3ReadObject", ["s3:GetObject", "s3:GetObjectVersion"], ["arn:aws:s3:::b/$\u007b*}"]));
    const pattern = { pattern: "arn:aws:s3:::b/*", why: "not told" };
    const list = answered(
      [check("s3:GetObject", object("*"))],
      [check("s3:GetObjectVersion", object("*"))],
      [check("s3:GetObject", pattern)],
    );
    expect(merge(text, list).added).toMatchObject([{ statement: "S3ReadObject2", actions: ["s3:GetObject"] }]);
  });

  test.each<[string, string, PolicyStatement["Condition"]]>([
    ["a condition", "arn:aws:s3:::b/k", { Bool: { "aws:MultiFactorAuthPresent": "true" } }],
    ["a variable", "arn:aws:s3:::b/$\u007baws:username}", undefined],
  ])("does not allow without %s what the policy allows with it only", (_, resource, Condition) => {
    const text = document(
      allow("S3ReadObject", ["s3:GetObject", "s3:GetObjectAcl"], ["arn:aws:s3:::b/l"]),
      allow("Mine", "s3:GetObjectAcl", resource, { Condition }),
    );
    const context = { "aws:MultiFactorAuthPresent": "true", "aws:username": "k" };
    const merged = merge(text, answered([get], [{ ...check("s3:GetObjectAcl", object("k")), context }]));
    expect(merged.added).toMatchObject([{ statement: "S3ReadObject2", actions: ["s3:GetObject"] }]);
  });

  test("a null in a Resource names nothing, and stays", () => {
    const resources = [null, "arn:aws:s3:::b/l", "arn:aws:s3:::b/k"];
    const statement = { ...allow("S3ReadObject", "s3:GetObject", ""), Resource: resources };
    const text = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    const list = answered([check("s3:GetObjectAcl", object("k"))], [check("s3:GetObjectAcl", object("l"))]);
    const merged = JSON.parse(merge(text, list).text) as { Statement: { Action: unknown; Resource: unknown }[] };
    expect(merged.Statement).toMatchObject([{ Resource: resources }]);
    expect(diffPolicy([policy(text)], answered([get])).equal).toMatchObject([{ resources: ["arn:aws:s3:::b/k"] }]);
  });

  test("gives a role's sessions what they did in statements of their own, and nobody else", () => {
    const role = "arn:aws:iam::123456789012:role/ci/deploy";
    const list = [
      ...answered([get]),
      decided("role", [check("s3:GetObject", object("l"))], { lineage: [role] }),
      finished("role"),
    ];
    const text = document(allow("S3ReadObject", ["s3:GetObject"], ["arn:aws:s3:::b/x"]));
    const apart = mergePolicy(policy(text), list, { byIdentity: true });
    expect(JSON.parse(apart.text).Statement).toEqual([
      allow("S3ReadObject", ["s3:GetObject"], ["arn:aws:s3:::b/x", "arn:aws:s3:::b/k"]),
      allow("DeployS3ReadObject", ["s3:GetObject"], ["arn:aws:s3:::b/l"], {
        Condition: { StringEquals: { "aws:PrincipalArn": role } },
      }),
    ]);
    expect(merge(text, list).policy.Statement).toEqual([
      allow("S3ReadObject", ["s3:GetObject"], ["arn:aws:s3:::b/x", "arn:aws:s3:::b/k", "arn:aws:s3:::b/l"]),
    ]);
  });

  test("adds to no statement of exceptions, and takes a document that is no text", () => {
    const statement = { ...allow("S3ReadObject", "", "*"), Action: undefined, NotAction: ["s3:Get*", "s3:Put*"] };
    const { policy: widened, text } = mergePolicy(
      { name: "p", document: { Version: "2012-10-17", Statement: [statement] } },
      answered([get]),
    );
    expect(widened).toEqual(JSON.parse(text));
    expect(text).toMatch(/^\{\n {2}"Version"[\s\S]*\}\n$/);
    expect(widened.Statement).toMatchObject([{ NotAction: ["s3:Get*", "s3:Put*"] }, { Sid: "S3ReadObject2" }]);
  });

  test("of what is no policy throws", () => {
    expect(() => merge(document(allow("A", "s3:Get Object:x", "*")))).toThrow(PolicyValidationError);
  });

  test("twice is once, and the recording is then allowed", () => {
    const resources = fc.constantFrom("a", "b", "c", "*");
    const uses = fc.array(fc.tuple(fc.constantFrom("s3:GetObject", "s3:PutObject", "s3:GetObjectAcl"), resources), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(uses, uses, (some, more) => {
        const recorded = (list: typeof some): ActivityRecord[] =>
          answered(...list.map(([action, key]) => [check(action, object(key))]));
        const { text } = generatePolicy(recorded(some));
        const merged = merge(text, recorded(more));
        expect(merge(merged.text, recorded(more)).text).toBe(merged.text);
        const evaluator = compilePolicySet({ identity: [policy(merged.text)] });
        expect(replayPolicy([...recorded(some), ...recorded(more)], evaluator).deniedRequests).toBe(0);
        // Nothing that neither used.
        const used = new Set([...some, ...more].map((use) => use.join(" ")));
        for (const action of ["s3:GetObject", "s3:PutObject", "s3:GetObjectAcl"]) {
          for (const key of ["a", "b", "c", "*"]) {
            const { outcome } = evaluator.evaluate(check(action, object(key)));
            expect([action, key, outcome === "allowed"]).toEqual([action, key, used.has(`${action} ${key}`)]);
          }
        }
      }),
    );
  });
});
