import type { AwsRequest, Headers } from "@iap/aws-core";
import { expect, test } from "vitest";
import { parseAuthorization } from "../src/index.ts";
import { caught } from "./caught.ts";

const signature = `${"A".repeat(27)}=`;
const key = "ASIAEXAMPLEAGENTKEY1";
const date = ["Date", "Mon, 23 Nov 2026 12:34:56 GMT"] as const;
const query = { AWSAccessKeyId: key, Signature: signature, Expires: "1795437296" };

function request(headers: Headers, parameters: string = "", host: string = "bucket.s3.amazonaws.com"): AwsRequest {
  return { httpVersion: "1.1", method: "GET", target: `/key${parameters}`, host, headers, body: undefined };
}
const header = (value: string, ...more: Headers): AwsRequest => request([["Authorization", `AWS ${value}`], ...more]);
const url = (changes: Partial<typeof query>, more = "", headers: Headers = []): AwsRequest => {
  const pairs = Object.entries({ ...query, ...changes }).filter(([, value]) => value !== undefined);
  return request(headers, `?${pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&")}${more}`);
};

test.each<[string, AwsRequest]>([
  ["no access key id", header(`:${signature}`, date)],
  ["no colon", header(key, date)],
  ["no date", header(`${key}:${signature}`)],
  ["a date that is none", header(`${key}:${signature}`, ["Date", "2026-11-23"])],
  ["two dates", header(`${key}:${signature}`, date, date)],
  ["a signature that is none", header(`${key}:AAAA`, date)],
  ["no access key id in the query", url({ AWSAccessKeyId: "" })],
  ["a time that is none", url({ Expires: "soon" })],
  ["no time", url({ Expires: "" })],
  ["a signature in the query that is none", url({ Signature: "x" })],
  ["an empty signature in the query", url({ Signature: "" })],
  [
    "a host of no region in a partition that has no global one",
    request([["Authorization", `AWS ${key}:${signature}`], date], "", "bucket.s3.c2s.ic.gov"),
  ],
  ["a parameter twice", url({}, "&Expires=1")],
  ["a token in the query and in a header", url({}, "&x-amz-security-token=a", [["x-amz-security-token", "a"]])],
])("a Signature Version 2 with %s is refused", (_, wrong) => {
  expect(caught(() => parseAuthorization(wrong)).code).toBe("MalformedAuthorization");
});

test.each(["X-Amz-Date=x", "x-Amz-Acl=public-read", "X-AMZ-ACL=public-read", "x%2DAmz-acl=a"])(
  "a URL of Signature Version 2 with %s is of two kinds",
  (parameter) => {
    expect(caught(() => parseAuthorization(url({}, `&${parameter}`))).code).toBe("MultipleAuthentication");
    expect(parseAuthorization(url({}, "&x-amz-acl=private")).algorithm).toBe("AWS");
  },
);

test("a date may be in either form, and a token in either place", () => {
  const amz = header(`${key}:${signature}`, ["x-amz-date", "20261123T123456Z"]);
  expect(parseAuthorization(amz).date).toEqual(parseAuthorization(header(`${key}:${signature}`, date)).date);
  expect(parseAuthorization(url({}, "", [["x-amz-security-token", "a"]])).sessionToken).toBe("a");
  expect(parseAuthorization(url({}, "&x-amz-security-token=b")).sessionToken).toBe("b");
});

test.each([
  ["bucket.s3.amazonaws.com", "us-east-1"],
  ["bucket.s3.eu-west-1.amazonaws.com", "eu-west-1"],
  ["bucket.s3.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1"],
  ["bucket.s3.amazonaws.com.cn", "cn-north-1"],
  ["bucket.s3.us-gov-east-1.amazonaws.com", "us-gov-east-1"],
  ["bucket.s3.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"],
])("at %s it goes on for %s", (host, region) => {
  const { headers } = header(`${key}:${signature}`, date);
  expect(parseAuthorization(request(headers, "", host)).scope).toMatchObject({ service: "s3", region });
});
