import type { RequestHead } from "@iap/aws-core";
import { describe, expect, test } from "vitest";
import { detectWireForm, type WireForm, type WireFormHints } from "../src/index.ts";
import { head, requests } from "./requests.ts";

test.each(Object.entries(requests))("a request in the form of %s is told by itself", (form, request) => {
  expect(detectWireForm(request)).toBe(form);
});

describe("hosts of S3", () => {
  test.each<[string, WireForm]>([
    ["s3.amazonaws.com", "s3"],
    ["bucket.s3.eu-west-1.amazonaws.com", "s3"],
    ["my.dotted.bucket.s3.dualstack.eu-west-1.amazonaws.com", "s3"],
    ["bucket.s3-us-west-2.amazonaws.com", "s3"],
    ["bucket.s3-accelerate.amazonaws.com", "s3"],
    ["bucket.s3-fips.us-gov-west-1.amazonaws.com", "s3"],
    ["ap-111122223333.s3-accesspoint.us-east-1.amazonaws.com", "s3"],
    ["x.mrap.accesspoint.s3-global.amazonaws.com", "s3"],
    ["ap-111122223333.s3-object-lambda.us-east-1.amazonaws.com", "s3"],
    ["bucket--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com", "s3"],
    ["BUCKET.S3.us-east-1.amazonaws.com", "s3"],
    ["111122223333.s3-control.us-east-1.amazonaws.com", "restXml"],
    ["s3tables.us-east-1.amazonaws.com", "restJson1"],
    ["s3vectors.us-east-1.api.aws", "restJson1"],
  ])("%s -> %s", (host, form) => {
    expect(detectWireForm(head(host, { method: "GET" }))).toBe(form);
  });
});

describe("what the request shows wins over what is said of it", () => {
  const cloudwatchJson = head("monitoring.us-east-1.amazonaws.com", {
    headers: [
      ["X-Amz-Target", "GraniteServiceVersion20100801.ListMetrics"],
      ["Content-Type", "application/x-amz-json-1.0"],
    ],
  });
  test.each<[string, RequestHead, WireFormHints, WireForm]>([
    ["a target", cloudwatchJson, { service: "monitoring", protocol: "rpcV2Cbor" }, "awsJson1_0"],
    ["a CBOR path", head("x", { target: "/service/A/operation/B" }), { protocol: "awsQuery" }, "rpcV2Cbor"],
    ["a host of S3", requests.s3, { protocol: "restXml" }, "s3"],
    ["a target without content type", head("x", { headers: [["X-Amz-Target", "A.B"]] }), {}, "awsJson1_1"],
    [
      "awsJson 1.0 without a target",
      head("x", { headers: [["Content-Type", "application/x-amz-json-1.0"]] }),
      {},
      "awsJson1_0",
    ],
    [
      "awsJson 1.1 without a target",
      head("x", { headers: [["Content-Type", "application/x-amz-json-1.1"]] }),
      {},
      "awsJson1_1",
    ],
  ])("%s", (_, request, hints, form) => {
    expect(detectWireForm(request, hints)).toBe(form);
  });
});

describe("hints decide what the request does not show", () => {
  const plain = head("endpoint.example", { method: "GET" });
  test.each<[WireFormHints, WireForm]>([
    [{}, "restJson1"],
    [{ service: "s3" }, "s3"],
    [{ service: "s3express" }, "s3"],
    [{ service: "route53" }, "restXml"],
    [{ service: "cloudfront" }, "restXml"],
    [{ protocol: "restXml" }, "restXml"],
    [{ protocol: "awsQuery" }, "awsQuery"],
    [{ service: "ec2", bodyIsForm: true }, "ec2Query"],
    [{ service: "sns", bodyIsForm: true }, "awsQuery"],
  ])("%j -> %s", (hints, form) => {
    expect(detectWireForm(plain, hints)).toBe(form);
  });

  test("a form that is known to be none is none", () => {
    expect(detectWireForm(requests.awsQuery, { bodyIsForm: false })).toBe("restJson1");
  });
});

test("an Action in the query is a query request, also presigned", () => {
  const presigned = { method: "GET", target: "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&Action=GetCallerIdentity" };
  expect(detectWireForm(head("sts.amazonaws.com", presigned))).toBe("awsQuery");
  expect(detectWireForm(head("ec2.us-east-1.amazonaws.com", presigned))).toBe("ec2Query");
  expect(detectWireForm(head("sts.amazonaws.com", { method: "GET", target: "/?MyAction=x" }))).toBe("restJson1");
});

test("a dated path alone is not XML: Lambda has one too", () => {
  expect(detectWireForm(requests.restJson1)).toBe("restJson1");
});
