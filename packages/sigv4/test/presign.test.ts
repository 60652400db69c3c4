import { Credentials, headerValue, type RequestHead, splitTarget } from "@iap/aws-core";
import { expect, test } from "vitest";
import {
  EMPTY_SHA256,
  type PresignOptions,
  presign,
  queryParameters,
  UNSIGNED_PAYLOAD,
  uriDecode,
} from "../src/index.ts";

const credentials = new Credentials({
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
});
const session = new Credentials({
  accessKeyId: "ASIAEXAMPLE",
  secretAccessKey: "secret",
  sessionToken: "real/token+=",
});
const s3: PresignOptions = {
  credentials,
  region: "us-east-1",
  service: "s3",
  now: new Date("2013-05-24T00:00:00Z"),
  payload: UNSIGNED_PAYLOAD,
  expiresSeconds: 86_400,
};

function head(target: string, headers: RequestHead["headers"] = []): RequestHead {
  const host = "examplebucket.s3.amazonaws.com";
  return { httpVersion: "1.1", method: "GET", target, headers: [["Host", host], ...headers], host };
}

function parameters({ target }: RequestHead): Map<string, string> {
  return new Map(
    queryParameters(splitTarget(target).query ?? "").map(({ name, rawValue }) => [name, uriDecode(rawValue)]),
  );
}

test("it makes the URL of AWS's example", () => {
  expect(presign(head("/test.txt"), s3).target).toBe(
    "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
  );
});

test("what authenticated the request before is gone, and all else stays in place", () => {
  const old = presign(head("/k?x-id=GetObject&response-content-type=a%2fb"), { ...s3, credentials: session });
  const again = presign(old, s3);
  expect(again.target).toMatch(/^\/k\?x-id=GetObject&response-content-type=a%2fb&X-Amz-Algorithm=/);
  expect(again.target).not.toContain("ASIAEXAMPLE");
  expect(again.target).not.toContain("Security-Token");
  const v2 = presign(head("/k?AWSAccessKeyId=a&Signature=b&Expires=1&x-amz-security-token=t&x-amz-acl=private"), s3);
  expect(v2.target).toMatch(/^\/k\?x-amz-acl=private&X-Amz-Algorithm=/);
  const header = presign(
    head("/k", [
      ["Authorization", "AWS4-HMAC-SHA256 x"],
      ["x-amz-date", "20000101T000000Z"],
    ]),
    s3,
  );
  expect(headerValue(header.headers, "authorization")).toBeUndefined();
  expect(headerValue(header.headers, "x-amz-date")).toBeUndefined();
});

test("headers that upstream will read are signed", () => {
  const presigned = presign(
    head("/k", [
      ["x-amz-acl", "private"],
      ["Range", "bytes=0-1"],
      ["User-Agent", "x"],
    ]),
    {
      ...s3,
      signedHeaders: ["range"],
    },
  );
  expect(parameters(presigned).get("X-Amz-SignedHeaders")).toBe("host;range;x-amz-acl");
});

test("a token is signed, or for IoT stands behind the signature", () => {
  expect(presign(head("/k"), { ...s3, credentials: session }).target).toMatch(
    /&X-Amz-Security-Token=real%2Ftoken%2B%3D&X-Amz-Signature=[0-9a-f]{64}$/,
  );
  const iot = { ...s3, service: "iotdevicegateway", payload: EMPTY_SHA256, tokenUnsigned: true };
  expect(presign(head("/mqtt"), { ...iot, credentials: session }).target).toMatch(
    /&X-Amz-Signature=[0-9a-f]{64}&X-Amz-Security-Token=real%2Ftoken%2B%3D$/,
  );
});

test("a body that is not unsigned is named in the URL for S3", () => {
  expect(parameters(presign(head("/k"), { ...s3, payload: EMPTY_SHA256 })).get("X-Amz-Content-Sha256")).toBe(
    EMPTY_SHA256,
  );
  expect(parameters(presign(head("/k"), s3)).has("X-Amz-Content-Sha256")).toBe(false);
});

test("SigV4a names its regions, and no region in its scope", () => {
  const v4a = parameters(presign(head("/k"), { ...s3, algorithm: "AWS4-ECDSA-P256-SHA256", regionSet: "us-*" }));
  expect(v4a.get("X-Amz-Region-Set")).toBe("us-*");
  expect(v4a.get("X-Amz-Credential")).toBe("AKIAIOSFODNN7EXAMPLE/20130524/s3/aws4_request");
});

test("SigV4a without a region set is for every region", () => {
  const v4a = presign(head("/k"), { ...s3, algorithm: "AWS4-ECDSA-P256-SHA256" });
  expect(parameters(v4a).get("X-Amz-Region-Set")).toBe("*");
});

test("a session of S3 Express has its token under its own name", () => {
  const url = presign(head("/k"), { ...s3, credentials: session, tokenHeader: "x-amz-s3session-token" });
  expect(parameters(url).get("X-Amz-S3session-Token")).toBe("real/token+=");
  expect(parameters(url).has("X-Amz-Security-Token")).toBe(false);
});

test("a host that no line names is added where the version of HTTP has lines for it", () => {
  const bare = { ...head("/k"), headers: [] };
  expect(presign(bare, s3).headers).toEqual([["Host", bare.host]]);
  expect(presign({ ...bare, httpVersion: "2" }, s3).headers).toEqual([]);
  expect(presign(bare, s3).target).toBe(presign(head("/k"), s3).target);
});

test.each([
  ["/k", "/k?X-Amz-Algorithm="],
  ["/k?", "/k?X-Amz-Algorithm="],
  ["/k?a&", "/k?a&X-Amz-Algorithm="],
  ["/k?a", "/k?a&X-Amz-Algorithm="],
])("the parameters of %s follow what it has", (target, begin) => {
  expect(presign(head(target), s3).target.slice(0, begin.length)).toBe(begin);
});
