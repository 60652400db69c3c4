import { Credentials, type Decision, type Mode, type ResolvedCall } from "@iap/aws-core";
import { compilePolicySet } from "@iap/iam-evaluator";
import { describe, expect, test } from "vitest";
import { type Decide, decider, decideUnsigned, type GuardExceptions, isForwarded } from "../../src/policies/decide.ts";
import { deniedActions } from "../../src/policies/deny-action.ts";
import { decidedRecord } from "../sample-records.ts";

const caller: Parameters<Decide>[1] = {
  key: {
    agent: "tester",
    session: "session-1",
    credentials: new Credentials({ accessKeyId: "ASIA", secretAccessKey: "s" }),
    notAfter: new Date(0),
    upstream: "default",
  },
  lineage: undefined,
  known: { context: {}, authoritative: [] },
};
const everything = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] } as const;
const nothing = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "x:Y", Resource: "*" }] } as const;

function decide(call: ResolvedCall, policy: typeof everything | typeof nothing | undefined): Promise<Decision> {
  const evaluator =
    policy === undefined
      ? undefined
      : compilePolicySet({ identity: [{ name: "p", document: JSON.stringify(policy) }] });
  return decider({ current: () => evaluator }, { denied: deniedActions([]) })(call, caller);
}

function call(more: Partial<ResolvedCall> = {}): ResolvedCall {
  const { checks } = decidedRecord();
  return { service: "s3", operations: ["GetObject"], protocol: "restXml", region: "eu-west-1", checks, ...more };
}

const calls = {
  plain: call(),
  permissionless: call({ service: "sts", operations: ["GetCallerIdentity"], marker: "permissionless", checks: [] }),
  unknown: call({ operations: [], marker: "unknown", why: "no operation of the service is GET /x", checks: [] }),
  ambiguous: call({ operations: [], marker: "ambiguous", why: "two selectors", checks: [] }),
  unsigned: call({ service: "sts", operations: ["AssumeRoleWithSAML"], marker: "unsigned", checks: [] }),
  bearer: call({ service: "sso", operations: ["GetRoleCredentials"], marker: "bearer", checks: [] }),
  minting: call({ service: "iam", operations: ["CreateAccessKey"] }),
} satisfies Record<string, ResolvedCall>;

type Kind = keyof typeof calls;
type Fate = "forwarded" | "refused";

// What becomes of each kind of call: without a policy in record mode; in shadow and enforce mode under a policy that
// allows everything; and under one that allows nothing of it.
const table: readonly (readonly [Kind, record: Fate, shadowAll: Fate, all: Fate, shadowNone: Fate, none: Fate])[] = [
  ["plain", "forwarded", "forwarded", "forwarded", "forwarded", "refused"],
  ["permissionless", "forwarded", "forwarded", "forwarded", "forwarded", "forwarded"],
  ["unknown", "forwarded", "forwarded", "refused", "forwarded", "refused"],
  ["ambiguous", "refused", "refused", "refused", "refused", "refused"],
  ["unsigned", "refused", "refused", "refused", "refused", "refused"],
  ["bearer", "refused", "refused", "refused", "refused", "refused"],
  ["minting", "refused", "refused", "refused", "refused", "refused"],
];

describe.each(table)("a call that is %s", (kind, ...fates) => {
  test.each<[Mode, string, typeof everything | typeof nothing | undefined, Fate]>([
    ["record", "no policy", undefined, fates[0]],
    ["shadow", "a policy that allows everything", everything, fates[1]],
    ["enforce", "a policy that allows everything", everything, fates[2]],
    ["shadow", "a policy that allows nothing of it", nothing, fates[3]],
    ["enforce", "a policy that allows nothing of it", nothing, fates[4]],
  ])("in %s mode under %s is %s", async (mode, _name, policy, fate) => {
    const decision = await decide(calls[kind], policy);
    expect(isForwarded(decision, mode) ? "forwarded" : "refused").toBe(fate);
    expect(decision.reason).not.toBe("");
  });
});

test("guards decide before policies, and say what they are", async () => {
  for (const kind of ["ambiguous", "unsigned", "bearer", "minting"] as const) {
    expect(await decide(calls[kind], everything)).toMatchObject({ outcome: "explicitDeny", by: "guard" });
  }
  expect((await decide(calls.ambiguous, everything)).reason).toBe(
    "the request can be read in more than one way: two selectors",
  );
  expect((await decide(calls.bearer, everything)).reason).toContain("sso:GetRoleCredentials is not authorised by AWS");
});

test("what is not understood is denied all the same when nobody says why", async () => {
  const { why: _, ...unknown } = calls.unknown;
  const { why: __, ...ambiguous } = calls.ambiguous;
  expect((await decide(unknown, everything)).reason).toContain("the operation is not known");
  expect((await decide(ambiguous, everything)).reason).toContain("its parts disagree");
});

test("policies decide by their own version", async () => {
  for (const kind of ["plain", "permissionless", "unknown"] as const) {
    expect(await decide(calls[kind], everything)).toMatchObject({
      by: "iam",
      policyVersion: expect.stringMatching(/^[0-9a-f]{12}$/),
    });
  }
  expect((await decide(calls.unknown, everything)).reason).toBe(
    "no policy can allow a request that is not understood: no operation of the service is GET /x",
  );
});

test("what needs no permission can be denied explicitly, but for GetCallerIdentity, as in AWS", async () => {
  const evaluator = compilePolicySet({
    identity: [
      {
        name: "p",
        document: {
          Version: "2012-10-17",
          Statement: [{ Effect: "Deny", Action: ["sts:*", "dynamodb:*"], Resource: "*" }],
        },
      },
    ],
  });
  const asked = (service: string, operation: string) =>
    decider({ current: () => evaluator })(
      call({ service, operations: [operation], marker: "permissionless", checks: [] }),
      caller,
    );
  expect(await asked("sts", "GetCallerIdentity")).toMatchObject({ outcome: "allowed" });
  expect(await asked("dynamodb", "DescribeEndpoints")).toMatchObject({ outcome: "explicitDeny", by: "iam" });
  expect(await asked("ec2", "Nothing")).toMatchObject({ outcome: "allowed" });
});

test.each([
  ["sts", "AssumeRole"],
  ["sts", "GetSessionToken"],
  ["sts", "GetFederationToken"],
  ["sts", "AssumeRoot"],
  ["s3", "CreateSession"],
  ["s3", "GetDataAccess"],
  ["sso", "GetRoleCredentials"],
  ["eks-auth", "AssumeRoleForPodIdentity"],
  ["lakeformation", "GetTemporaryGlueTableCredentials"],
  ["iam", "CreateAccessKey"],
  ["iam", "CreateServiceSpecificCredential"],
  ["rolesanywhere", "CreateSession"],
  ["lightsail", "CreateBucketAccessKey"],
  ["ecr", "GetAuthorizationToken"],
  ["codeartifact", "GetAuthorizationToken"],
  ["redshift", "GetClusterCredentials"],
])("%s:%s hands out credentials: denied in every mode, whatever a policy says", async (service, operation) => {
  for (const marker of [undefined, "permissionless", "unknown"] as const) {
    for (const policy of [undefined, everything]) {
      const decision = await decide(call({ service, operations: [operation], marker }), policy);
      expect(decision).toMatchObject({ outcome: "explicitDeny", by: "guard" });
      expect(decision.reason).toMatch(
        new RegExp(`^no agent may call ${service}:${operation} through this proxy: its `),
      );
      for (const mode of ["record", "shadow", "enforce"] as const) expect(isForwarded(decision, mode)).toBe(false);
    }
  }
});

test("one of several operations that hands out credentials is enough", async () => {
  const several = call({ service: "sts", operations: ["GetCallerIdentity", "AssumeRole"] });
  expect(await decide(several, undefined)).toMatchObject({ outcome: "explicitDeny", by: "guard" });
});

test("a limit's denial is no policy's, and holds in shadow mode too", () => {
  const denied = { outcome: "implicitDeny", by: "limit" } as Decision;
  expect(isForwarded(denied, "shadow")).toBe(false);
});

describe("what the operator names", () => {
  const named = (given: ResolvedCall, exceptions: GuardExceptions): Promise<Decision> =>
    decider({ current: () => undefined }, { exceptions })(given, caller);
  const none = new Set<string>();

  test("an operation whose answer holds credentials passes by name, and by its name only", async () => {
    const login = call({ service: "ecr", operations: ["GetAuthorizationToken"] });
    expect(await named(login, { credentialsFrom: none, unsigned: none })).toMatchObject({
      outcome: "explicitDeny",
      by: "guard",
      reason: expect.stringContaining("start iam-agent-proxy with --allow-credentials-from ecr:GetAuthorizationToken"),
    });
    const session = new Set(["ecr:GetAuthorizationToken"]);
    expect((await named(login, { credentialsFrom: session, unsigned: none })).outcome).toBe("allowed");
    expect((await named(calls.minting, { credentialsFrom: session, unsigned: none })).outcome).toBe("explicitDeny");
  });

  test("an unsigned operation passes by name; one that mints credentials too needs both", async () => {
    const signUp = call({ service: "cognito-idp", operations: ["SignUp"], marker: "unsigned", checks: [] });
    expect((await named(signUp, { credentialsFrom: none, unsigned: none })).reason).toContain(
      "start iam-agent-proxy with --allow-unsigned cognito-idp:SignUp",
    );
    expect((await named(signUp, { credentialsFrom: none, unsigned: new Set(["cognito-idp:SignUp"]) })).outcome).toBe(
      "allowed",
    );
    const token = call({ service: "sso-oauth", operations: ["CreateToken"], marker: "unsigned", checks: [] });
    const names = new Set(["sso-oauth:CreateToken"]);
    expect((await named(token, { credentialsFrom: none, unsigned: names })).outcome).toBe("explicitDeny");
    expect((await named(token, { credentialsFrom: names, unsigned: names })).outcome).toBe("allowed");
    const saml = new Set(["sts:AssumeRoleWithSAML"]);
    expect((await named(calls.unsigned, { credentialsFrom: none, unsigned: saml })).outcome).toBe("explicitDeny");
  });

  test("what the operator forbids stays forbidden, though it is named, for who signs and who does not", async () => {
    const signUp = call({ service: "cognito-idp", operations: ["SignUp"], marker: "unsigned", checks: [] });
    const guards = {
      denied: deniedActions(["cognito-idp:*"]),
      exceptions: { credentialsFrom: none, unsigned: new Set(["cognito-idp:SignUp"]) },
    };
    const forbidden = {
      outcome: "explicitDeny",
      by: "guard",
      reason: "the operator forbids cognito-idp:SignUp (--deny-action cognito-idp:*)",
    };
    expect(await decider({ current: () => undefined }, guards)(signUp, caller)).toMatchObject(forbidden);
    expect(decideUnsigned(guards)(signUp)).toMatchObject(forbidden);
  });
});
