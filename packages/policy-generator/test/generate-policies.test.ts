import type { ActivityRecord } from "@iap/aws-core";
import { compilePolicySet } from "@iap/iam-evaluator";
import { expect, test } from "vitest";
import { generatePolicies, generatePolicy, joinPolicies, NothingToGrantError } from "../src/index.ts";

const one = "arn:aws:iam::123456789012:role/one";
const two = "arn:aws:iam::123456789012:role/z/zwei";
let count = 0;

function request(action: string, arn: string, lineage?: readonly string[], status = 200): ActivityRecord[] {
  const id = `request-${++count}`;
  const time = "2026-11-24T09:00:00.000Z";
  const [service = "", operation = ""] = action.split(":");
  return [
    {
      ...{ v: 1, type: "decided", id, time, run: "r", mode: "record", host: "h", method: "POST", service, lineage },
      operations: [operation],
      checks: [{ action, resource: { arn }, context: {}, authoritative: [] }],
      decision: { outcome: "allowed", reason: "recorded", by: "guard", policyVersion: "" },
      forwarded: true,
    },
    { v: 1, type: "finished", id, time, outcome: "answered", status, bytesUp: 0, bytesDown: 0, durationMs: 1 },
  ];
}

const object = (name: string): string => `arn:aws:s3:::b/${name}`;
const chain = [
  ...request("sts:AssumeRole", one),
  ...request("s3:GetObject", object("base")),
  ...request("sts:AssumeRole", two, [one]),
  ...request("s3:GetObject", object("one"), [one]),
  ...request("s3:PutObject", object("two"), [one, two]),
  ...request("s3:GetObject", object("session"), [one, "sts:GetSessionToken"]),
];

test("each identity has what it did, and the right to assume the next role", () => {
  const { identities, idle } = generatePolicies(chain);
  expect(idle).toEqual([]);
  const granted = identities.map(({ identity, generated: { policy } }) => [
    identity,
    [policy.Statement].flat().flatMap(({ Action, Resource }) => [Action, Resource]),
  ]);
  expect(granted).toEqual([
    ["base", [["s3:GetObject"], [object("base")], ["sts:AssumeRole"], [one]]],
    [one, [["s3:GetObject"], [object("one"), object("session")], ["sts:AssumeRole"], [two]]],
    [two, [["s3:PutObject"], [object("two")]]],
  ]);
});

test("in the one for a proxy a role's part holds for the role alone", () => {
  const { text, policy, report } = joinPolicies(generatePolicies(chain));
  const evaluator = compilePolicySet({ identity: [{ name: "joined", document: text }] });
  const may = (action: string, arn: string, role?: string): boolean =>
    evaluator.allows({
      ...{ action, resource: { arn }, context: role === undefined ? {} : { "aws:PrincipalArn": role } },
      authoritative: [],
    });
  expect(may("s3:PutObject", object("two"), two)).toBe(true);
  expect(may("s3:PutObject", object("two"), one)).toBe(false);
  // Of the base identity the role may be unknown.
  expect(may("s3:PutObject", object("two"))).toBe(false);
  expect(may("sts:AssumeRole", one)).toBe(true);
  const sids = [policy.Statement].flat().map(({ Sid }) => Sid);
  expect(sids).toEqual(["S3ReadObject", "StsWriteRole", "OneS3ReadObject", "OneStsWriteRole", expect.any(String)]);
  expect(sids[4]).toMatch(/^Zwei/);
  expect(report).toMatchObject({ requests: 6, granted: 6, actions: 3 });
  expect(report.provenance.map(({ sid }) => sid)).toEqual(sids);
});

test("what sessions without a known role did is allowed to all, with a warning", () => {
  const cognito = "cognito-identity:GetCredentialsForIdentity";
  const records = [...request("s3:GetObject", object("a")), ...request("s3:PutObject", object("b"), [cognito])];
  const { policy, report } = joinPolicies(generatePolicies(records));
  expect([policy.Statement].flat().map(({ Condition }) => Condition)).toEqual([undefined, undefined]);
  expect(report.warnings).toEqual([expect.stringContaining(`sessions of ${cognito} did is allowed to all`)]);
  expect(joinPolicies(generatePolicies(chain)).report.warnings).toEqual([]);
});

test("of the base identity alone it is the same as ever", () => {
  const records = chain.filter((record) => record.type === "finished" || record.lineage === undefined);
  expect(joinPolicies(generatePolicies(records)).text).toBe(generatePolicy(records).text);
});

test("the same records in any order make the same policies", () => {
  expect(joinPolicies(generatePolicies([...chain].reverse())).text).toBe(joinPolicies(generatePolicies(chain)).text);
});

test("an identity that needs nothing is told, and not granted anything", () => {
  const denied = request("s3:GetObject", object("x"), [two], 403);
  const made = generatePolicies([...request("s3:GetObject", object("base")), ...denied]);
  expect(made.identities.map(({ identity }) => identity)).toEqual(["base"]);
  expect(made.idle).toMatchObject([{ identity: two, requests: 1, leftOut: [{ why: "AWS denied it", count: 1 }] }]);
  expect(joinPolicies(made).report).toMatchObject({ requests: 2, granted: 1, leftOut: [{ count: 1 }] });
  expect(() => generatePolicies(denied)).toThrow(NothingToGrantError);
});

test("two roles of one name keep their statements apart", () => {
  const other = "arn:aws:iam::210987654321:role/one";
  const records = [...request("s3:GetObject", object("a"), [one]), ...request("s3:GetObject", object("a"), [other])];
  const { policy } = joinPolicies(generatePolicies(records));
  const statements = [policy.Statement].flat();
  expect(new Set(statements.map(({ Sid }) => Sid)).size).toBe(2);
  expect(statements.map(({ Condition }) => Condition)).toEqual(
    [one, other].sort().map((role) => ({ StringEquals: { "aws:PrincipalArn": role } })),
  );
});
