import type { Headers } from "@iap/aws-core";
import { expect, test } from "vitest";
import { type SigningForm, signingForm } from "../src/index.ts";

const form: Headers = [["Content-Type", "multipart/form-data; boundary=B"]];
const v2 = "AWSAccessKeyId=a&SignatureVersion=2&Signature=b";

test.each<[SigningForm, string, string, Headers, string?]>([
  ["unsigned", "GET", "sqs.us-east-1.amazonaws.com", []],
  ["unsigned", "POST", "sqs.us-east-1.amazonaws.com", form],
  ["unsigned", "GET", "bucket.s3.amazonaws.com", form],
  ["unsigned", "POST", "sqs.us-east-1.amazonaws.com", [], "Action=ListQueues"],
  ["unsigned", "POST", "sqs.us-east-1.amazonaws.com", [], "x".repeat((1 << 20) + 1)],
  ["post-form", "POST", "bucket.s3.amazonaws.com", form],
  ["post-form", "POST", "bucket.s3-eu-west-1.amazonaws.com", form],
  ["sigv2-query-service", "POST", "sqs.us-east-1.amazonaws.com", [], v2],
  ["unknown", "GET", "sqs.us-east-1.amazonaws.com", [["Authorization", "Basic x"]]],
  ["unknown", "GET", "sqs.us-east-1.amazonaws.com", [["Authorization", ""]]],
  ["bearer", "GET", "bedrock.us-east-1.amazonaws.com", [["Authorization", "bearer x"]]],
])("%s: %s %s with %j", (expected, method, host, headers, body) => {
  const head = { httpVersion: "1.1", method, target: "/", host, headers } as const;
  expect(signingForm(head, body === undefined ? undefined : Buffer.from(body))).toBe(expected);
});

test.each<[SigningForm, string, Headers]>([
  ["sigv2", "/k?AWSAccessKeyId=a&Signature=b&Expires=1", []],
  ["sigv2-query-service", `/?${v2}`, []],
  ["presigned", "/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&AWSAccessKeyId=a", []],
  ["presigned", "/k?X-Amz-Signature=0", []],
  ["sigv4a-presigned", "/k?X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256", []],
  ["s3-express-session", "/k?X-Amz-S3session-Token=t", []],
  ["websocket", "/k?X-Amz-Signature=0", [["Upgrade", "WebSocket"]]],
])("%s: %s with %j", (expected, target, headers) => {
  const head = { httpVersion: "1.1", method: "GET", target, host: "bucket.s3.amazonaws.com", headers } as const;
  expect(signingForm(head)).toBe(expected);
});
