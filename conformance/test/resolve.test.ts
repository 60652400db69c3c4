import { expect, test } from "vitest";
import { resolve } from "../src/resolve.ts";

const signed = (service: string, region = "us-east-1"): readonly [string, string] => [
  "Authorization",
  `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`,
];
const b64 = (text: string): string => Buffer.from(text).toString("base64");

test("a signed JSON request, by the service's id", async () => {
  const answer = await resolve({
    id: 7,
    account: "123456789012",
    request: {
      method: "POST",
      url: "https://states.us-east-1.amazonaws.com/",
      headers: [signed("states"), ["X-Amz-Target", "AWSStepFunctions.StartExecution"]],
      bodyB64: b64('{"stateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:m"}'),
    },
  });
  expect(answer).toMatchObject({
    id: 7,
    service: "states",
    operations: ["SFN.StartExecution"],
    checks: [
      {
        action: "states:StartExecution",
        resource: { arn: "arn:aws:states:us-east-1:123456789012:stateMachine:m" },
        context: { "aws:RequestedRegion": "us-east-1" },
        authoritative: expect.arrayContaining(["aws:RequestedRegion"]),
      },
    ],
  });
  expect(answer).not.toHaveProperty("marker");
  expect(Object.keys((answer.checks as readonly object[])[0] ?? {})).toEqual([
    "action",
    "resource",
    "context",
    "authoritative",
  ]);
});

test("a presigned URL has its scope in the query", async () => {
  const url =
    "https://b.s3.eu-west-1.amazonaws.com/k%20x?X-Amz-Credential=AKID%2F20260101%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Signature=0";
  expect(await resolve({ id: "p", request: { method: "GET", url, headers: [], bodyB64: "" } })).toMatchObject({
    operations: ["S3.GetObject"],
    checks: [{ action: "s3:GetObject", resource: { arn: "arn:aws:s3:::b/k x" } }],
  });
});

test.each([
  ["a host that is not AWS's", "https://example.com/", [signed("s3")], "unknown"],
  ["a scope for another service", "https://sqs.us-east-1.amazonaws.com/", [signed("sns")], "ambiguous"],
  [
    "a Host header for another host",
    "https://sqs.us-east-1.amazonaws.com/",
    [signed("sqs"), ["Host", "sns.us-east-1.amazonaws.com"]],
    "ambiguous",
  ],
  [
    "signed twice",
    "https://sqs.us-east-1.amazonaws.com/?X-Amz-Credential=a%2F20260101%2Fus-east-1%2Fsqs%2Faws4_request",
    [signed("sqs")],
    "ambiguous",
  ],
  [
    "an unsigned operation",
    "https://cognito-idp.us-east-1.amazonaws.com/",
    [["X-Amz-Target", "AWSCognitoIdentityProviderService.SignUp"]],
    "unsigned",
  ],
])("%s is marked", async (_, url, headers, marker) => {
  const answer = await resolve({ id: 1, request: { method: "POST", url, headers, bodyB64: b64("{}") } });
  expect(answer).toMatchObject({ id: 1, marker, checks: marker === "unsigned" ? expect.anything() : [] });
});

test.each([
  [{ id: 1 }, "request.method"],
  [{ id: 1, request: { method: "GET", url: "s3://b" } }, "request.url"],
  [{ id: 1, request: { method: "GET", url: "https://b.s3.amazonaws.com/", headers: {} } }, "request.headers"],
  [{ id: 1, account: "12", request: { method: "GET", url: "https://b.s3.amazonaws.com/" } }, "account"],
])("%j is a question that cannot be answered", async (question, what) => {
  await expect(resolve(question)).rejects.toThrow(what);
});
