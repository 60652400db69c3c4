import { expect, test } from "vitest";
import { formatArn, parseArn } from "../src/index.ts";

test("an ARN's resource keeps its further colons", () => {
  expect(parseArn("arn:aws:logs:us-east-1:123456789012:log-group:/a:log-stream:b")).toEqual({
    partition: "aws",
    service: "logs",
    region: "us-east-1",
    account: "123456789012",
    resource: "log-group:/a:log-stream:b",
  });
});

test.each(["arn:aws:s3:::bucket", "arn:aws-cn:iam::123456789012:role/a/b", "arn:aws:sqs:us-east-1:123456789012:q"])(
  "%s is the same after parsing and formatting",
  (text) => {
    const arn = parseArn(text);
    expect(arn && formatArn(arn)).toBe(text);
  },
);

test.each(["", "arn", "arn:aws:s3", "arn:aws:s3:::", "arn::s3:::b", "arn:aws::::b", "urn:aws:s3:::b"])(
  "%j is no ARN",
  (text) => {
    expect(parseArn(text)).toBeUndefined();
  },
);
