import { createHmac } from "node:crypto";
import { type AwsRequest, Credentials, type Headers, headerValue, type RequestHead } from "@iap/aws-core";
import {
  ALGORITHM_V4A,
  EMPTY_SHA256,
  type PresignOptions,
  presign,
  type SignOptions,
  sha256Hex,
  sign,
  signatureV2,
  stringToSignV2,
  UNSIGNED_PAYLOAD,
  uriEncode,
} from "@iap/sigv4";
import { describe, expect, test } from "vitest";
import { parseAuthorization, signingForm, verify } from "../src/index.ts";
import { agentKey, now, ringOf } from "./agent.ts";
import { caught } from "./caught.ts";
import { chunkedRequest, eventsRequest } from "./streams.ts";

const options = { keys: ringOf(agentKey), now };
const { credentials } = agentKey;
const token = credentials.sessionToken ?? "";
const body = Buffer.from("body");

function head(host: string, init: Partial<RequestHead> = {}): RequestHead {
  return {
    httpVersion: "1.1",
    method: "GET",
    target: "/",
    host,
    ...init,
    headers: [["Host", host], ...(init.headers ?? [])],
  };
}

const bucket = "bucket.s3.us-east-1.amazonaws.com";
const s3: SignOptions = { credentials, region: "us-east-1", service: "s3", now, payload: EMPTY_SHA256 };
const sqs: SignOptions = { ...s3, service: "sqs", payload: sha256Hex(body) };
const withHash: Headers = [["x-amz-content-sha256", sha256Hex(body)]];
const put = (headers: Headers = []): RequestHead => head(bucket, { method: "PUT", target: "/key", headers });
const unsignedBody: Headers = [["x-amz-content-sha256", UNSIGNED_PAYLOAD]];
const url: PresignOptions = { ...s3, payload: UNSIGNED_PAYLOAD, expiresSeconds: 300 };
const session: SignOptions = { ...s3, service: "s3express", tokenHeader: "x-amz-s3session-token" };
const express = "b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com";
const webSocket: Headers = [
  ["Upgrade", "websocket"],
  ["Connection", "Upgrade"],
];
const iot = { ...url, service: "iotdevicegateway", payload: EMPTY_SHA256, tokenUnsigned: true };

const requests: Readonly<Record<string, AwsRequest>> = {
  header: { ...sign(put(withHash), { ...s3, payload: sha256Hex(body) }), body },
  "header-unstated-hash": { ...sign(head("sqs.us-east-1.amazonaws.com", { method: "POST" }), sqs), body },
  "header-unsigned-payload": { ...sign(put(unsignedBody), { ...s3, payload: UNSIGNED_PAYLOAD }), body },
  presigned: { ...presign(head(bucket, { target: "/key?x-id=GetObject" }), url), body: Buffer.alloc(0) },
  "signed-chunks": chunkedRequest({ chunks: [body] }),
  "signed-chunks-trailer": chunkedRequest({ chunks: [body], trailers: [["x-amz-checksum-crc32", "AAAAAA=="]] }),
  "unsigned-chunks-trailer": {
    ...sign(
      put([
        ["x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"],
        ["x-amz-trailer", "x-amz-checksum-crc32"],
        ["x-amz-decoded-content-length", "4"],
      ]),
      { ...s3, payload: "STREAMING-UNSIGNED-PAYLOAD-TRAILER" },
    ),
    body: Buffer.from("4\r\nbody\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"),
  },
  "sigv4a-header": {
    ...sign(put(withHash), { ...s3, payload: sha256Hex(body), algorithm: ALGORITHM_V4A, regionSet: "*" }),
    body,
  },
  "sigv4a-presigned": {
    ...presign(head(bucket, { target: "/key" }), { ...url, algorithm: ALGORITHM_V4A, regionSet: "us-east-1" }),
    body: Buffer.alloc(0),
  },
  "sigv4a-signed-chunks": chunkedRequest({ algorithm: ALGORITHM_V4A, chunks: [body] }),
  "event-stream": eventsRequest([body]),
  websocket: {
    ...presign(head("a.iot.us-east-1.amazonaws.com", { target: "/mqtt", headers: webSocket }), iot),
    body: Buffer.alloc(0),
  },
  "s3-express-session": { ...sign(head(express, { target: "/key" }), session), body: Buffer.alloc(0) },
  sigv2: v2Header(),
  bearer: bearer(bedrockKey()),
};

describe.each(Object.entries(requests))("the form %s", (name, request) => {
  test("is known by its looks", () => {
    expect(signingForm(request, request.body)).toBe(name);
  });

  test("is verified", () => {
    expect(verify(request, options).key).toBe(agentKey);
  });

  test("is refused with another secret, another token, another key, and after the key's time", () => {
    const other = (init: Partial<ConstructorParameters<typeof Credentials>[0]>) => ({
      ...agentKey,
      credentials: new Credentials({
        accessKeyId: credentials.accessKeyId,
        secretAccessKey: credentials.secretAccessKey,
        sessionToken: token,
        ...init,
      }),
    });
    const codes = (key: typeof agentKey) => caught(() => verify(request, { ...options, keys: ringOf(key) })).code;
    expect(codes(other({ secretAccessKey: "other" }))).toBe("SignatureDoesNotMatch");
    expect(codes(other({ sessionToken: "other" }))).toBe("InvalidToken");
    expect(codes(other({ accessKeyId: "ASIAOTHER" }))).toBe("UnknownAccessKey");
    expect(codes({ ...agentKey, notAfter: now })).toBe("ExpiredToken");
  });

  test("is refused at another time", () => {
    const day = 86_400_000;
    const later = {
      ...options,
      now: new Date(now.getTime() + day),
      keys: ringOf({ ...agentKey, notAfter: new Date(now.getTime() + 2 * day) }),
    };
    expect(caught(() => verify(request, later)).code).toMatch(/^(RequestTimeTooSkewed|PresignedUrlExpired)$/);
  });

  test("is refused with another method or path", () => {
    const inToken = name === "bearer";
    if (!inToken) {
      expect(caught(() => verify({ ...request, method: "DELETE" }, options)).code).toBe("SignatureDoesNotMatch");
      const target = request.target.replace("/", "/other");
      expect(caught(() => verify({ ...request, target }, options)).code).toBe("SignatureDoesNotMatch");
    }
  });

  test("is refused with a signature of which a character is changed", () => {
    const flip = (text: string): string =>
      text.replace(
        /(Signature=|AWS \w+:)(.)/,
        (_, before: string, char: string) => before + (char === "0" ? "1" : "0"),
      );
    if (name === "bearer") return;
    const headers = request.headers.map(
      ([key, value]) => [key, key === "Authorization" ? flip(value) : value] as const,
    );
    const changed = { ...request, headers, target: flip(request.target) };
    expect(caught(() => verify(changed, options)).code).toMatch(/^SignatureDoesNotMatch$/);
  });
});

describe("a body that is not the one signed", () => {
  test.each([
    ["header", "ContentSha256Mismatch"],
    ["header-unstated-hash", "SignatureDoesNotMatch"],
    ["sigv4a-header", "ContentSha256Mismatch"],
    ["unsigned-chunks-trailer", "InvalidRequest"],
    ["signed-chunks", "IncompleteBody"],
    ["event-stream", "IncompleteBody"],
  ])("%s: %s", (name, code) => {
    expect(caught(() => verify({ ...(requests[name] as AwsRequest), body: Buffer.from("other") }, options)).code).toBe(
      code,
    );
  });
});

test.each(["header-unsigned-payload", "unsigned-chunks-trailer"])("without TLS %s is refused", (name) => {
  const request = requests[name] as AwsRequest;
  expect(caught(() => verify(request, { ...options, secure: false })).code).toBe("InvalidRequest");
});

test.each(["header", "header-unstated-hash", "signed-chunks"])("without TLS %s is taken: it signs its body", (name) => {
  const request = requests[name] as AwsRequest;
  expect(verify(request, { ...options, secure: false }).key).toBe(agentKey);
});

test("a URL that states its authorization in part is a presigned one, and malformed", () => {
  const { target, headers, ...rest } = requests.presigned as AwsRequest;
  for (const name of ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"]) {
    const without = { ...rest, headers, target: target.replace(new RegExp(`X-Amz-${name}=[^&]*&?`), "") };
    expect(signingForm(without), name).toBe("presigned");
    expect(caught(() => verify(without, options)).code, name).toBe("MalformedAuthorization");
  }
});

test("blanks around the values of its headers are no part of them", () => {
  const { headers, ...request } = requests["sigv4a-header"] as AwsRequest;
  const padded = headers.map(([name, value]) => [name, ` \t${value} `] as const);
  expect(verify({ ...request, headers: padded }, options).key).toBe(agentKey);
});

test("on HTTP/2 host and authority are one, or the request is refused", () => {
  const request = { ...(requests.header as AwsRequest), httpVersion: "2" as const };
  const authority = (name: string): AwsRequest => ({ ...request, headers: [[":authority", name], ...request.headers] });
  expect(verify(authority(bucket), options).key).toBe(agentKey);
  expect(caught(() => verify(authority("other.s3.us-east-1.amazonaws.com"), options)).code).toBe(
    "MalformedAuthorization",
  );
});

describe("SigV4a", () => {
  test("covers the regions it is for", () => {
    const request = requests["sigv4a-header"] as AwsRequest;
    expect(parseAuthorization(request)).toMatchObject({ regionSet: "*", scope: { region: "", service: "s3" } });
    const headers = request.headers.filter(([name]) => name !== "x-amz-region-set");
    expect(caught(() => parseAuthorization({ ...request, headers })).code).toBe("MalformedAuthorization");
    const other = request.headers.map(
      ([name, value]) => [name, name === "x-amz-region-set" ? "us-west-2" : value] as const,
    );
    expect(caught(() => verify({ ...request, headers: other }, options)).code).toBe("SignatureDoesNotMatch");
  });

  test("covers in a URL the regions that the URL names, whatever a header says", () => {
    const request = requests["sigv4a-presigned"] as AwsRequest;
    const withHeader = (regions: string): AwsRequest => ({
      ...request,
      headers: [...request.headers, ["x-amz-region-set", regions]],
    });
    expect(parseAuthorization(withHeader("us-east-1")).regionSet).toBe("us-east-1");
    expect(caught(() => parseAuthorization(withHeader("*"))).code).toBe("MalformedAuthorization");
  });

  test("and SigV4 do not share each other's streaming forms", () => {
    const request = requests["sigv4a-header"] as AwsRequest;
    const headers = request.headers.map(
      ([name, value]) =>
        [name, name === "x-amz-content-sha256" ? "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" : value] as const,
    );
    expect(caught(() => parseAuthorization({ ...request, headers })).code).toBe("MalformedAuthorization");
  });
});

describe("Signature Version 2", () => {
  test("verifies a URL as boto3 presigns it, headers in the query and all", () => {
    const request = v2Url({ amz: "&x-amz-acl=private" });
    expect(signingForm(request)).toBe("sigv2");
    const { authorization, scope } = verify(request, options);
    expect(authorization).toMatchObject({ form: "query", algorithm: "AWS", payload: { kind: "unsigned" } });
    expect(scope).toMatchObject({ region: "us-east-1", service: "s3" });
    const changed = { ...request, target: request.target.replace("acl=private", "acl=public") };
    expect(caught(() => verify(changed, options)).code).toBe("SignatureDoesNotMatch");
  });

  test("holds a URL to its expiry", () => {
    expect(caught(() => verify(v2Url({ expires: now.getTime() / 1000 - 1 }), options)).code).toBe(
      "PresignedUrlExpired",
    );
  });

  test.each(["sdb.amazonaws.com", "sqs.us-east-1.amazonaws.com", "example.com"])("is refused at %s", (host) => {
    const request = { ...v2Url({}), host, headers: [["Host", host]] as const };
    const error = caught(() => verify(request, options));
    expect(error.code).toBe("MalformedAuthorization");
    expect(error.message).toContain("Signature Version 2");
  });

  test("of the query protocol is refused, and known in the body too", () => {
    const host = "sdb.amazonaws.com";
    const query = "AWSAccessKeyId=A&Action=ListDomains&SignatureVersion=2&SignatureMethod=HmacSHA256&Signature=x";
    const get = { ...head(host, { target: `/?${query}` }), body: undefined };
    expect(signingForm(get)).toBe("sigv2-query-service");
    expect(caught(() => verify(get, options)).code).toBe("MalformedAuthorization");
    const post = { ...head(host, { method: "POST" }), body: Buffer.from(query) };
    expect(signingForm(post, post.body)).toBe("sigv2-query-service");
    const error = caught(() => verify(post, options));
    expect(error.code).toBe("MalformedAuthorization");
    expect(error.message).toContain("Signature Version 2");
  });

  test("is taken over plain HTTP, as it always was", () => {
    expect(verify(v2Header(), { ...options, secure: false }).key).toBe(agentKey);
    expect(verify(v2Url({}), { ...options, secure: false }).key).toBe(agentKey);
  });
});

describe("an S3 Express session", () => {
  test("has one token, its own", () => {
    const request = requests["s3-express-session"] as AwsRequest;
    expect(headerValue(request.headers, "x-amz-security-token")).toBeUndefined();
    expect(parseAuthorization(request)).toMatchObject({ tokenHeader: "x-amz-s3session-token", sessionToken: token });
    const both: Headers = [...request.headers, ["x-amz-security-token", token]];
    expect(caught(() => verify({ ...request, headers: both }, options)).code).toBe("MalformedAuthorization");
  });

  test("may be presigned", () => {
    const presigned = presign(head(express, { target: "/key" }), { ...url, ...session, payload: UNSIGNED_PAYLOAD });
    expect(signingForm(presigned)).toBe("s3-express-session");
    expect(verify({ ...presigned, body: undefined }, options).key).toBe(agentKey);
  });
});

describe("a Bedrock API key", () => {
  test("stands for the presigned URL in it; the body is for the proxy to hash", () => {
    const { payload, authorization } = verify(requests.bearer as AwsRequest, options);
    expect(payload).toBe(sha256Hex(body));
    expect(authorization).toMatchObject({ form: "bearer", scope: { service: "bedrock", region: "us-west-2" } });
  });

  test.each<[string, string, string]>([
    ["of another action", bedrockKey({ action: "ListFoundationModels" }), "MalformedAuthorization"],
    ["of another service", bedrockKey({ service: "sts" }), "MalformedAuthorization"],
    ["with more in it", bedrockKey({ more: "&x=1" }), "MalformedAuthorization"],
    ["for another host", bedrockKey({ host: "example.com" }), "UnknownAccessKey"],
    ["that is long-term", "ABSKQmVkcm9ja0FQSUtleS0xMjM0", "UnknownAccessKey"],
    ["that is not base64", "bedrock-api-key-?", "UnknownAccessKey"],
    ["that is empty", "", "UnknownAccessKey"],
  ])("%s is refused", (_, key, code) => {
    expect(caught(() => verify(bearer(key), options)).code).toBe(code);
  });

  test("of which a character is changed is refused", () => {
    const text = Buffer.from(bedrockKey().slice("bedrock-api-key-".length), "base64").toString("latin1");
    const changed = text.replace(/Signature=(.)/, (_, char: string) => `Signature=${char === "0" ? "1" : "0"}`);
    const key = `bedrock-api-key-${Buffer.from(changed, "latin1").toString("base64")}`;
    expect(caught(() => verify(bearer(key), options)).code).toBe("SignatureDoesNotMatch");
  });
});

test("AWS IoT's URL holds its token outside of the signature, as nobody else's may for S3", () => {
  expect(verify(requests.websocket as AwsRequest, options).authorization.webSocket).toBe(true);
  const s3Url = presign(head(bucket, { target: "/key" }), { ...url, tokenUnsigned: true });
  expect(caught(() => verify({ ...s3Url, body: undefined }, options)).code).toBe("SignatureDoesNotMatch");
});

function v2Header(): AwsRequest {
  const request = put([
    ["Date", now.toUTCString()],
    ["Content-Type", "text/plain"],
    ["x-amz-security-token", token],
    ["x-amz-meta-a", "b"],
  ]);
  const signed = signatureV2(credentials.secretAccessKey, stringToSignV2(request, { bucket: "bucket" }));
  return {
    ...request,
    headers: [...request.headers, ["Authorization", `AWS ${credentials.accessKeyId}:${signed}`]],
    body,
  };
}

function v2Url({ expires = now.getTime() / 1000 + 300, amz = "" }: { expires?: number; amz?: string }): AwsRequest {
  const amzToken = `&x-amz-security-token=${uriEncode(token, false)}${amz}`;
  const text = `GET\n\n\n${expires}\n${amz === "" ? "" : `${amz.slice(1).replace("=", ":")}\n`}x-amz-security-token:${token}\n/bucket/key`;
  const signed = createHmac("sha1", credentials.secretAccessKey).update(text).digest("base64");
  const query = `AWSAccessKeyId=${credentials.accessKeyId}&Signature=${uriEncode(signed, false)}${amzToken}&Expires=${expires}`;
  return { ...head(bucket, { target: `/key?${query}` }), body: undefined };
}

function bedrockKey({
  action = "CallWithBearerToken",
  service = "bedrock",
  more = "",
  host = "bedrock.amazonaws.com",
} = {}): string {
  const request = { ...head("bedrock.amazonaws.com", { method: "POST", target: `/?Action=${action}${more}` }) };
  const { target } = presign(
    { ...request, headers: [["host", "bedrock.amazonaws.com"]] },
    { ...url, region: "us-west-2", service, payload: EMPTY_SHA256, expiresSeconds: 43_200 },
  );
  return `bedrock-api-key-${Buffer.from(`${host}${target}&Version=1`, "latin1").toString("base64")}`;
}

function bearer(key: string): AwsRequest {
  const host = "bedrock-runtime.us-west-2.amazonaws.com";
  return {
    ...head(host, { method: "POST", target: "/model/m/converse", headers: [["Authorization", `Bearer ${key}`]] }),
    body,
  };
}
