import { expect, test } from "vitest";
import { http2Hosts } from "../../src/upstream/http2-hosts.ts";
import { UsageError } from "../../src/usage-error.ts";

test.each([
  "transcribestreaming.us-east-1.amazonaws.com",
  "transcribestreaming-fips.us-east-1.amazonaws.com",
  "bedrock-runtime.eu-west-1.amazonaws.com",
  "runtime-v2-lex.us-east-1.amazonaws.com",
  "kinesis.us-east-1.amazonaws.com",
  "111122223333.data-kinesis.us-east-1.amazonaws.com",
  "polly.us-east-1.amazonaws.com",
  "qbusiness.us-east-1.api.aws",
  "health-agent.us-east-1.api.aws",
])("HTTP/2 is offered for %s, whose streams need it", (host) => {
  expect(http2Hosts([])(host)).toBe(true);
});

test.each([
  "s3.us-east-1.amazonaws.com",
  "sts.amazonaws.com",
  "dynamodb.us-east-1.amazonaws.com",
  "bedrock.us-east-1.amazonaws.com",
  "transcribe.us-east-1.amazonaws.com",
  "kinesis.amazonaws.com.evil.com",
  "example.com",
])("HTTP/2 is not offered for %s", (host) => {
  expect(http2Hosts([])(host)).toBe(false);
});

test("patterns add hosts", () => {
  const offered = http2Hosts(["S3.*.amazonaws.com", "sts.amazonaws.com"]);
  expect(["s3.eu-west-1.amazonaws.com", "sts.amazonaws.com", "polly.us-east-1.amazonaws.com"].map(offered)).toEqual([
    true,
    true,
    true,
  ]);
  expect(["s3.amazonaws.com", "sts.us-east-1.amazonaws.com", "example.com"].map(offered)).toEqual([
    false,
    false,
    false,
  ]);
});

test.each(["https://s3.amazonaws.com", "s3.amazonaws.com:443", "a b", ""])("the pattern %j is refused", (pattern) => {
  expect(() => http2Hosts([pattern])).toThrow(UsageError);
});
