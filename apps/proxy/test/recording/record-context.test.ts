import { compilePolicySet, type PolicyInput } from "@iap/iam-evaluator";
import { replayPolicy } from "@iap/policy-generator";
import { describe, expect, test } from "vitest";
import { recordContext } from "../../src/recording/record-context.ts";
import { decidedRecord, finishedRecord } from "../sample-records.ts";

const policy = (Condition: object): PolicyInput => ({
  name: "p.json",
  document: JSON.stringify({
    Version: "2012-10-17",
    Statement: { Effect: "Allow", Action: "*", Resource: "*", Condition },
  }),
});
function isAllowed(Condition: object, more: Parameters<typeof decidedRecord>[0]): boolean {
  const one = policy(Condition);
  const records = [decidedRecord(more), finishedRecord()];
  return (
    replayPolicy(records, compilePolicySet({ identity: [one] }), { known: recordContext([one]) }).deniedRequests === 0
  );
}

const user = { principalArn: "arn:aws:iam::123456789012:user/team/dev", account: "123456789012" };
const session = { principalArn: "arn:aws:sts::123456789012:assumed-role/dev/s", account: "123456789012" };

describe("a condition on who asked, and when", () => {
  test.each<[string, object, Parameters<typeof decidedRecord>[0], boolean]>([
    ["a user", { StringEquals: { "aws:username": "dev" } }, user, true],
    ["a user's ARN", { ArnLike: { "aws:PrincipalArn": "arn:aws:iam::*:user/team/*" } }, user, true],
    ["a session has no user name", { Null: { "aws:username": "true" } }, session, true],
    ["the role's ARN is not known of a session", { ArnLike: { "aws:PrincipalArn": "*" } }, session, false],
    [
      "but of a session that the agent got",
      { StringEquals: { "aws:PrincipalArn": "arn:aws:iam::123456789012:role/ci/dev" } },
      { ...session, role: "arn:aws:iam::123456789012:role/ci/dev", lineage: ["arn:aws:iam::123456789012:role/ci/dev"] },
      true,
    ],
    ["an account", { StringEquals: { "aws:PrincipalAccount": "123456789012" } }, session, true],
    ["another account", { StringEquals: { "aws:PrincipalAccount": "210987654321" } }, session, false],
    ["TLS", { Bool: { "aws:SecureTransport": "true" } }, {}, true],
    [
      "a time",
      { DateLessThan: { "aws:CurrentTime": "2026-06-01T00:00:00Z" } },
      { time: "2026-05-31T23:59:59.999Z" },
      true,
    ],
    [
      "a later time",
      { DateLessThan: { "aws:CurrentTime": "2026-06-01T00:00:00Z" } },
      { time: "2026-06-01T00:00:00.000Z" },
      false,
    ],
    ["nobody known", { StringEquals: { "aws:username": "dev" } }, {}, false],
  ])("%s", (_what, condition, record, allowed) => {
    expect(isAllowed(condition, record)).toBe(allowed);
  });
});
