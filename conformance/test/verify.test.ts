import { Credentials, type Headers } from "@iap/aws-core";
import { EMPTY_SHA256, presign, sha256Hex, sign, signPostPolicy, UNSIGNED_PAYLOAD } from "@iap/sigv4";
import { describe, expect, test } from "vitest";
import { verifyAnswer } from "../src/verify.ts";

const now = "2026-11-23T12:34:56Z";
const key = { accessKeyId: "ASIAEXAMPLE", secretAccessKey: "secret", sessionToken: "token" };
const credentials = new Credentials(key);
const at = new Date(now);

interface Sent {
  readonly method: string;
  readonly target: string;
  readonly headers: Headers;
}

function ask(request: Sent, more: Readonly<Record<string, unknown>> = {}, body = ""): Promise<unknown> {
  const { method, target, headers } = request;
  const bodyB64 = Buffer.from(body).toString("base64");
  const wire = { scheme: "https", http: "HTTP/1.1", method, target, headers, bodyB64, ...more };
  return verifyAnswer({ id: "1", now, keys: [key], request: wire });
}

function signed(service: string, headers: Headers = [], body = ""): Sent {
  const host = `${service}.us-east-1.amazonaws.com`;
  const payload = body === "" ? EMPTY_SHA256 : sha256Hex(body);
  const head = {
    httpVersion: "1.1",
    method: "POST",
    target: "/",
    headers: [["Host", host], ...headers],
    host,
  } as const;
  return sign(head, { credentials, region: "us-east-1", service, now: at, payload });
}

test("a request that one of the keys signed is verified", async () => {
  expect(await ask(signed("sqs", [], "x"), {}, "x")).toEqual({
    id: "1",
    result: "verified",
    form: "header-unstated-hash",
  });
});

describe("the code of a refusal is the one AWS has in the request's own wire form", () => {
  const form = [["Content-Type", "application/x-www-form-urlencoded"]] as const;
  const json = [
    ["Content-Type", "application/x-amz-json-1.0"],
    ["X-Amz-Target", "AmazonSQS.ListQueues"],
  ] as const;
  test.each<[string, Headers, string]>([
    ["sts", form, "SignatureDoesNotMatch"],
    ["sqs", json, "InvalidSignatureException"],
    ["lambda", [], "InvalidSignatureException"],
    ["s3", [], "XAmzContentSHA256Mismatch"],
  ])("%s", async (service, headers, code) => {
    expect(await ask(signed(service, headers, "x"), {}, "y")).toMatchObject({ id: "1", result: "refused", code });
  });

  test("of an unsigned request, and of one that is signed twice", async () => {
    const bare = { method: "GET", target: "/", headers: [["Host", "b.s3.amazonaws.com"]] } as const;
    expect(await ask(bare)).toMatchObject({ result: "refused", form: "unsigned", code: "AccessDenied" });
    const twice = { ...signed("s3"), target: "/?X-Amz-Algorithm=AWS4-HMAC-SHA256" };
    expect(await ask(twice)).toMatchObject({ result: "refused", code: "InvalidArgument" });
  });
});

test("on HTTP/2 the authority is the host", async () => {
  const host = "bucket.s3.us-east-1.amazonaws.com";
  const head = { httpVersion: "2", method: "GET", target: "/k", headers: [[":authority", host]], host } as const;
  const request = sign(head, { credentials, region: "us-east-1", service: "s3", now: at, payload: UNSIGNED_PAYLOAD });
  expect(await ask(request, { http: "h2" })).toMatchObject({ result: "verified", form: "header-unsigned-payload" });
  expect(await ask(request, { http: "h2", scheme: "http" })).toMatchObject({
    result: "refused",
    code: "InvalidRequest",
  });
});

test("a presigned URL holds until it expires", async () => {
  const host = "bucket.s3.us-east-1.amazonaws.com";
  const head = { httpVersion: "1.1", method: "GET", target: "/k", headers: [["Host", host]], host } as const;
  const where = { region: "us-east-1", service: "s3", payload: UNSIGNED_PAYLOAD, expiresSeconds: 60 };
  const url = (signedAt: Date) => presign(head, { credentials, now: signedAt, ...where });
  expect(await ask(url(at))).toMatchObject({ result: "verified", form: "presigned" });
  expect(await ask(url(new Date(at.getTime() - 61_000)))).toMatchObject({
    result: "refused",
    form: "presigned",
    code: "AccessDenied",
    message: "Request has expired",
  });
});

test("a POST form is verified to its end", async () => {
  const document = {
    expiration: "2026-11-23T13:00:00Z",
    conditions: [
      ["starts-with", "$key", ""],
      ["content-length-range", 0, 3],
    ],
  };
  const fields = [["key", "k"], ...signPostPolicy(document, { credentials, region: "us-east-1", now: at })];
  const parts = fields.map(
    ([name, value]) => `--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const body = (file: string): string =>
    `${parts.join("")}--B\r\nContent-Disposition: form-data; name="file"\r\n\r\n${file}\r\n--B--\r\n`;
  const headers = [
    ["Host", "bucket.s3.us-east-1.amazonaws.com"],
    ["Content-Type", "multipart/form-data; boundary=B"],
  ] as const;
  const request = { method: "POST", target: "/", headers };
  expect(await ask(request, {}, body("abc"))).toMatchObject({ result: "verified", form: "post-form" });
  expect(await ask(request, {}, body("abcd"))).toMatchObject({ result: "refused", code: "EntityTooLarge" });
  expect(await ask(request, {}, body("abc").slice(0, -20))).toMatchObject({
    result: "refused",
    code: "IncompleteBody",
  });
});

test("a key without a token leaves the token out of question", async () => {
  const { accessKeyId, secretAccessKey } = key;
  const { method, target, headers } = signed("sqs");
  const request = { scheme: "https", http: "HTTP/1.1", method, target, headers, bodyB64: "" };
  expect(await verifyAnswer({ id: 2, now, keys: [{ accessKeyId, secretAccessKey }], request })).toMatchObject({
    id: 2,
    result: "verified",
  });
  expect(await verifyAnswer({ id: 3, now, keys: [{ ...key, sessionToken: "x" }], request })).toMatchObject({
    result: "refused",
  });
  expect(await verifyAnswer({ id: 4, now, keys: [], request })).toMatchObject({ code: "UnrecognizedClientException" });
});

test.each(["2026-11-23T12:34:56", "20261123T123456Z", "2026-11-23T13:34:56.000+01:00"])(
  "%s is the same instant, wherever the program runs",
  async (written) => {
    const { method, target, headers } = signed("sqs");
    const request = { scheme: "https", http: "HTTP/1.1", method, target, headers, bodyB64: "" };
    expect(await verifyAnswer({ id: 1, now: written, keys: [key], request })).toMatchObject({ result: "verified" });
    const earlier = written.replace(/T1./, "T10");
    expect(await verifyAnswer({ id: 1, now: earlier, keys: [key], request })).toMatchObject({ result: "refused" });
  },
);

test("a body may be left out, and base64 may lack its padding", async () => {
  const { method, target, headers } = signed("sqs", [], "x");
  const request = { scheme: "https", http: "HTTP/1.1", method, target, headers };
  expect(await verifyAnswer({ id: 1, now, keys: [key], request })).toMatchObject({ result: "refused" });
  const unpadded = { ...request, bodyB64: "eA" };
  expect(await verifyAnswer({ id: 1, now, keys: [key], request: unpadded })).toMatchObject({ result: "verified" });
});

test.each<Readonly<Record<string, unknown>>>([
  { bodyB64: "not base64" },
  { bodyB64: 1 },
  { headers: [["Host"]] },
  { headers: [["Host", "a", "b"]] },
  { headers: [["Host", 1]] },
  { headers: { Host: "a" } },
  { method: undefined },
  { target: null },
  { scheme: "ftp" },
])("a request with %j is a question that cannot be answered", async (part) => {
  await expect(ask(signed("sqs"), part)).rejects.toThrow(/is not|is neither/);
});

test.each([{ now: "soon" }, { now: "2026" }, { keys: {} }, { request: { http: "HTTP/2" } }, { request: [] }])(
  "%j is a question that cannot be answered",
  async (part) => {
    const { method, target, headers } = signed("sqs");
    const request = { scheme: "https", http: "HTTP/1.1", method, target, headers, bodyB64: "" };
    await expect(verifyAnswer({ id: 1, now, keys: [key], request, ...part })).rejects.toThrow(/is not|is neither/);
  },
);
