import {
  AwsError,
  type DecidedRecord,
  type Decision,
  type FinishedRecord,
  type RequestHead,
  type ResolvedCall,
} from "@iap/aws-core";
import type { ForwardResult } from "@iap/interceptor";
import { beforeEach, describe, expect, test } from "vitest";
import { RequestStory } from "../../src/request/request-story.ts";

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

function story(headers: RequestHead["headers"] = head.headers): RequestStory {
  return new RequestStory(
    { ...head, headers },
    {
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
    },
  );
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

test("a clock that is set back meanwhile makes no request end before it began", () => {
  const told = story();
  now -= 3_600_000;
  told.ended("aborted", undefined);
  expect(finished).toMatchObject([{ outcome: "aborted", durationMs: 0 }]);
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

test("what was not written whole is not shown, and throws; should its line stand there, it has failed", async () => {
  fails = new Error("disk full");
  const told = story();
  await expect(told.decided(allowed, { forwarded: true })).rejects.toMatchObject({
    code: "InternalFailure",
    cause: fails,
  });
  expect(shown).toEqual([]);
  told.ended("answered", 500);
  expect(finished).toMatchObject([{ outcome: "failed", status: 500 }]);
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

test("what is too long for a request id is not recorded", async () => {
  const told = story();
  await told.decided(allowed, { forwarded: true });
  const headers = [["x-amzn-RequestId", "t".repeat(65)]] as const;
  told.forwarded(result({ head: { status: 200, statusText: "", headers } }));
  expect(finished).toMatchObject([{ status: 200, requestId: undefined }]);
});

describe("what attempts of one call have in common", () => {
  const call: ResolvedCall = {
    service: "s3",
    operations: ["GetObject"],
    protocol: "restXml",
    region: "eu-west-1",
    checks: [],
  };
  const retryOf = async (headers: RequestHead["headers"], payload?: string): Promise<string | undefined> => {
    const told = story(headers);
    told.resolvedTo(call, { payload });
    await told.decided(allowed, { forwarded: true });
    return decided.at(-1)?.retry;
  };
  const id = "6F1C2D3E-0000-4000-8000-000000000001";

  test("is the SDK's invocation id", async () => {
    expect(await retryOf([["amz-sdk-invocation-id", id]], "hash")).toBe(`sdk-${id.toLowerCase()}`);
  });

  test("is a digest of what is in its place but is none: a header may hold anything", async () => {
    expect(await retryOf([["Amz-Sdk-Invocation-Id", "secret"]])).toMatch(/^sdk-[0-9a-f]{32}$/);
  });

  test("is else a digest of the request: method, host, target and body", async () => {
    const one = await retryOf(head.headers, "hash");
    expect(one).toMatch(/^req-[0-9a-f]{32}$/);
    expect(await retryOf([["Authorization", "another"]], "hash")).toBe(one);
    expect(await retryOf(head.headers, "other")).not.toBe(one);
    expect(await retryOf(head.headers)).toBeUndefined();
  });
});

test.each([
  ["arn:aws:sts::123456789012:assumed-role/dev/session", "arn:aws:iam::123456789012:role/dev"],
  ["arn:aws-cn:sts::123456789012:assumed-role/dev/session", "arn:aws-cn:iam::123456789012:role/dev"],
  ["arn:aws:iam::123456789012:user/dev", undefined],
  [undefined, undefined],
])("the role of %s is %s", async (principalArn, role) => {
  const told = story();
  told.resolvedTo(
    { service: "s3", operations: [], protocol: "restXml", region: "eu-west-1", checks: [] },
    { principalArn },
  );
  await told.decided(allowed, { forwarded: true });
  expect(decided).toMatchObject([{ principalArn, role }]);
});

test("of a session that the agent got, the record has the role with its path, and how the agent came to it", async () => {
  const told = story();
  const lineage = [
    "arn:aws:iam::123456789012:role/one",
    "arn:aws:iam::123456789012:role/ci/two",
    "sts:GetSessionToken",
  ];
  told.resolvedTo(
    { service: "s3", operations: [], protocol: "restXml", region: "eu-west-1", checks: [] },
    { principalArn: "arn:aws:sts::123456789012:assumed-role/two/s", lineage },
  );
  await told.decided(allowed, { forwarded: true });
  expect(decided).toMatchObject([{ role: "arn:aws:iam::123456789012:role/ci/two", lineage }]);
});
