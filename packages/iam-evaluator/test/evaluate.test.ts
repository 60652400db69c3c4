import type { CheckResource } from "@iap/aws-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePolicySet } from "../src/compile-policy-set.ts";
import type { PolicyStatement } from "../src/policy-document.ts";
import { compileWildcard } from "../src/wildcard.ts";
import { matchesWildcard } from "../src/wildcard-match.ts";
import { covers } from "../src/wildcard-relation.ts";
import { naiveMatch } from "./support/naive-match.ts";
import { allow, decisionOf, deny, evaluatorOf } from "./support/policies.ts";

const key: CheckResource = { arn: "arn:aws:s3:::b/k" };
const none: CheckResource = { none: true };
const pattern = (text: string): CheckResource => ({ pattern: text, why: "not known yet" });

const allowNotResource = (...NotResource: string[]): PolicyStatement => ({ Effect: "Allow", Action: "*", NotResource });
const denyNotResource = (...NotResource: string[]): PolicyStatement => ({ Effect: "Deny", Action: "*", NotResource });
const everything = allow("*", "*");

describe("a policy of the resource", () => {
  const account = "111122223333";
  const principal = { arn: `arn:aws:iam::${account}:user/bob` };
  const resourcePolicy = (...Statement: readonly PolicyStatement[]) => ({
    name: "resource.json",
    document: { Version: "2012-10-17" as const, Statement },
  });
  const named = (Sid: string, AWS: string): PolicyStatement => ({
    ...everything,
    Sid,
    Principal: { AWS },
  });

  test("is told by the statement that names who asks most closely, of equals by the first", () => {
    const decide = (...statements: readonly PolicyStatement[]): unknown =>
      compilePolicySet({
        identity: [{ name: "test.json", document: { Version: "2012-10-17", Statement: [everything] } }],
        resource: resourcePolicy(...statements),
      })
        .evaluate({ principal, action: "s3:GetObject", resource: key, resourceAccount: account })
        .matchedStatements.map(({ sid }) => sid);
    const equals = [named("First", account), named("Second", `arn:aws:iam::${account}:root`)];
    expect(decide(...equals)).toEqual(["First", undefined]);
    expect(decide(...equals, named("Itself", principal.arn))).toEqual(["Itself"]);
  });

  test.each<[string, string]>([
    [`arn:aws:sqs:us-east-1:${account}:q`, "allowed"],
    ["arn:aws:sqs:us-east-1:444455556666:q", "implicitDeny"],
    // Where the ARN names no account the resource is taken for one's own.
    ["arn:aws:s3:::b/k", "allowed"],
  ])("is needed when the account that %s names is another: %s", (arn, outcome) => {
    const policies = compilePolicySet({
      identity: [{ name: "test.json", document: { Version: "2012-10-17", Statement: [everything] } }],
      resource: null,
    });
    for (const resource of [{ arn }, pattern(arn)]) {
      expect(policies.evaluate({ principal, action: "sqs:SendMessage", resource }).outcome).toBe(outcome);
    }
  });

  test.each(["arn:aws:sqs:us-east-1:*:q", "arn:aws:sqs:*", "*"])(
    "is needed when %s may be another account's",
    (text) => {
      const identity = [{ name: "test.json", document: { Version: "2012-10-17", Statement: [everything] } }] as const;
      const asked = { principal, action: "sqs:SendMessage", resource: pattern(text) };
      const without = compilePolicySet({ identity, resource: null });
      expect(without.evaluate(asked).outcome).toBe("implicitDeny");
      expect(without.evaluate({ ...asked, resourceAccount: account }).outcome).toBe("allowed");
      const named = resourcePolicy({ ...everything, Principal: { AWS: account } });
      expect(compilePolicySet({ identity, resource: named }).evaluate(asked).outcome).toBe("allowed");
      expect(compilePolicySet({ identity }).evaluate(asked).outcome).toBe("allowed");
    },
  );
});

describe("statements", () => {
  test.each<[string, PolicyStatement[], string, CheckResource, string]>([
    ["nothing is allowed by default", [deny("s3:*", "arn:aws:s3:::other/*")], "s3:GetObject", key, "implicitDeny"],
    ["an Allow allows", [allow("s3:GetObject", "arn:aws:s3:::b/k")], "s3:GetObject", key, "allowed"],
    ["of another action nothing is allowed", [allow("s3:GetObject", "*")], "s3:PutObject", key, "implicitDeny"],
    [
      "a Deny beats every Allow",
      [everything, deny("s3:GetObject", "*"), everything],
      "s3:GetObject",
      key,
      "explicitDeny",
    ],
    ["actions are case-insensitive", [allow("S3:gETobject", "*")], "s3:GetObject", key, "allowed"],
    ["in a Deny too", [everything, deny("S3:get*", "*")], "s3:GetObject", key, "explicitDeny"],
    ["resources are case-sensitive", [allow("s3:*", "arn:aws:s3:::B/k")], "s3:GetObject", key, "implicitDeny"],
    ["a wildcard stays within its service", [allow("s3:*", "*")], "s3express:CreateSession", key, "implicitDeny"],
    ["* is every action", [everything], "ec2:RunInstances", key, "allowed"],
    [
      "several actions and resources are alternatives",
      [allow(["a:B", "s3:Get*"], ["arn:aws:s3:::c", "arn:aws:s3:::b/*"])],
      "s3:GetObject",
      key,
      "allowed",
    ],
    [
      "NotAction with Allow allows the others",
      [{ Effect: "Allow", NotAction: "iam:*", Resource: "*" }],
      "s3:GetObject",
      key,
      "allowed",
    ],
    [
      "but not the listed",
      [{ Effect: "Allow", NotAction: ["iam:*", "S3:get*"], Resource: "*" }],
      "s3:GetObject",
      key,
      "implicitDeny",
    ],
    [
      "NotAction with Deny denies the others",
      [everything, { Effect: "Deny", NotAction: ["iam:*", "sts:*"], Resource: "*" }],
      "s3:GetObject",
      key,
      "explicitDeny",
    ],
    [
      "but not the listed",
      [everything, { Effect: "Deny", NotAction: "s3:*", Resource: "*" }],
      "s3:GetObject",
      key,
      "allowed",
    ],
    [
      "NotAction * is about no action",
      [everything, { Effect: "Deny", NotAction: "*", Resource: "*" }],
      "s3:GetObject",
      key,
      "allowed",
    ],
    [
      "NotResource with Allow allows the others",
      [allowNotResource("arn:aws:s3:::c/*")],
      "s3:GetObject",
      key,
      "allowed",
    ],
    [
      "but not the listed",
      [allowNotResource("arn:aws:s3:::c", "arn:aws:s3:::b/*")],
      "s3:GetObject",
      key,
      "implicitDeny",
    ],
    [
      "NotResource with Deny denies the others",
      [everything, denyNotResource("arn:aws:s3:::c/*")],
      "s3:GetObject",
      key,
      "explicitDeny",
    ],
    ["but not the listed", [everything, denyNotResource("arn:aws:s3:::b/*")], "s3:GetObject", key, "allowed"],
  ])("%s", (_name, statements, action, resource, outcome) => {
    expect(decisionOf(statements, action, resource).outcome).toBe(outcome);
  });
});

describe("an action that takes no resource", () => {
  test.each<[string, PolicyStatement[], string]>([
    ["is allowed by *", [everything], "allowed"],
    ["is not allowed by ARNs, however wide", [allow("*", "arn:aws:s3:::*")], "implicitDeny"],
    ["is not allowed by NotResource: it is not another resource", [allowNotResource("arn:aws:s3:::c")], "implicitDeny"],
    ["is denied by *", [everything, deny("*", "*")], "explicitDeny"],
    ["is not denied by ARNs", [everything, deny("*", "arn:aws:s3:::*")], "allowed"],
    [
      "is denied by NotResource: it is not among the listed",
      [everything, denyNotResource("arn:aws:s3:::*")],
      "explicitDeny",
    ],
    ["is not denied by NotResource *", [everything, denyNotResource("*")], "allowed"],
  ])("%s", (_name, statements, outcome) => {
    expect(decisionOf(statements, "s3:ListAllMyBuckets", none).outcome).toBe(outcome);
  });
});

describe("a resource known only as a pattern", () => {
  test.each<[string, string, PolicyStatement[], string]>([
    ["is allowed by *", "*", [everything], "allowed"],
    ["is not allowed by a part", "*", [allow("*", "arn:aws:s3:::*")], "implicitDeny"],
    ["is allowed by a statement that covers it", "arn:aws:s3:::b/*", [allow("*", "arn:aws:s3:::b*")], "allowed"],
    [
      "is not allowed by two that cover it together",
      "arn:aws:s3:::b/?",
      [allow("*", ["arn:aws:s3:::b/a*", "arn:aws:s3:::b/[!a]*"])],
      "implicitDeny",
    ],
    ["is denied by any overlap", "arn:aws:s3:::b/*", [everything, deny("*", "arn:aws:s3:::*/secret")], "explicitDeny"],
    [
      "is denied by one ARN within",
      "arn:aws:s3:::b/*",
      [everything, deny("*", "arn:aws:s3:::b/secret")],
      "explicitDeny",
    ],
    ["* is denied by any Deny on the action", "*", [everything, deny("*", "arn:aws:s3:::b/secret")], "explicitDeny"],
    ["is not denied by what it cannot be", "arn:aws:s3:::b/*", [everything, deny("*", "arn:aws:s3:::c/*")], "allowed"],
    [
      "is allowed by NotResource when disjoint from all listed",
      "arn:aws:s3:::b/*",
      [allowNotResource("arn:aws:s3:::c/*")],
      "allowed",
    ],
    [
      "is not when one listed overlaps",
      "arn:aws:s3:::b/*",
      [allowNotResource("arn:aws:s3:::c/*", "arn:aws:s3:::*/secret")],
      "implicitDeny",
    ],
    [
      "is denied by NotResource unless one listed covers it",
      "arn:aws:s3:::b/*",
      [everything, denyNotResource("arn:aws:s3:::b/x*")],
      "explicitDeny",
    ],
    [
      "is not denied when one does",
      "arn:aws:s3:::b/x/*",
      [everything, denyNotResource("arn:aws:s3:::b/x*")],
      "allowed",
    ],
    ["without wildcards is that resource", "arn:aws:s3:::b/k", [allow("*", "arn:aws:s3:::b/k")], "allowed"],
  ])("%s (%s)", (_name, text, statements, outcome) => {
    expect(decisionOf(statements, "s3:GetObject", pattern(text)).outcome).toBe(outcome);
  });
});

describe("the text of a request is data", () => {
  test.each<[string, string, PolicyStatement[], string]>([
    ["* in a key is an asterisk", "arn:aws:s3:::b/*", [allow("*", "arn:aws:s3:::b/public")], "implicitDeny"],
    ["a policy can name it", "arn:aws:s3:::b/a*", [allow("*", `arn:aws:s3:::b/a\${*}`)], "allowed"],
    ["and no other", "arn:aws:s3:::b/ab", [allow("*", `arn:aws:s3:::b/a\${*}`)], "implicitDeny"],
    ["? and $ likewise", `arn:aws:s3:::b/a?\${b}`, [allow("*", `arn:aws:s3:::b/a\${?}\${$}{b}`)], "allowed"],
    ["line breaks are characters", "arn:aws:s3:::b/a\nb", [everything, deny("*", "arn:aws:s3:::b/*b")], "explicitDeny"],
  ])("%s (%s)", (_name, arn, statements, outcome) => {
    expect(decisionOf(statements, "s3:GetObject", { arn }).outcome).toBe(outcome);
  });

  test("in 2008-10-17 what looks like a variable is plain text, and a star in it a wildcard", () => {
    const document = JSON.stringify({
      Statement: [allow("*", [`arn:aws:s3:::b/\${*}`, `arn:aws:s3:::b/\${aws:username}`])],
    });
    const policy = compilePolicySet({ identity: [{ name: "old.json", document }] });
    const outcomeOf = (arn: string): string => policy.evaluate({ action: "s3:GetObject", resource: { arn } }).outcome;
    expect(outcomeOf("arn:aws:s3:::b/*")).toBe("implicitDeny");
    expect(outcomeOf(`arn:aws:s3:::b/\${x}`)).toBe("allowed");
    expect(outcomeOf(`arn:aws:s3:::b/\${aws:username}`)).toBe("allowed");
    expect(outcomeOf("arn:aws:s3:::b/bob")).toBe("implicitDeny");
  });
});

describe("what makes no sense is denied, and never throws", () => {
  test.each([
    ["a wildcard action", "s3:*", key],
    ["* as an action", "*", key],
    ["no action", "", key],
    ["two colons", "s3:a:b", key],
    ["a letter whose lower case is ASCII", "s3:\u212aill", key],
    ["an endless action", `s3:${"a".repeat(300)}`, key],
    ["an endless resource", "s3:GetObject", { arn: `arn:aws:s3:::b/${"k".repeat(5000)}` }],
    ["an empty resource", "s3:GetObject", { arn: "" }],
    ["two resources in one", "s3:GetObject", { arn: "arn:aws:s3:::b/k", pattern: "*", why: "" }],
    ["none and an ARN", "s3:GetObject", { none: true, arn: "arn:aws:s3:::b/k" }],
    ["none: false", "s3:GetObject", { none: false }],
    ["no resource at all", "s3:GetObject", {}],
    ["null", "s3:GetObject", null],
    ["a number", "s3:GetObject", { arn: 5 }],
  ])("%s", (_name, action, resource) => {
    // `as`: what a caller without types may send.
    const decision = decisionOf([everything], action, resource as CheckResource);
    expect(decision.outcome).toBe("implicitDeny");
    expect(decision.matchedStatements).toEqual([]);
  });
});

describe("reasons", () => {
  const reason = (statements: PolicyStatement[], action: string, resource: CheckResource): string =>
    decisionOf(statements, action, resource).reason;

  test("an implicit deny is told in AWS's words", () => {
    expect(reason([allow("ec2:*", "*")], "s3:PutObject", key)).toBe(
      'no identity-based policy allows the s3:PutObject action on resource "arn:aws:s3:::b/k"',
    );
  });

  test("an explicit deny names its statement and file", () => {
    const statement = { ...deny("s3:*", "*"), Sid: "NoS3" };
    expect(reason([everything, statement], "s3:PutObject", key)).toBe(
      "with an explicit deny in an identity-based policy (statement NoS3 in test.json)",
    );
    expect(reason([everything, deny("s3:*", "*")], "s3:PutObject", key)).toContain("(statement 1 in test.json)");
  });

  test("a deny of a pattern says why the resource is not exact, and what would allow it", () => {
    expect(reason([allow("s3:*", "arn:aws:s3:::b/*")], "s3:PutObject", pattern("arn:aws:s3:::*"))).toBe(
      'no identity-based policy allows the s3:PutObject action on all of the resource pattern "arn:aws:s3:::*" (not known yet); statement 0 in test.json may allow part of it, but the resource cannot be told exactly: allow the whole pattern, with "Resource": "arn:aws:s3:::*"',
    );
  });

  test("an action without resources says that only * allows it", () => {
    expect(reason([allow("s3:*", "arn:aws:s3:::*")], "s3:ListAllMyBuckets", none)).toContain(
      'only a statement with "Resource": "*" allows it',
    );
  });

  test("text of the request cannot forge lines or escape its quotes", () => {
    const told = reason([allow("ec2:*", "*")], "s3:GetObject", { arn: 'arn:aws:s3:::b/a"\n[14:32:01] ALLOWED' });
    expect(told).not.toContain("\n");
    expect(told).toContain('a\\"\\n[14:32:01]');
  });

  test("an allow names its statement", () => {
    const decision = decisionOf([everything], "s3:GetObject", key);
    expect(decision).toMatchObject({
      outcome: "allowed",
      reason: "allowed by statement 0 in test.json",
      by: "iam",
      matchedStatements: [{ policyType: "identity", policy: "test.json", index: 0, effect: "Allow" }],
      missingContextKeys: [],
      unevaluated: [],
    });
    expect(decision.policyVersion).toMatch(/^[0-9a-f]{12}$/);
  });
});

describe("a call with several checks", () => {
  const policy = evaluatorOf(allow("s3:GetObject", "*"), allow("s3:PutObject", "*"), deny("s3:DeleteObject", "*"));
  const check = (action: string) => ({ action, resource: key });

  test("is allowed when all are, and tells by which statements", () => {
    const decision = policy.evaluateAll([check("s3:GetObject"), check("s3:PutObject"), check("s3:GetObject")]);
    expect(decision.outcome).toBe("allowed");
    expect(decision.matchedStatements.map(({ index }) => index)).toEqual([0, 1]);
    expect(decision.reason).toBe("allowed by statement 0 in test.json and 1 more");
  });

  test("is denied by the first that is not", () => {
    const decision = policy.evaluateAll([check("s3:GetObject"), check("s3:ListBucket"), check("s3:GetBucketAcl")]);
    expect(decision.outcome).toBe("implicitDeny");
    expect(decision.reason).toContain("s3:ListBucket");
    expect(decision.deniedCheck).toEqual(check("s3:ListBucket"));
  });

  test("is denied explicitly when one is, though others were denied before", () => {
    const decision = policy.evaluateAll([check("s3:ListBucket"), check("s3:DeleteObject")]);
    expect(decision.outcome).toBe("explicitDeny");
    expect(decision.deniedCheck).toEqual(check("s3:DeleteObject"));
  });

  test("is denied when there is nothing to check", () => {
    expect(policy.evaluateAll([])).toMatchObject({ outcome: "implicitDeny", by: "iam" });
  });
});

describe("laws", () => {
  const actions = fc.constantFrom("s3:GetObject", "s3:PutObject", "ec2:RunInstances");
  const actionPatterns = fc.constantFrom("*", "s3:*", "S3:Get*", "s3:PutObject", "ec2:Run?nstances");
  const tails = fc
    .array(fc.constantFrom("a", "b", "*", "?", "/"), { minLength: 1, maxLength: 5 })
    .map((t) => t.join(""));
  const arns = tails.map((tail) => `arn:aws:s3:::${tail}`);
  const resourcePatterns = fc.oneof(arns, fc.constant("*"));
  const lists = (one: fc.Arbitrary<string>): fc.Arbitrary<string[]> => fc.array(one, { minLength: 1, maxLength: 3 });
  const statement: fc.Arbitrary<PolicyStatement> = fc
    .record({
      Effect: fc.constantFrom("Allow", "Deny"),
      actions: fc.tuple(fc.constantFrom("Action", "NotAction"), lists(actionPatterns)),
      resources: fc.tuple(fc.constantFrom("Resource", "NotResource"), lists(resourcePatterns)),
    })
    .map(({ Effect, actions, resources }) => ({ Effect, [actions[0]]: actions[1], [resources[0]]: resources[1] }));
  const statements = fc.array(statement, { minLength: 1, maxLength: 5 });
  const resources: fc.Arbitrary<CheckResource> = fc.oneof(
    arns.map((arn) => ({ arn })),
    resourcePatterns.map((text) => pattern(text)),
    fc.constant(none),
  );

  test("decisions on exact resources agree with reading the policy word by word", () => {
    const lists = (value: unknown): string[] => [value ?? []].flat() as string[];
    const isAbout = (one: PolicyStatement, action: string, arn: string): boolean => {
      const listsAction = lists(one.Action ?? one.NotAction).some((p) =>
        naiveMatch(p.toLowerCase(), action.toLowerCase(), "string"),
      );
      const listsResource = lists(one.Resource ?? one.NotResource).some((p) => naiveMatch(p, arn, "resource"));
      return listsAction === (one.Action !== undefined) && listsResource === (one.Resource !== undefined);
    };
    fc.assert(
      fc.property(statements, actions, arns, (list, action, arn) => {
        const effects = new Set(list.filter((one) => isAbout(one, action, arn)).map(({ Effect }) => Effect));
        const expected = effects.has("Deny") ? "explicitDeny" : effects.has("Allow") ? "allowed" : "implicitDeny";
        expect(decisionOf(list, action, { arn }).outcome).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });

  test("adding a Deny never allows more, adding an Allow never less", () => {
    fc.assert(
      fc.property(statements, statement, actions, resources, (before, added, action, resource) => {
        const { outcome } = decisionOf(before, action, resource);
        const { outcome: after } = decisionOf([...before, added], action, resource);
        if (added.Effect === "Deny" && outcome !== "allowed") expect(after).not.toBe("allowed");
        if (added.Effect === "Allow" && outcome === "allowed") expect(after).toBe("allowed");
        if (outcome === "explicitDeny") expect(after).toBe("explicitDeny");
      }),
      { numRuns: 500 },
    );
  });

  test("the order of statements never matters, nor how they are spread over policies", () => {
    fc.assert(
      fc.property(statements, actions, resources, fc.nat(), (list, action, resource, seed) => {
        const { outcome } = decisionOf(list, action, resource);
        const turn = seed % list.length;
        const turned = [...list.slice(turn), ...list.slice(0, turn)].reverse();
        expect(decisionOf(turned, action, resource).outcome).toBe(outcome);
        const identity = list.map((one, i) => ({
          name: `${i}.json`,
          document: { Version: "2012-10-17", Statement: one } as const,
        }));
        expect(compilePolicySet({ identity }).evaluate({ action, resource }).outcome).toBe(outcome);
      }),
      { numRuns: 500 },
    );
  });

  test("what is decided about a pattern holds for every text of it", () => {
    const texts = fc
      .array(fc.constantFrom("a", "b", "/", "*"), { maxLength: 4 })
      .map((t) => `arn:aws:s3:::${t.join("")}`);
    fc.assert(
      fc.property(statements, actions, resourcePatterns, texts, (list, action, text, arn) => {
        fc.pre(matchesWildcard(compileWildcard(text, "resource"), arn));
        const whole = decisionOf(list, action, pattern(text)).outcome;
        const one = decisionOf(list, action, { arn }).outcome;
        if (whole === "allowed") expect(one).toBe("allowed");
        if (one === "explicitDeny") expect(whole).toBe("explicitDeny");
      }),
      { numRuns: 1000 },
    );
  });

  test("a narrower Allow never allows more, and a narrower Deny never denies more", () => {
    fc.assert(
      fc.property(resourcePatterns, resourcePatterns, actions, resources, (wide, narrow, action, resource) => {
        fc.pre(covers(compileWildcard(wide, "resource"), compileWildcard(narrow, "resource")));
        const outcome = (...list: PolicyStatement[]): string => decisionOf(list, action, resource).outcome;
        if (outcome(allow("*", narrow)) === "allowed") expect(outcome(allow("*", wide))).toBe("allowed");
        if (outcome(deny("*", narrow)) === "explicitDeny") expect(outcome(deny("*", wide))).toBe("explicitDeny");
      }),
      { numRuns: 1000 },
    );
  });

  test("for an exact resource, Resource and NotResource say the contrary of each other", () => {
    fc.assert(
      fc.property(lists(arns), arns, (listed, arn) => {
        const { outcome } = decisionOf([allow("*", listed)], "s3:GetObject", { arn });
        const { outcome: contrary } = decisionOf([allowNotResource(...listed)], "s3:GetObject", { arn });
        expect(contrary === "allowed").toBe(outcome !== "allowed");
      }),
    );
  });
});
