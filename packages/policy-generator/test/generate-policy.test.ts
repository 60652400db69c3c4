import type { ActivityRecord, Check, CheckResource, DecidedRecord, FinishedRecord } from "@iap/aws-core";
import { compilePolicySet, type PolicyEvaluator, type PolicyStatement, parsePolicy } from "@iap/iam-evaluator";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GENERALISE_RULES, generatePolicy } from "../src/generate-policy.ts";
import { type GeneratedPolicy, NothingToGrantError } from "../src/generated-policy.ts";
import { answered, check, decided, finished } from "./support/recording.ts";

const evaluatorOf = ({ text }: GeneratedPolicy): PolicyEvaluator =>
  compilePolicySet({ identity: [{ name: "generated.json", document: text }] });

const statementsOf = ({ policy }: GeneratedPolicy): readonly PolicyStatement[] =>
  policy.Statement as readonly PolicyStatement[];

const object = (key: string): CheckResource => ({ arn: `arn:aws:s3:::b/${key}` });
const none: CheckResource = { none: true };
const instance: CheckResource = { pattern: "arn:aws:ec2:us-east-1:1:instance/*", why: "the id is not known yet" };

describe("laws", () => {
  const actions = fc.constantFrom(
    "s3:GetObject",
    "s3:PutObject",
    "s3:ListAllMyBuckets",
    "ec2:RunInstances",
    "sqs:Send",
  );
  const texts = fc
    .array(
      fc.constantFrom("a", "b", "/", ":", "*", "?", "$", "{", "${", "}", "é", "日", "😀", "\n", "\u0001", "\ud83d"),
      {
        minLength: 1,
        maxLength: 6,
      },
    )
    .map((parts) => parts.join(""));
  const resources: fc.Arbitrary<CheckResource> = fc.oneof(
    texts.map((key) => object(key)),
    texts.map((tail) => ({ pattern: `arn:aws:ec2:us-east-1:*:${tail}`, why: "the account is not known" })),
    fc.constantFrom(none, instance, { pattern: "*", why: "resources are not resolved" }),
  );
  const checks: fc.Arbitrary<Check[]> = fc.array(
    fc.record({ action: actions, resource: resources }).map(({ action, resource }) => check(action, resource)),
    { minLength: 1, maxLength: 3 },
  );
  const requests = fc.array(checks, { minLength: 1, maxLength: 12 });

  test("whatever was recorded, the policy allows all of it", () => {
    fc.assert(
      fc.property(requests, fc.constantFrom("resources", "actions"), (list, level) => {
        const generated = generatePolicy(answered(...list), { level });
        const policy = evaluatorOf(generated);
        for (const one of list) expect(policy.evaluateAll(one).outcome).toBe("allowed");
        expect(generated.report).toMatchObject({ requests: list.length, granted: list.length, leftOut: [] });
      }),
      { numRuns: 300 },
    );
  });

  test("in whatever context it was recorded, and whatever rules are asked for", () => {
    const keys = fc.constantFrom(
      "s3:prefix",
      "aws:RequestTag/team",
      "iam:PassedToService",
      "iam:PolicyARN",
      "aws:RequestedRegion",
      "s3:max-keys",
    );
    const values = fc.constantFrom("a", "a/", "*", `\${aws:username}`, "", "日", "eu-west-1");
    const inContext: fc.Arbitrary<Check> = fc
      .tuple(actions, resources, fc.dictionary(keys, values, { maxKeys: 3 }), fc.boolean())
      .map(([action, resource, context, all]) => ({
        action,
        resource,
        context,
        authoritative: all ? ["*"] : Object.keys(context),
      }));
    const options = fc.record({
      generalise: fc.subarray([...GENERALISE_RULES]),
      siblings: fc.integer({ min: 2, max: 4 }),
      conditions: fc.boolean(),
      actionWildcards: fc.boolean(),
      target: fc.constantFrom(undefined, "managed", "scp"),
    });
    fc.assert(
      fc.property(
        fc.array(fc.array(inContext, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 12 }),
        options,
        (list, asked) => {
          const { policies } = generatePolicy(answered(...list), asked);
          const policy = compilePolicySet({
            identity: policies.map(({ text }, i) => ({ name: `${i}`, document: text })),
          });
          for (const one of list) expect(policy.evaluateAll(one).outcome).toBe("allowed");
        },
      ),
      { numRuns: 500 },
    );
  });

  test("it allows no action that was not recorded, and has no wildcard in an action", () => {
    fc.assert(
      fc.property(requests, (list) => {
        const recorded = new Set(list.flat().map(({ action }) => action));
        const granted = statementsOf(generatePolicy(answered(...list))).flatMap(({ Action }) => Action as string[]);
        expect(new Set(granted)).toEqual(recorded);
        expect(granted).toHaveLength(recorded.size);
      }),
    );
  });

  test("an exact resource in Latin-1 is granted exactly, whatever its characters", () => {
    const latin = fc.array(fc.constantFrom("a", "*", "?", "$", "{", "${", "}", "é", "\n"), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(latin, latin, (mine, other) => {
        fc.pre(mine.join("") !== other.join(""));
        const policy = evaluatorOf(generatePolicy(answered([check("s3:GetObject", object(mine.join("")))])));
        const outcomeOf = (resource: CheckResource) => policy.evaluate({ action: "s3:GetObject", resource }).outcome;
        expect(outcomeOf(object(mine.join("")))).toBe("allowed");
        expect(outcomeOf(object(other.join("")))).toBe("implicitDeny");
      }),
      { numRuns: 500 },
    );
  });

  test("the order of records never matters", () => {
    fc.assert(
      fc.property(requests, fc.infiniteStream(fc.nat()), (list, random) => {
        const records = answered(...list);
        const shuffled = records
          .map((record) => ({ record, rank: random.next().value as number }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ record }) => record);
        expect(generatePolicy(shuffled)).toEqual(generatePolicy(records));
      }),
    );
  });

  test("what a widened resource and a declared pattern share is told as widened, whichever came first", () => {
    const pattern = (text: string) => check("sqs:Send", { pattern: `arn:aws:ec2:us-east-1:*:${text}`, why: "w" });
    const records = answered([pattern("?")], [pattern("\u20ac")]);
    const { report } = generatePolicy(records);
    expect(report.widenings).toHaveLength(1);
    expect(generatePolicy([...records].reverse()).report).toEqual(report);
  });

  test("recording the same again changes nothing but the counts", () => {
    fc.assert(
      fc.property(requests, (list) => {
        expect(generatePolicy(answered(...list, ...list)).text).toBe(generatePolicy(answered(...list)).text);
      }),
    );
  });

  test("what AWS would refuse is never generated: characters, Sids, grammar", () => {
    fc.assert(
      fc.property(requests, (list) => {
        const { text, policy } = generatePolicy(answered(...list));
        // A declared pattern may draw a warning; an error is what AWS would refuse.
        expect(parsePolicy(text).findings.filter(({ level }) => level === "ERROR")).toEqual([]);
        expect(JSON.parse(text)).toEqual(policy);
        expect(text).toBe(`${JSON.stringify(policy, null, 2)}\n`);
      }),
    );
  });
});

describe("statements", () => {
  test("a single statement is called ProxyRecordedActions", () => {
    expect(generatePolicy(answered([check("s3:GetObject", object("k"))])).policy).toEqual({
      Version: "2012-10-17",
      Statement: [
        { Sid: "ProxyRecordedActions", Effect: "Allow", Action: ["s3:GetObject"], Resource: ["arn:aws:s3:::b/k"] },
      ],
    });
  });

  test("are of one service and access level, and their actions have the same resources", () => {
    const generated = generatePolicy(
      answered(
        [check("s3:PutObject", object("k"))],
        [check("s3:GetObject", object("k")), check("s3:GetObjectAcl", object("k"))],
        [check("s3:DeleteObject", object("l")), check("s3:DeleteObject", object("k"))],
        [check("s3:ListAllMyBuckets", none)],
        [check("ec2:RunInstances", instance), check("ec2:DescribeInstances", none)],
      ),
    );
    expect(statementsOf(generated)).toEqual([
      { Sid: "Ec2List", Effect: "Allow", Action: ["ec2:DescribeInstances"], Resource: "*" },
      {
        Sid: "Ec2WriteInstance",
        Effect: "Allow",
        Action: ["ec2:RunInstances"],
        Resource: ["arn:aws:ec2:us-east-1:1:instance/*"],
      },
      { Sid: "S3List", Effect: "Allow", Action: ["s3:ListAllMyBuckets"], Resource: "*" },
      {
        Sid: "S3ReadObject",
        Effect: "Allow",
        Action: ["s3:GetObject", "s3:GetObjectAcl"],
        Resource: ["arn:aws:s3:::b/k"],
      },
      {
        Sid: "S3WriteDeleteObject",
        Effect: "Allow",
        Action: ["s3:DeleteObject"],
        Resource: ["arn:aws:s3:::b/k", "arn:aws:s3:::b/l"],
      },
      { Sid: "S3WritePutObject", Effect: "Allow", Action: ["s3:PutObject"], Resource: ["arn:aws:s3:::b/k"] },
    ]);
  });

  test("that would have the same Sid are called after their action, and then after what their resources are called", () => {
    const role = (name: string): Check["resource"] => ({ arn: `arn:aws:iam::1:role/${name}` });
    const list = (key: string, prefix: string): Check =>
      check(`s3:${key}`, { arn: "arn:aws:s3:::b" }, { "s3:prefix": prefix });
    const generated = generatePolicy(
      answered(
        [check("iam:GetRole", role("a")), check("iam:GetRole", { pattern: "arn:aws:iam::1:role/*/a", why: "path" })],
        [check("iam:GetRolePolicy", role("a")), check("iam:GetRolePolicy", role("b"))],
        [
          check("iam:GetContextKeysForPrincipalPolicy", role("e")),
          check("iam:GetServiceLastAccessedDetails", role("e")),
        ],
        [check("iam:GetSAMLProvider", role("c.d")), check("iam:GetServerCertificate", role("c.d"))],
        [list("ListBucket", "x/"), list("ListBucketVersions", "y/")],
      ),
    );
    expect(statementsOf(generated).map(({ Sid }) => Sid)).toEqual([
      ...[
        "IamReadRoleE",
        "IamReadGetRole",
        "IamReadGetRolePolicy",
        "IamReadRoleCD",
        "S3ListBucket",
        "S3ListBucketVersions",
      ],
    ]);
  });

  test("an action that needs * anywhere is granted there alone", () => {
    const all: CheckResource = { pattern: "*", why: "resources are not resolved" };
    const generated = generatePolicy(answered([check("s3:GetObject", object("k"))], [check("s3:GetObject", all)]));
    expect(statementsOf(generated)).toEqual([
      { Sid: "ProxyRecordedActions", Effect: "Allow", Action: ["s3:GetObject"], Resource: "*" },
    ]);
    expect(generated.report.declaredWildcards).toEqual([
      { resource: "*", actions: ["s3:GetObject"], why: "resources are not resolved", covers: ["arn:aws:s3:::b/k"] },
    ]);
  });

  test("Sids of different actions never meet", () => {
    const generated = generatePolicy(
      answered([check("a-b:C", { arn: "arn:aws:x:::1" })], [check("a:B-C", { arn: "arn:aws:x:::2" })]),
    );
    expect(statementsOf(generated).map(({ Sid }) => Sid)).toEqual(["AWrite", "ABWrite"]);
  });
});

describe("which requests count", () => {
  const get = [check("s3:GetObject", object("k"))];
  const put = check("s3:PutObject", object("k"));
  const withPut = (change: Partial<DecidedRecord>, ending?: Partial<FinishedRecord>): ActivityRecord[] => [
    ...answered(get),
    decided("put", [put], change),
    ...(ending === undefined ? [] : [finished("put", ending)]),
  ];
  const grantsPut = (generated: GeneratedPolicy): boolean => evaluatorOf(generated).evaluate(put).outcome === "allowed";

  test.each<[string, boolean, string, ActivityRecord[]]>([
    ["one that AWS answered", true, "", withPut({}, {})],
    [
      "one denied in shadow mode, and forwarded",
      true,
      "",
      withPut({ mode: "shadow", decision: { outcome: "implicitDeny", reason: "", by: "iam", policyVersion: "1" } }, {}),
    ],
    ["one that failed for another reason", true, "", withPut({}, { status: 404, errorCode: "NoSuchKey" })],
    ["one whose client left after the answer began", true, "", withPut({}, { outcome: "aborted", status: 200 })],
    ["one that broke off after the answer began", true, "", withPut({}, { outcome: "failed", status: 200 })],
    [
      "one the proxy denied",
      false,
      "not forwarded: the proxy denied it",
      withPut({ forwarded: false }, { status: 403 }),
    ],
    ["one AWS answered with 403", false, "AWS denied it", withPut({}, { status: 403 })],
    ["one AWS answered with 401", false, "AWS denied it", withPut({}, { status: 401 })],
    ["AccessDeniedException", false, "AWS denied it", withPut({}, { status: 400, errorCode: "AccessDeniedException" })],
    [
      "a namespaced AccessDeniedException",
      false,
      "AWS denied it",
      withPut({}, { status: 400, errorCode: "com.amazon.coral.service#AccessDeniedException:http://x/" }),
    ],
    [
      "EC2's UnauthorizedOperation",
      false,
      "AWS denied it",
      withPut({}, { status: 400, errorCode: "Client.UnauthorizedOperation" }),
    ],
    ["SNS's AuthorizationError", false, "AWS denied it", withPut({}, { status: 400, errorCode: "AuthorizationError" })],
    ["one without an end", false, "no answer of AWS is on record", withPut({})],
    [
      "one that failed before an answer",
      false,
      "no answer of AWS is on record",
      withPut({}, { outcome: "failed", status: undefined }),
    ],
    [
      "one that failed with our own 502",
      false,
      "no answer of AWS is on record",
      withPut({}, { outcome: "failed", status: 502 }),
    ],
    [
      "one whose client left before an answer",
      false,
      "no answer of AWS is on record",
      withPut({}, { outcome: "aborted", status: undefined }),
    ],
    ["one not recognised", false, "unknown: its actions could not be told", withPut({ marker: "unknown" }, {})],
    ["an ambiguous one", false, "ambiguous: its actions could not be told", withPut({ marker: "ambiguous" }, {})],
    [
      "one with two ends, one of them a denial",
      false,
      "AWS denied it",
      [...withPut({}, {}), finished("put", { status: 403 })],
    ],
  ])("%s: %s", (_name, counts, why, records) => {
    const generated = generatePolicy(records);
    expect(grantsPut(generated)).toBe(counts);
    expect(generated.report.leftOut).toEqual(counts ? [] : [{ why, count: 1, examples: ["s3:PutObject"] }]);
    expect(generated.report).toMatchObject({ requests: 2, granted: counts ? 2 : 1 });
  });

  test("what AWS denied and what has no answer count when asked for", () => {
    expect(grantsPut(generatePolicy(withPut({}, { status: 403 }), { includeDenied: true }))).toBe(true);
    expect(grantsPut(generatePolicy(withPut({}), { includeUnfinished: true }))).toBe(true);
    expect(grantsPut(generatePolicy(withPut({}), { includeDenied: true }))).toBe(false);
    const notForwarded = withPut({ forwarded: false });
    expect(grantsPut(generatePolicy(notForwarded, { includeDenied: true, includeUnfinished: true }))).toBe(false);
  });

  test("what needs no permission is left out, and told", () => {
    const identity = decided("id", [], { marker: "permissionless", service: "sts", operations: ["GetCallerIdentity"] });
    const { report, text } = generatePolicy([...answered(get), identity, finished("id")]);
    expect(text).not.toContain("GetCallerIdentity");
    expect(report.leftOut).toEqual([{ why: "needs no permission", count: 1, examples: ["sts:GetCallerIdentity"] }]);
  });

  test.each([
    ["unsigned", "unsigned: no policy of the caller decides it"],
    ["bearer", "bearer: no policy of the caller decides it"],
    [undefined, "its record has no checks"],
  ] as const)("one without checks (%s) is left out, and told by method and host", (marker, why) => {
    const other = decided("other", [], { marker, host: "x.amazonaws.com", method: "GET", service: undefined });
    const { report } = generatePolicy([...answered(get), other, finished("other")]);
    expect(report.leftOut).toEqual([{ why, count: 1, examples: ["GET x.amazonaws.com"] }]);
  });

  test.each([
    ["not an ARN", { arn: "bucket/key" }],
    ["a service that is a wildcard", { pattern: "arn:aws:*:us-east-1:1:x", why: "" }],
    ["too long", { arn: `arn:aws:s3:::b/${"k".repeat(5000)}` }],
  ])("one with a resource that no policy can name (%s) is left out as a whole", (_name, resource) => {
    const generated = generatePolicy([
      ...answered(get),
      decided("x", [put, check("s3:GetObject", resource)]),
      finished("x"),
    ]);
    expect(grantsPut(generated)).toBe(false);
    expect(generated.report.leftOut[0]?.why).toContain("a resource that no policy can name");
  });

  test("one with an action that is none is left out as a whole", () => {
    const generated = generatePolicy([...answered(get), decided("x", [put, check("s3:*", none)]), finished("x")]);
    expect(grantsPut(generated)).toBe(false);
    expect(generated.report.leftOut[0]?.why).toContain("an action that no policy can name");
  });

  test("examples are few and in order, the count is not cut", () => {
    const records = Array.from({ length: 9 }, (_, i) =>
      decided(`x${i}`, [check(`s3:Get${i}`, none)], { forwarded: false }),
    );
    const { report } = generatePolicy([...answered(get), ...records.reverse()]);
    expect(report.leftOut[0]).toMatchObject({
      count: 9,
      examples: ["s3:Get0", "s3:Get1", "s3:Get2", "s3:Get3", "s3:Get4"],
    });
  });
});

describe("the report", () => {
  test("declared wildcards stand with their reason and actions", () => {
    const { report } = generatePolicy(
      answered(
        [check("ec2:RunInstances", instance)],
        [check("ec2:CreateTags", instance)],
        [check("s3:GetObject", object("k"))],
      ),
    );
    expect(report.declaredWildcards).toEqual([
      {
        resource: "arn:aws:ec2:us-east-1:1:instance/*",
        why: "the id is not known yet",
        actions: ["ec2:CreateTags", "ec2:RunInstances"],
        covers: [],
      },
    ]);
    expect(report.widenings).toEqual([]);
    expect(report.actions).toBe(3);
  });

  test("a character that a policy cannot hold becomes ?, and is told as a widening", () => {
    const generated = generatePolicy(answered([check("s3:GetObject", object("日a😀"))]));
    expect(statementsOf(generated)[0]?.Resource).toEqual(["arn:aws:s3:::b/?a?"]);
    expect(generated.report.widenings).toEqual([
      {
        seen: "arn:aws:s3:::b/日a😀",
        count: 1,
        actions: ["s3:GetObject"],
        resource: "arn:aws:s3:::b/?a?",
        why: 'a policy cannot hold 2 of its characters; "?" stands for each',
      },
    ]);
  });

  test("sizes are as AWS counts them, with a warning above 6,144", () => {
    const small = generatePolicy(answered([check("s3:GetObject", object("k"))]));
    expect(small.report).toMatchObject({ characters: JSON.stringify(small.policy).length, warnings: [] });
    const keys = Array.from({ length: 300 }, (_, i) => [check("s3:GetObject", object(`some/longer/key/${i}`))]);
    const { report } = generatePolicy(answered(...keys));
    expect(report.characters).toBeGreaterThan(6144);
    expect(report.warnings).toEqual([expect.stringContaining(`${report.characters} characters`)]);
  });
});

describe("level actions", () => {
  test("is one statement on *, with what needs no permission and what has no nameable resource", () => {
    const generated = generatePolicy(
      [
        ...answered([check("s3:PutObject", object("k")), check("s3:GetObject", { arn: "odd" })]),
        decided("id", [], { marker: "permissionless", service: "sts", operations: ["GetCallerIdentity"] }),
        finished("id"),
        decided("unknown", [], { marker: "unknown" }),
        finished("unknown"),
      ],
      { level: "actions" },
    );
    expect(generated.policy).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "ProxyRecordedActions",
          Effect: "Allow",
          Action: ["s3:GetObject", "s3:PutObject", "sts:GetCallerIdentity"],
          Resource: "*",
        },
      ],
    });
    expect(generated.report).toMatchObject({ requests: 3, granted: 2, actions: 3 });
    expect(generated.report.leftOut).toHaveLength(1);
  });
});

test("an operation without a service is no action", () => {
  const odd = decided("odd", [], { marker: "permissionless", service: undefined, operations: ["GetCallerIdentity"] });
  const generated = generatePolicy([...answered([check("s3:GetObject", none)]), odd, finished("odd")], {
    level: "actions",
  });
  expect(generated.report).toMatchObject({ actions: 1, leftOut: [{ count: 1 }] });
});

describe("nothing to grant", () => {
  test("an empty recording says what to do", () => {
    expect(() => generatePolicy([])).toThrow(NothingToGrantError);
    expect(() => generatePolicy([])).toThrow("Run something through the proxy first");
    expect(() => generatePolicy([finished("orphan")])).toThrow(NothingToGrantError);
  });

  test("a recording of which all is left out says why", () => {
    const records = [decided("1", [check("s3:GetObject", none)], { forwarded: false })];
    expect(() => generatePolicy(records)).toThrow("1 × not forwarded: the proxy denied it (s3:GetObject)");
    expect(() => generatePolicy(records, { level: "actions" })).toThrow(NothingToGrantError);
  });
});

test("a hundred thousand requests are read once, from any iterable", () => {
  function* recording(): Generator<ActivityRecord> {
    for (let i = 0; i < 100_000; i++) {
      const pattern = `arn:aws:secretsmanager:us-east-1:1:secret:s${i % 5000}-??????`;
      yield decided(`${i}`, [
        check("s3:GetObject", object(`${i % 5000}`)),
        check("secretsmanager:GetSecretValue", { pattern, why: "suffix" }),
      ]);
      yield finished(`${i}`);
    }
  }
  const { report } = generatePolicy(recording());
  expect(report).toMatchObject({ requests: 100_000, granted: 100_000, actions: 2 });
  expect(report.declaredWildcards).toHaveLength(5000);
}, 60_000);
