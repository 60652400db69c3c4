import { AwsError, type FinishedRecord, headerValue, type RequestHead } from "@iap/aws-core";
import { BodyTooLargeError, ClientGoneError, UpstreamError } from "@iap/interceptor";
import { describe, expect, test } from "vitest";
import { asAwsError, renderAnswer, renderInstead, tellBroken } from "../../src/request/answer-error.ts";
import { RequestStory } from "../../src/request/request-story.ts";

const now = new Date("2026-01-02T03:04:05Z");

describe("what was thrown, as an error the agent can be told", () => {
  test("an AWS error is itself", () => {
    const error = new AwsError("ExpiredToken", "m");
    expect(asAwsError(error)).toBe(error);
  });

  test.each<[Error, AwsError["code"], RegExp]>([
    [new BodyTooLargeError(1024), "EntityTooLarge", /longer than 1024 bytes.*stream without a limit/],
    [new UpstreamError("connect", "h: the connection was refused"), "ServiceUnavailable", /could not reach AWS: h: /],
    [
      new UpstreamError("connect", "h: no", { cause: Object.assign(new Error("no"), { code: "CERT_HAS_EXPIRED" }) }),
      "NotImplemented",
      /could not reach AWS: h: /,
    ],
    [new ClientGoneError("the client left"), "InvalidRequest", /the client left/],
  ])("%s", (thrown, code, message) => {
    const error = asAwsError(thrown);
    expect(error).toMatchObject({ code, cause: thrown });
    expect(error.message).toMatch(message);
  });

  test.each([new TypeError("secret detail"), "secret detail", undefined, { secret: "secret detail" }])(
    "a bug says nothing of itself",
    (thrown) => {
      const error = asAwsError(thrown);
      expect(error).toMatchObject({ code: "InternalFailure", cause: thrown });
      expect(error.message).not.toContain("secret detail");
    },
  );
});

function story(head: RequestHead, finished: FinishedRecord[] = []): RequestStory {
  return new RequestStory(head, {
    recorder: { decided: async () => {}, finished: (record) => finished.push(record) },
    mode: "record",
    run: "run-1",
    now: () => now,
    onDecided: () => {},
  });
}

function head(host: string, more: Partial<RequestHead> = {}): RequestHead {
  return { httpVersion: "1.1", method: "GET", target: "/", headers: [["Host", host]], host, ...more };
}

describe("the answer", () => {
  const error = new AwsError("AccessDenied", "no");

  test("leaves its length to the transport, has an exact date, and the story's id", () => {
    const request = head("reports.s3.eu-west-1.amazonaws.com");
    const told = story(request);
    const { status, headers, body } = renderAnswer(error, request, told, now);
    expect(status).toBe(403);
    expect(headerValue(headers, "content-length")).toBeUndefined();
    expect(headerValue(headers, "date")).toBe("Fri, 02 Jan 2026 03:04:05 GMT");
    expect(headerValue(headers, "x-iap-decision-id")).toBe(told.id);
    expect(Buffer.from(body).toString()).toContain("<Code>AccessDenied</Code>");
  });

  test("has the form of the operation when it is known, and of the request while it is not", () => {
    const request = head("lambda.eu-west-1.amazonaws.com");
    const told = story(request);
    const resolved = { service: "lambda", operations: [], region: "eu-west-1", checks: [] } as const;
    told.resolvedTo({ ...resolved, protocol: "awsQuery" });
    expect(text(renderAnswer(error, request, told, now))).toContain("<ErrorResponse>");
    for (const marker of ["unknown", "ambiguous"] as const) {
      told.resolvedTo({ ...resolved, protocol: "awsQuery", marker });
      expect(JSON.parse(text(renderAnswer(error, request, told, now)))).toMatchObject({ Message: expect.any(String) });
    }
  });
});

test("to git an error is plain text, and the status that is recorded is the one that git gets", () => {
  const request = head("git-codecommit.eu-west-1.amazonaws.com");
  const finished: FinishedRecord[] = [];
  const told = story(request, finished);
  const answer = renderInstead(new AwsError("ExpiredToken", "m"), request, told, { onFault() {}, now: () => now });
  expect(answer).toMatchObject({ status: 403, headers: [["Content-Type", "text/plain; charset=utf-8"]] });
  expect(text(answer)).toBe(`m (iam-agent-proxy decision ${told.id})\n`);
  const ofAws = { status: 400, statusText: "", headers: [] };
  told.forwarded({ outcome: "answered", head: ofAws, bytesUp: 0, bytesDown: 0 });
  expect(finished).toMatchObject([{ status: 403 }]);
});

test.each([
  ["a failure is told to the terminal", "ServiceUnavailable", 1],
  ["a session that has ended is the agent's to renew, and is not", "ExpiredToken", 0],
] as const)("of an answer in place of AWS's, %s", (_, code, told) => {
  const request = head("reports.s3.eu-west-1.amazonaws.com");
  const error = new AwsError(code, "m");
  const faults: Error[] = [];
  const onFault = (fault: Error) => faults.push(fault);
  const { body } = renderInstead(error, request, story(request), { onFault, now: () => now });
  expect(text({ body })).toContain(`<Code>${code}</Code>`);
  expect(faults).toEqual(Array(told).fill(error));
});

function text({ body }: { body: Uint8Array }): string {
  return Buffer.from(body).toString();
}

test("what broke off an answer is told, unless the client's own body did or nothing", () => {
  const told: Error[] = [];
  const broken = new UpstreamError("exchange", "h: it broke off its answer");
  const bug = new TypeError("a bug");
  for (const error of [broken, bug, new AwsError("SignatureDoesNotMatch", "a chunk"), undefined]) {
    const head = { status: 200, statusText: "OK", headers: [] };
    tellBroken({ outcome: "failed", head, bytesUp: 0, bytesDown: 0, error }, { onFault: (one) => void told.push(one) });
  }
  expect(told).toEqual([broken, bug]);
});
