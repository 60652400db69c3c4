import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { evaluate } from "../src/evaluate.ts";

const allowAll = { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "*", Resource: "*" } };
const line = (policies: object, request: object = {}) => ({
  id: "x",
  policies: { identity: [allowAll], ...policies },
  request: {
    principal: "arn:aws:iam::123456789012:user/u",
    action: "s3:GetObject",
    resource: "arn:aws:s3:::b/k",
    resourceAccount: "123456789012",
    context: {},
    ...request,
  },
});
const decisionOf = async (policies: object, request?: object) => (await evaluate(line(policies, request))).decision;

test("an answer has id, decision and reason, and nothing else", async () => {
  expect(await evaluate(line({}))).toEqual({
    id: "x",
    decision: "allow",
    reason: "allowed by statement 0 in identity",
  });
});

describe("policies of each kind are where the line says", () => {
  const onlyEc2 = { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "ec2:*", Resource: "*" } };
  const denies = (more: object = {}) => ({
    Version: "2012-10-17",
    Statement: { Effect: "Deny", Action: "s3:*", Resource: "*", ...more },
  });
  test.each<[string, object, string]>([
    ["none", { boundary: null, session: null, scp: [], rcp: [], resource: null, vpce: null }, "allow"],
    ["boundary", { boundary: onlyEc2 }, "deny-implicit"],
    ["session", { session: onlyEc2 }, "deny-implicit"],
    ["several session policies are united", { session: [onlyEc2, allowAll] }, "allow"],
    ["scp as levels of lists", { scp: [[allowAll], [onlyEc2]] }, "deny-implicit"],
    ["scp as levels of one document", { scp: [allowAll, allowAll] }, "allow"],
    ["rcp", { rcp: [[denies({ Principal: "*" })]] }, "deny-explicit"],
    ["resource", { resource: denies({ Principal: "*" }) }, "deny-explicit"],
    ["vpce", { vpce: { ...onlyEc2, Statement: { ...onlyEc2.Statement, Principal: "*" } } }, "deny-implicit"],
    ["a document as text", { identity: [JSON.stringify(denies())] }, "deny-explicit"],
    [
      "no Version, and an old one",
      { identity: [{ Statement: allowAll.Statement }, { ...allowAll, Version: "2008-10-17" }] },
      "allow",
    ],
  ])("%s", async (_name, policies, decision) => {
    expect(await decisionOf(policies)).toBe(decision);
  });
});

test.each<[string, object, object]>([
  ["policies.boundry is not a kind of policy", { boundry: allowAll }, {}],
  ["policies.resource is more than one document", { resource: [allowAll, allowAll] }, {}],
  ["policies.scp is not a list of levels", { scp: allowAll }, {}],
  ["request.context is not an object", {}, { context: ["a"] }],
  ["request.principal is not a string", {}, { principal: {} }],
  ["request.action is not a string", {}, { action: null }],
  ["request.authoritative is not a list", {}, { authoritative: "aws:*" }],
  ["a key of request.authoritative is not a string", {}, { authoritative: [null] }],
])("what has not the form of a question is none: %s", async (message, policies, request) => {
  await expect(evaluate(line(policies, request))).rejects.toThrow(message);
});

test("another account needs the resource's policy", async () => {
  expect(await decisionOf({ resource: null }, { resourceAccount: "999988887777" })).toBe("deny-implicit");
});

test("an action that takes no resource", async () => {
  expect(await decisionOf({}, { action: "s3:ListAllMyBuckets", resource: "*", wildcardOnlyAction: true })).toBe(
    "allow",
  );
});

test("keys are unknown when the line says which are not", async () => {
  const Condition = { StringNotEqualsIfExists: { "aws:SourceVpce": "vpce-1" } };
  const deny = { Effect: "Deny", Action: "s3:PutObject", Resource: "*", Condition };
  const policies = { identity: [allowAll, { Version: "2012-10-17", Statement: { ...deny, Effect: "Allow" } }] };
  const guarded = { identity: [allowAll, { Version: "2012-10-17", Statement: { ...deny, Action: "s3:GetObject" } }] };
  expect(await decisionOf(policies, { authoritative: [] })).toBe("allow");
  expect(await decisionOf(guarded, { authoritative: null, context: { "aws:SourceVpce": "vpce-1" } })).toBe("allow");
  expect(await decisionOf(guarded, { context: { "aws:SourceVpce": "vpce-1" } })).toBe("allow");
  expect(await decisionOf(guarded, { authoritative: [] })).toBe("deny-explicit");
});

test("a policy that cannot be read lets nothing through, and says why", async () => {
  const answer = await evaluate(line({ identity: [{ Version: "2012-10-17", Statement: { Effect: "allow" } }] }));
  expect(answer).toMatchObject({ id: "x", decision: "deny-implicit" });
  expect(answer.reason).toContain("Effect must be Allow or Deny");
});

test.each([
  ["no policies", { id: 1, request: {} }],
  ["no request", { id: 1, policies: {} }],
  ["no action", { id: 1, policies: {}, request: { action: 5 } }],
  ["scp that are no levels", line({ scp: allowAll })],
])("a line with %s is no question", async (_name, question) => {
  await expect(evaluate(question as Record<string, unknown>)).rejects.toThrow();
});

const folder = process.env.IAP_SHARED_DIR;
const file = folder === undefined ? undefined : join(folder, "vectors", "iam-probes.jsonl");
const isHere = file !== undefined && existsSync(file);

describe.skipIf(!isHere)("the probes (IAP_SHARED_DIR)", () => {
  test("each is decided as it says", async () => {
    const rows = readFileSync(file as string, "utf8")
      .trim()
      .split("\n")
      .map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(rows).toHaveLength(51);
    for (const row of rows) expect([row.id, (await evaluate(row)).decision]).toEqual([row.id, row.expected]);
  });
});
