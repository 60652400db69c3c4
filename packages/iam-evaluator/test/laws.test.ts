import type { CheckResource, Context } from "@iap/aws-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compilePolicySet, type PolicySet } from "../src/compile-policy-set.ts";
import type { AuthorizationRequest } from "../src/evaluate.ts";
import type { ConditionElement, PolicyDocument, PolicyInput, PolicyStatement } from "../src/policy-document.ts";

const ACCOUNT = "123456789012";
const USER = `arn:aws:iam::${ACCOUNT}:user/bob`;
const SESSION = `arn:aws:sts::${ACCOUNT}:assumed-role/app/s1`;

const keys = ["aws:username", "ex:tags", "ex:number"];
const texts = fc.constantFrom("a", "b", "ab", "*", "5", "10", "", `\${aws:username}`, `\${ex:number, 'a'}`);
const operators = fc.constantFrom(
  "StringEquals",
  "StringNotEquals",
  "StringLike",
  "StringNotLikeIfExists",
  "StringEqualsIfExists",
  "ForAllValues:StringEquals",
  "ForAnyValue:StringNotEquals",
  "ForAnyValue:StringLikeIfExists",
  "NumericLessThan",
  "NumericNotEqualsIfExists",
  "Null",
  "NoSuchOperator",
);
const conditions: fc.Arbitrary<ConditionElement> = fc.dictionary(
  operators,
  fc.dictionary(fc.constantFrom(...keys), fc.array(texts, { minLength: 1, maxLength: 2 }), { maxKeys: 2 }),
  { maxKeys: 2 },
);
const actions = fc.constantFrom("s3:GetObject", "s3:PutObject");
const arns = fc.constantFrom("arn:aws:s3:::b/a", "arn:aws:s3:::b/b", "arn:aws:s3:::b/ab", "arn:aws:s3:::c/a");
const patterns = fc.constantFrom(
  "*",
  "arn:aws:s3:::b/*",
  "arn:aws:s3:::b/a",
  "arn:aws:s3:::b/?",
  `arn:aws:s3:::b/\${aws:username}`,
  `arn:aws:s3:::\${ex:tags, 'b'}/*`,
);
const bare = fc
  .record({
    Effect: fc.constantFrom("Allow", "Allow", "Allow", "Deny"),
    action: fc.tuple(fc.constantFrom("Action", "NotAction"), fc.constantFrom("*", "s3:*", "s3:Get*", "iam:*")),
    resource: fc.tuple(fc.constantFrom("Resource", "Resource", "NotResource"), patterns),
    Condition: fc.option(conditions, { nil: undefined }),
  })
  .map(
    ({ Effect, action, resource, Condition }): PolicyStatement => ({
      Effect,
      [action[0]]: action[1],
      [resource[0]]: resource[1],
      ...(Condition === undefined ? {} : { Condition }),
    }),
  );
const principals = fc.constantFrom("*" as const, { AWS: USER }, { AWS: ACCOUNT }, { AWS: [SESSION, ACCOUNT] });
const withPrincipal = fc
  .tuple(bare, principals, fc.boolean())
  .map(([statement, who, not]): PolicyStatement => ({ ...statement, [not ? "NotPrincipal" : "Principal"]: who }));

const document = (Statement: readonly PolicyStatement[]): PolicyDocument => ({ Version: "2012-10-17", Statement });
/** Mostly with a policy that allows everything: what a law says of what is allowed needs something that is. */
const policiesOf = (statement: fc.Arbitrary<PolicyStatement>, full?: PolicyStatement) =>
  fc.oneof(
    { weight: 3, arbitrary: somePolicies(statement) },
    {
      weight: 4,
      arbitrary: somePolicies(statement).map((some) => [
        { name: "full", document: document([{ ...everything, ...full }]) },
        ...some.slice(0, 1),
      ]),
    },
    {
      weight: 3,
      arbitrary: fc.constant<PolicyInput[]>([{ name: "full", document: document([{ ...everything, ...full }]) }]),
    },
  );
const everything: PolicyStatement = { Effect: "Allow", Action: "*", Resource: "*" };
const somePolicies = (statement: fc.Arbitrary<PolicyStatement>) =>
  fc.array(
    fc
      .array(statement, { minLength: 1, maxLength: 3 })
      .map((list): PolicyInput => ({ name: "p", document: document(list) })),
    { maxLength: 2 },
  );
const sets: fc.Arbitrary<PolicySet> = fc.record({
  identity: policiesOf(bare),
  permissionsBoundary: policiesOf(bare),
  session: policiesOf(bare),
  scp: fc.array(policiesOf(bare), { maxLength: 2 }),
  rcp: fc.array(policiesOf(withPrincipal, { ...everything, Principal: "*" }), { maxLength: 1 }),
  resource: fc.option(
    policiesOf(withPrincipal, { ...everything, Principal: { AWS: ACCOUNT } }).map(([first]) => first ?? null),
    { nil: undefined },
  ),
  vpcEndpoint: policiesOf(withPrincipal, { ...everything, Principal: "*" }),
});
const contexts: fc.Arbitrary<Context> = fc.dictionary(
  fc.constantFrom(...keys),
  fc.oneof(
    fc.constantFrom("a", "b", "ab", "*", "5", ""),
    fc.array(fc.constantFrom("a", "b"), { maxLength: 2 }),
    fc.integer({ min: 0, max: 20 }),
  ),
);
const resources: fc.Arbitrary<CheckResource> = fc.oneof(
  arns.map((arn) => ({ arn })),
  fc.constantFrom("*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/a").map((pattern) => ({ pattern, why: "not known" })),
  fc.constant({ none: true } as const),
);
const requests = fc.record<AuthorizationRequest>({
  action: actions,
  resource: resources,
  context: contexts,
  authoritative: fc.constantFrom<(readonly string[])[]>([], ["ex:*"], ["aws:username"], ["*"], ["*"]),
  principal: fc.constantFrom({ arn: USER }, { arn: SESSION }, undefined),
  resourceAccount: fc.constantFrom(undefined, ACCOUNT, "999988887777"),
});

const decide = (set: PolicySet, request: AuthorizationRequest) =>
  compilePolicySet(set, { validate: "warn" }).evaluate(request);

const TYPES = ["identity", "permissionsBoundary", "session", "vpcEndpoint"] as const;

test("a Deny added to any policy never allows more", () => {
  fc.assert(
    fc.property(sets, bare, fc.constantFrom(...TYPES), requests, (set, added, type, request) => {
      const [first, ...rest] = set[type] ?? [];
      if (first === undefined) return;
      const { Statement } = first.document as PolicyDocument;
      const extra = {
        ...added,
        Effect: "Deny" as const,
        ...(type === "vpcEndpoint" ? { Principal: "*" as const } : {}),
      };
      const more = { name: "p", document: document([...[Statement].flat(), extra]) };
      const before = decide(set, request);
      const after = decide({ ...set, [type]: [more, ...rest] }, request);
      if (before.outcome !== "allowed") expect(after.outcome).not.toBe("allowed");
      if (before.outcome === "explicitDeny") expect(after.outcome).toBe("explicitDeny");
    }),
    { numRuns: 700 },
  );
});

test("the order of statements and of policies in a group never matters", () => {
  const reversed = (inputs: readonly PolicyInput[] = []): PolicyInput[] =>
    [...inputs].reverse().map(({ name, document: listed }) => {
      // `as`: documents are objects here.
      const { Statement } = listed as PolicyDocument;
      return { name, document: document([Statement].flat().reverse()) };
    });
  fc.assert(
    fc.property(sets, requests, (set, request) => {
      const turned: PolicySet = {
        ...set,
        identity: reversed(set.identity),
        permissionsBoundary: reversed(set.permissionsBoundary),
        session: reversed(set.session),
        scp: (set.scp ?? []).map(reversed).reverse(),
        rcp: (set.rcp ?? []).map(reversed),
        vpcEndpoint: reversed(set.vpcEndpoint),
        ...(set.resource ? { resource: reversed([set.resource])[0] } : {}),
      };
      expect(decide(turned, request).outcome).toBe(decide(set, request).outcome);
    }),
    { numRuns: 700 },
  );
});

test("a boundary, a session policy, an SCP or an RCP never allows more", () => {
  fc.assert(
    fc.property(sets, requests, (set, request) => {
      if (decide(set, request).outcome !== "allowed") return;
      const { identity, resource, vpcEndpoint } = set;
      // NotPrincipal denies whoever has a boundary: without one, more is allowed and never less.
      expect(decide({ identity, resource, vpcEndpoint }, request).outcome).toBe("allowed");
    }),
    { numRuns: 700 },
  );
});

test("knowing less never allows more: what is allowed with a key unknown is allowed whatever the key is", () => {
  fc.assert(
    fc.property(sets, requests, fc.constantFrom(...keys), contexts, (set, request, key, others) => {
      const { [key]: _gone, ...known } = request.context ?? {};
      const authoritative = keys.filter((one) => one !== key);
      const unknown = decide(set, { ...request, context: known, authoritative });
      const value = others[key];
      const told = decide(set, {
        ...request,
        context: value === undefined ? known : { ...known, [key]: value },
        authoritative: keys,
      });
      if (unknown.outcome === "allowed") expect(told.outcome).toBe("allowed");
      if (told.outcome === "explicitDeny") expect(unknown.outcome).toBe("explicitDeny");
    }),
    { numRuns: 1000 },
  );
});

test("narrowing a resource never widens a decision: what is allowed for a pattern is allowed for each of its texts", () => {
  fc.assert(
    fc.property(sets, requests, fc.constantFrom("arn:aws:s3:::b/a", "arn:aws:s3:::b/ab"), (set, request, arn) => {
      const resourceAccount = ACCOUNT;
      const wide = { ...request, resourceAccount, resource: { pattern: "arn:aws:s3:::b/*", why: "not known" } };
      const narrow = { ...request, resourceAccount, resource: { arn } };
      if (decide(set, wide).outcome === "allowed") expect(decide(set, narrow).outcome).toBe("allowed");
      if (decide(set, narrow).outcome === "explicitDeny") expect(decide(set, wide).outcome).toBe("explicitDeny");
    }),
    { numRuns: 800 },
  );
});

test("of what is generated a fair part is allowed", () => {
  const outcomes = fc.sample(fc.tuple(sets, requests), 300).map(([set, request]) => decide(set, request).outcome);
  expect(outcomes.filter((outcome) => outcome === "allowed").length).toBeGreaterThan(10);
});

test("the trace and the decision are of one mind", () => {
  fc.assert(
    fc.property(sets, requests, (set, request) => {
      const { decision, statements } = compilePolicySet(set, { validate: "warn" }).explain(request);
      const applying = statements.filter(({ statement, matches }) => statement.effect === "Deny" && matches !== "no");
      expect(decision.outcome === "explicitDeny").toBe(applying.length > 0);
      if (decision.outcome === "allowed") {
        for (const ref of decision.matchedStatements) {
          expect(statements.find(({ statement }) => statement === ref)?.matches).toBe("yes");
        }
      }
      expect(decision.reason).not.toMatch(/\n/);
    }),
    { numRuns: 700 },
  );
});

test("whatever a request holds, it is decided and nothing is thrown", () => {
  const policy = compilePolicySet({
    identity: [
      {
        name: "p",
        document: document([
          {
            Effect: "Allow",
            Action: "s3:*",
            Resource: `arn:aws:s3:::b/\${aws:username}/*`,
            Condition: { StringLike: { "ex:tags": "a*" }, NumericLessThan: { "ex:number": "5" } },
          },
        ]),
      },
    ],
    resource: null,
  });
  fc.assert(
    fc.property(
      fc.anything(),
      fc.anything(),
      fc.anything(),
      fc.anything(),
      (context, principal, authoritative, arn) => {
        // `as`: what a caller without types may send.
        const request = {
          action: "s3:GetObject",
          resource: { arn: typeof arn === "string" ? arn : "arn:aws:s3:::b/bob/k" },
          context,
          principal,
          authoritative: Array.isArray(authoritative)
            ? authoritative.filter((key) => typeof key === "string")
            : undefined,
        } as unknown as AuthorizationRequest;
        expect(policy.evaluate(request).outcome).toBe("implicitDeny");
        expect(policy.explain(request).decision.outcome).toBe("implicitDeny");
      },
    ),
    { numRuns: 800 },
  );
});
