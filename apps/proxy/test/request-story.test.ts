import { AwsError, type DecidedRecord, type Decision, type FinishedRecord, type RequestHead } from "@iap/aws-core";
import type { ForwardResult } from "@iap/interceptor";
import { beforeEach, expect, test } from "vitest";
import { RequestStory } from "../src/request-story.ts";

const head: RequestHead = {
  httpVersion: "1.1",
  method: "GET",
  target: "/a",
  headers: [["Host", "reports.s3.eu-west-1.amazonaws.com"]],
  host: "reports.s3.eu-west-1.amazonaws.com",
};
const allowed: Decision = {
  outcome: "allowed",
  reason: "recorded",
  by: "guard",
  matchedStatements: [],
  missingContextKeys: [],
  unevaluated: [],
  policyVersion: "",
};

let now: number;
let decided: DecidedRecord[];
let finished: FinishedRecord[];
let shown: DecidedRecord[];
let fails: Error | undefined;

beforeEach(() => {
  now = Date.UTC(2026, 0, 1);
  decided = [];
  finished = [];
  shown = [];
  fails = undefined;
});

function story(): RequestStory {
  return new RequestStory(head, {
    recorder: {
      decided: async (record) => {
        if (fails !== undefined) throw fails;
        decided.push(record);
      },
      finished: (record) => finished.push(record),
    },
    mode: "enforce",
    run: "run-1",
    now: () => new Date(now),
    onDecided: (record) => shown.push(record),
  });
}

function result(more: Partial<ForwardResult> = {}): ForwardResult {
  const headers = [["x-amzn-RequestId", "R1"]] as const;
  return { outcome: "answered", head: { status: 200, statusText: "", headers }, bytesUp: 3, bytesDown: 5, ...more };
}

test("what is known of a request grows into its records, under one id", async () => {
  const told = story();
  await told.decided(allowed, { forwarded: true });
  now += 250;
  told.forwarded(result());
  expect(decided).toMatchObject([
    { id: told.id, mode: "enforce", run: "run-1", method: "GET", operations: [], checks: [] },
  ]);
  expect(finished).toEqual([
    {
      v: 1,
      type: "finished",
      id: told.id,
      time: "2026-01-01T00:00:00.250Z",
      outcome: "answered",
      status: 200,
      errorCode: undefined,
      requestId: "R1",
      bytesUp: 3,
      bytesDown: 5,
      durationMs: 250,
    },
  ]);
  expect(shown).toEqual(decided);
});

test("no two stories share an id", () => {
  expect(story().id).not.toBe(story().id);
});

test("a refusal after the decision adds no second record", async () => {
  const told = story();
  await told.decided(allowed, { forwarded: true });
  await told.refused(new AwsError("ServiceUnavailable", "m"));
  expect(decided).toHaveLength(1);
});

test.each<[AwsError["code"], string]>([
  ["MissingAuthentication", "guard"],
  ["SignatureDoesNotMatch", "guard"],
  ["EntityTooLarge", "limit"],
  ["ServiceUnavailable", "limit"],
  ["InternalFailure", "limit"],
])("a refusal with %s before the decision is a %s's", async (code, by) => {
  await story().refused(new AwsError(code, "m"));
  expect(decided).toMatchObject([
    { forwarded: false, decision: { outcome: "explicitDeny", by, reason: `${code}: m`, policyVersion: "" } },
  ]);
});

test("what was not written is neither shown nor taken for forwarded, and throws", async () => {
  fails = new Error("disk full");
  const told = story();
  await expect(told.decided(allowed, { forwarded: true })).rejects.toMatchObject({
    code: "InternalFailure",
    cause: fails,
  });
  expect(shown).toEqual([]);
  told.ended("answered", 500);
  expect(finished).toMatchObject([{ outcome: "answered", status: 500 }]);
});

test("a refusal that cannot be written does not throw: it is a refusal already", async () => {
  fails = new Error("disk full");
  await story().refused(new AwsError("ExpiredToken", "m"));
  expect(decided).toEqual([]);
});

test("an answer of ours to what was forwarded means that it failed", async () => {
  const told = story();
  await told.decided(allowed, { forwarded: true });
  told.errorCode("ServiceUnavailable");
  told.ended("answered", 503);
  expect(finished).toMatchObject([{ outcome: "failed", status: 503, errorCode: "ServiceUnavailable", bytesUp: 0 }]);
});

test("where our answer took the place of AWS's, the status is ours and the request id AWS's", async () => {
  const told = story();
  await told.decided(allowed, { forwarded: true });
  told.answeredInstead(503);
  const headers = [["x-amz-request-id", "S3ID"]] as const;
  told.forwarded(result({ head: { status: 403, statusText: "", headers } }));
  expect(finished).toMatchObject([{ outcome: "answered", status: 503, requestId: "S3ID" }]);
});
