import { createPublicKey, verify } from "node:crypto";
import { Credentials, headerValue, type RequestHead } from "@iap/aws-core";
import { expect, test } from "vitest";
import {
  ALGORITHM_V4A,
  EMPTY_SHA256,
  SigningKeys,
  sign,
  signature,
  sigv4aKey,
  verifySignatureOf,
} from "../src/index.ts";
import { privateNumber } from "../src/sigv4a-key.ts";

// The example of AWS's own test suite (aws-c-auth).
const credentials = new Credentials({
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
});

test("the key of a key pair is the one AWS derives", () => {
  const { x = "", y = "" } = sigv4aKey(credentials).export({ format: "jwk" });
  expect(Buffer.from(x, "base64url").toString("hex")).toBe(
    "18b7d04643359f6ec270dcbab8dce6d169d66ddc9778c75cfb08dfdb701637ab",
  );
  expect(Buffer.from(y, "base64url").toString("hex")).toBe(
    "fa36b35e4fe67e3112261d2e17a956ef85b06e44712d2850bcd3c2161e9993f2",
  );
});

test("a number that is too large is passed over for the next, and there may be none", () => {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  expect(privateNumber([0n])).toBe(1n);
  expect(privateNumber([order - 2n])).toBe(order - 1n);
  expect(privateNumber([order - 1n, (1n << 256n) - 1n, 7n, 8n])).toBe(8n);
  expect(() => privateNumber([order - 1n])).toThrow(RangeError);
});

test("what it signs, its public half verifies, and nothing else", () => {
  const key = sigv4aKey(credentials);
  const hex = signature(key, "text", ALGORITHM_V4A);
  const publicKey = createPublicKey(key);
  expect(verify("sha256", Buffer.from("text"), { key: publicKey, dsaEncoding: "der" }, Buffer.from(hex, "hex"))).toBe(
    true,
  );
  expect(verifySignatureOf(key, "text", hex, ALGORITHM_V4A)).toBe(true);
  expect(verifySignatureOf(key, "text2", hex, ALGORITHM_V4A)).toBe(false);
  expect(verifySignatureOf(key, "text", hex.slice(2), ALGORITHM_V4A)).toBe(false);
  expect(verifySignatureOf(key, "text", "zz", ALGORITHM_V4A)).toBe(false);
});

test("it is derived once, and remembered", () => {
  const keys = new SigningKeys();
  expect(keys.sigv4a(credentials)).toBe(keys.sigv4a(credentials));
});

test("a request signed with it has no region in its scope, and says which regions it is for", () => {
  const host = "x.mrap.accesspoint.s3-global.amazonaws.com";
  const head: RequestHead = { httpVersion: "1.1", method: "GET", target: "/k", headers: [["Host", host]], host };
  const now = new Date("2026-11-23T12:34:56Z");
  const options = {
    credentials,
    region: "",
    service: "s3",
    now,
    payload: EMPTY_SHA256,
    algorithm: ALGORITHM_V4A,
  } as const;
  const signed = sign(head, { ...options, regionSet: "*" });
  expect(headerValue(signed.headers, "x-amz-region-set")).toBe("*");
  expect(headerValue(signed.headers, "authorization")).toMatch(
    /^AWS4-ECDSA-P256-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/20261123\/s3\/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-region-set, Signature=[0-9a-f]+$/,
  );
  const kept = sign(
    { ...head, headers: [...head.headers, ["X-Amz-Region-Set", "us-east-1"]] },
    { ...options, regionSet: "*" },
  );
  expect(kept.headers.filter(([name]) => name.toLowerCase() === "x-amz-region-set")).toEqual([
    ["X-Amz-Region-Set", "us-east-1"],
  ]);
});
