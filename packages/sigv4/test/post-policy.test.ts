import { createHmac } from "node:crypto";
import { Credentials } from "@iap/aws-core";
import { expect, test } from "vitest";
import { postFormHead, signPostPolicy } from "../src/index.ts";

test("a signed policy holds the conditions given, and one on each field that authenticates it", () => {
  const credentials = new Credentials({ accessKeyId: "ASIAEXAMPLE", secretAccessKey: "secret", sessionToken: "token" });
  const document = {
    expiration: "2026-11-24T00:00:00.000Z",
    conditions: [{ bucket: "b" }, ["starts-with", "$key", ""]],
  };
  const now = new Date("2026-11-23T12:34:56Z");
  const fields = new Map(signPostPolicy(document, { credentials, region: "eu-west-1", now }));
  const credential = "ASIAEXAMPLE/20261123/eu-west-1/s3/aws4_request";
  expect(JSON.parse(Buffer.from(fields.get("policy") ?? "", "base64").toString())).toEqual({
    expiration: document.expiration,
    conditions: [
      ...document.conditions,
      { "x-amz-algorithm": "AWS4-HMAC-SHA256" },
      { "x-amz-credential": credential },
      { "x-amz-date": "20261123T123456Z" },
      { "x-amz-security-token": "token" },
    ],
  });
  expect(fields.get("x-amz-credential")).toBe(credential);
  const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
  const key = ["eu-west-1", "s3", "aws4_request"].reduce<Buffer>(hmac, hmac("AWS4secret", "20261123"));
  expect(fields.get("x-amz-signature")).toBe(hmac(key, fields.get("policy") ?? "").toString("hex"));
});

test("credentials without a session token add no field for one", () => {
  const longTerm = new Credentials({ accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret" });
  const document = { expiration: "2026-11-24T00:00:00.000Z", conditions: [] };
  const signed = signPostPolicy(document, { credentials: longTerm, region: "eu-west-1", now: new Date(0) });
  expect(signed.map(([name]) => name)).toEqual([
    "policy",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-signature",
  ]);
});

test("the head of a form loses what would sign it otherwise, and what is not for AWS", () => {
  const host = "b.s3.eu-west-1.amazonaws.com";
  const headers = [
    ["Host", host],
    ["Content-Type", "multipart/form-data; boundary=b"],
    ["x-amz-date", "20261123T123456Z"],
    ["X-Forwarded-For", "10.0.0.1"],
    ["Origin", "https://example.com"],
  ] as const;
  const head = { httpVersion: "1.1", method: "POST", target: "/", host, headers } as const;
  expect(postFormHead(head)).toEqual({ ...head, headers: [headers[0], headers[1], headers[4]] });
});
