import { expect, test } from "vitest";
import { formatCredentialScope, parseCredentialScope, parseSigv4aScope } from "../src/index.ts";

test("a scope is read and written as date, region, service and terminator", () => {
  const scope = { date: "20130524", region: "us-gov-west-1", service: "s3" };
  expect(parseCredentialScope("20130524/us-gov-west-1/s3/aws4_request")).toEqual(scope);
  expect(formatCredentialScope(scope)).toBe("20130524/us-gov-west-1/s3/aws4_request");
});

test("signing names with capitals exist", () => {
  expect(parseCredentialScope("20130524/us-east-1/IoTSecuredTunneling/aws4_request")?.service).toBe(
    "IoTSecuredTunneling",
  );
});

test.each([
  "",
  "20130524/us-east-1/s3",
  "20130524/us-east-1/s3/aws4_request/",
  "20130524/us-east-1/s3/aws4_requesT",
  "/us-east-1/s3/aws4_request",
  "20130524//s3/aws4_request",
  "20130524/us-east-1//aws4_request",
  "20130231/us-east-1/s3/aws4_request",
  "2013524/us-east-1/s3/aws4_request",
  "20130524/*/s3/aws4_request",
  "20130524/us east/s3/aws4_request",
  "20130524/us-east-1/s3\n/aws4_request",
  `20130524/${"a".repeat(65)}/s3/aws4_request`,
])("%j is not a scope", (text) => {
  expect(parseCredentialScope(text)).toBeUndefined();
});

test("a scope of SigV4a is read and written without a region", () => {
  const scope = { date: "20130524", region: "", service: "s3" };
  expect(parseSigv4aScope("20130524/s3/aws4_request")).toEqual(scope);
  expect(formatCredentialScope(scope)).toBe("20130524/s3/aws4_request");
});

test.each([
  "",
  "20130524/us-east-1/s3/aws4_request",
  "20130524/s3/aws4_requesT",
  "20130231/s3/aws4_request",
  "/s3/aws4_request",
  "20130524//aws4_request",
  "20130524/s 3/aws4_request",
])("%j is not a scope of SigV4a", (text) => {
  expect(parseSigv4aScope(text)).toBeUndefined();
});
