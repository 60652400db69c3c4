import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { PolicyFiles } from "../../src/policies/policy-source.ts";
import { parseRolePolicy } from "../../src/policies/role-policies.ts";
import { UsageError } from "../../src/usage-error.ts";

const dir = mkdtempSync(join(tmpdir(), "iap-role-policies-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function file(name: string, ...Statement: readonly object[]): string {
  const path = join(dir, name);
  writeFileSync(path, JSON.stringify({ Version: "2012-10-17", Statement }));
  return path;
}
const allow = (Action: string | readonly string[]): object => ({ Effect: "Allow", Action, Resource: "*" });
const deny = (Action: string): object => ({ Effect: "Deny", Action, Resource: "*" });

const role = (name: string): string => `arn:aws:iam::123456789012:role/${name}`;
const agent = file("agent.json", allow(["s3:*", "sts:AssumeRole", "iam:*"]), deny("s3:DeleteBucket"));
const read = file("read.json", allow(["s3:Get*", "s3:List*"]));
const noLists = file("no-lists.json", allow("*"), deny("s3:ListAllMyBuckets"));

function outcomes(policiesFor: readonly string[], lineage: readonly string[] | undefined): Record<string, string> {
  const judge = new PolicyFiles({ policies: [agent], boundaries: [], sessionPolicies: [], policiesFor }).current(
    "tester",
    lineage,
  );
  return Object.fromEntries(
    ["s3:ListAllMyBuckets", "s3:CreateBucket", "s3:DeleteBucket", "sqs:ListQueues"].map((action) => [
      action,
      judge?.evaluateAll([{ action, resource: { none: true }, context: {}, authoritative: [] }]).outcome ?? "none",
    ]),
  );
}

const agentsOwn = {
  "s3:ListAllMyBuckets": "allowed",
  "s3:CreateBucket": "allowed",
  "s3:DeleteBucket": "explicitDeny",
  "sqs:ListQueues": "implicitDeny",
};
const readOnly = { ...agentsOwn, "s3:CreateBucket": "implicitDeny" };

describe("a session of a role", () => {
  test.each([
    ["without a policy for it is held to the agent's own", [], [role("deploy")], agentsOwn],
    ["that no pattern matches, too", [`other=${read}`], [role("deploy")], agentsOwn],
    ["by name", [`deploy=${read}`], [role("deploy")], readOnly],
    ["by name, whatever its path", [`deploy=${read}`], [role("ci/eu/deploy")], readOnly],
    ["by name in another case", [`DEPLOY=${read}`], [role("deploy")], readOnly],
    ["by name with wildcards", [`dep*y?=${read}`], [role("deploy2")], readOnly],
    ["by ARN", [`${role("deploy")}=${read}`], [role("deploy")], readOnly],
    ["by ARN with wildcards", [`arn:aws:iam::*:role/ci/*=${read}`], [role("ci/deploy")], readOnly],
    ["of two hops is held to the policy of its own role", [`two=${read}`], [role("one"), role("two")], readOnly],
    ["of two hops is not held to that of the first", [`one=${read}`], [role("one"), role("two")], agentsOwn],
    [
      "behind which GetSessionToken and CreateSession stand is still of the role",
      [`one=${read}`],
      [role("one"), "sts:GetSessionToken", "s3express:CreateSession"],
      readOnly,
    ],
    [
      "is held to every file that matches",
      [`*=${read}`, `deploy=${noLists}`],
      [role("deploy")],
      {
        ...readOnly,
        "s3:ListAllMyBuckets": "explicitDeny",
      },
    ],
    [
      "gets nothing by its policy that the agent's own do not give",
      [`deploy=${file("all.json", allow("*"))}`],
      [role("deploy")],
      agentsOwn,
    ],
  ])("%s", (_, policiesFor, lineage, expected) => {
    expect(outcomes(policiesFor, lineage)).toEqual(expected);
  });

  test("whose role AWS did not name is denied where there are policies for roles, unless one names the operation", () => {
    const lineage = ["cognito-identity:GetCredentialsForIdentity"];
    expect(outcomes([], lineage)).toEqual(agentsOwn);
    expect(outcomes([`deploy=${read}`], lineage)).toEqual({
      ...agentsOwn,
      "s3:ListAllMyBuckets": "implicitDeny",
      "s3:CreateBucket": "implicitDeny",
    });
    expect(outcomes([`deploy=${read}`, `cognito-identity:*=${read}`], lineage)).toEqual(readOnly);
  });
});

test("a judge is made once for a role, and agents cannot make the proxy remember roles without end", () => {
  const policiesFor = [`role-*=${read}`];
  const files = new PolicyFiles({ policies: [agent], boundaries: [], sessionPolicies: [], policiesFor });
  const judgeOf = (i: number) => files.current("tester", [role(`role-${i}`)]);
  const first = judgeOf(0);
  expect(judgeOf(0)).toBe(first);
  for (let i = 1; i <= 1000; i++) judgeOf(i);
  expect(judgeOf(0)).not.toBe(first);
  const create = { action: "s3:CreateBucket", resource: { none: true }, context: {}, authoritative: [] } as const;
  expect(judgeOf(0)?.evaluateAll([create]).outcome).toBe("implicitDeny");
});

test("the proxy's own credentials are not held to policies for roles", () => {
  expect(outcomes([`*=${read}`], undefined)).toEqual(agentsOwn);
});

test("the reason names the option, the file and the role", () => {
  const judge = new PolicyFiles({
    ...{ policies: [agent], boundaries: [], sessionPolicies: [] },
    policiesFor: [`deploy=${read}`],
  }).current("tester", [role("deploy")]);
  const check = { action: "s3:CreateBucket", resource: { none: true }, context: {}, authoritative: [] } as const;
  const decision = judge?.evaluateAll([check]);
  expect(decision?.reason).toContain("no policy for the role allows the s3:CreateBucket action");
  expect(decision?.reason).toContain(`(--policy-for deploy=${read}, which holds for ${role("deploy")})`);
  expect(decision?.policyVersion).toBe(judge?.version);
  expect(judge?.explain(check).statements.map(({ statement }) => statement.policy)).not.toContain("(");
});

test("the version is another when a policy for a role or its pattern is, and a reload tells the statement", () => {
  const path = file("changing.json", allow("s3:*"));
  const names = (pattern: string) => ({
    ...{ policies: [agent], boundaries: [], sessionPolicies: [] },
    policiesFor: [`${pattern}=${path}`],
  });
  const files = new PolicyFiles(names("deploy"));
  expect(new PolicyFiles(names("deploy2")).current("a")?.version).not.toBe(files.current("a")?.version);
  const before = files.current("a")?.version;
  file("changing.json", { Sid: "More", ...allow("sqs:*") });
  const change = files.reload();
  expect(change).toMatchObject({ before, added: [`statement More in ${path}`], removed: [`statement 0 in ${path}`] });
  expect(files.current("a")?.version).toBe(change?.after);
  file("changing.json", { Effect: "Permit" });
  expect(() => files.reload()).toThrow(UsageError);
  expect(files.current("a")?.version).toBe(change?.after);
});

test.each([
  ["deploy", "must be ROLE-PATTERN=FILE"],
  ["=deploy.json", "must be ROLE-PATTERN=FILE"],
  ["deploy=", "must be ROLE-PATTERN=FILE"],
  ["ci/deploy=deploy.json", "is no role's ARN or name"],
  ["de ploy=deploy.json", "is no role's ARN or name"],
])("%s is refused: %s", (text, says) => {
  expect(() => parseRolePolicy(text)).toThrow(UsageError);
  expect(() => parseRolePolicy(text)).toThrow(says);
});

test("a file that is not there, or not valid, is refused by its name", () => {
  const start = (path: string) =>
    new PolicyFiles({ policies: [agent], boundaries: [], sessionPolicies: [], policiesFor: [`deploy=${path}`] });
  expect(() => start(join(dir, "absent.json"))).toThrow(/absent\.json cannot be read/);
  expect(() => start(file("bad.json", { Effect: "Permit", Action: "*", Resource: "*" }))).toThrow(/bad\.json/);
});
