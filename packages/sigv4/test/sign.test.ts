import { Credentials, type Headers, headerValue, headerValues, type RequestHead } from "@iap/aws-core";
import { describe, expect, test } from "vitest";
import { EMPTY_SHA256, SigningKeys, type SignOptions, sha256Hex, sign } from "../src/index.ts";
import { readSignature } from "./read-signature.ts";
import { received, type SigV4Vector, sharedVectors } from "./vectors.ts";

const now = new Date("2026-11-23T12:34:56Z");
const credentials = new Credentials({
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  sessionToken: "real-token",
});
const sqs: SignOptions = { credentials, region: "us-east-1", service: "sqs", now, payload: EMPTY_SHA256 };
const s3: SignOptions = { ...sqs, service: "s3" };

function request(headers: Headers, target = "/"): RequestHead {
  return {
    httpVersion: "1.1",
    method: "GET",
    target,
    headers: [["Host", "example.amazonaws.com"], ...headers],
    host: "example.amazonaws.com",
  };
}

const names = (headers: Headers): string[] => headers.map(([name]) => name);

describe("AWS's vectors (IAP_SHARED_DIR)", () => {
  // Those whose path a service of another rule would sign otherwise are compared in canonical-request.test.ts.
  const vectors = sharedVectors().filter(
    ({ form, signature, config, id }) =>
      form === "header" &&
      signature !== null &&
      (config.normalizePath || config.service === "s3") &&
      !id.includes("sts-header-after"),
  );
  test.skipIf(vectors.length === 0)("are there", () => {
    expect(vectors.length).toBeGreaterThan(60);
  });

  test.skipIf(vectors.length === 0).each(vectors)("$id", ({ config, credentials: of, signedRequest, signature }) => {
    const signed = received(signedRequest as NonNullable<SigV4Vector["signedRequest"]>);
    const { signedHeaders, amzDate } = readSignature(signed);
    const again = sign(signed, {
      credentials: new Credentials({ ...of, secretAccessKey: of.secretAccessKey ?? "" }),
      region: config.region,
      service: config.service,
      now: new Date(config.timestamp),
      payload: headerValue(signed.headers, "x-amz-content-sha256") ?? sha256Hex(signed.body ?? ""),
      signedHeaders,
    });
    expect(headerValue(again.headers, "x-amz-date")).toBe(amzDate);
    // A vector that leaves a header unsigned, which is always signed here, has another signature.
    if (readSignature(again).signedHeaders.join() === signedHeaders.join()) {
      expect(readSignature(again).signature).toBe(signature);
    }
  });
});

test("what authenticated the request is replaced in place, under the names it came with", () => {
  const head = request([
    ["AUTHORIZATION", "AWS4-HMAC-SHA256 old"],
    ["X-Amz-Date", "20000101T000000Z"],
    ["X-Custom", "1"],
    ["X-AMZ-Security-Token", "fake-token"],
  ]);
  const signed = sign(head, sqs);
  expect(names(signed.headers)).toEqual(["Host", "AUTHORIZATION", "X-Amz-Date", "X-Custom", "X-AMZ-Security-Token"]);
  expect(headerValues(signed.headers, "x-amz-date")).toEqual(["20261123T123456Z"]);
  expect(headerValues(signed.headers, "x-amz-security-token")).toEqual(["real-token"]);
  expect(headerValues(signed.headers, "authorization")).toHaveLength(1);
  expect(JSON.stringify(signed.headers)).not.toMatch(/old|fake-token|20000101/);
});

test("what is missing is added at the end", () => {
  const signed = sign({ ...request([]), headers: [] }, sqs);
  expect(names(signed.headers)).toEqual(["Host", "x-amz-date", "x-amz-security-token", "Authorization"]);
  expect(headerValue(signed.headers, "host")).toBe("example.amazonaws.com");
});

test("credentials without a session token send none, also not the agent's", () => {
  const longTerm = new Credentials({ accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" });
  const signed = sign(request([["x-amz-security-token", "fake-token"]]), { ...sqs, credentials: longTerm });
  expect(headerValues(signed.headers, "x-amz-security-token")).toEqual([]);
  expect(readSignature(signed).signedHeaders).not.toContain("x-amz-security-token");
});

test("repeated lines of what is replaced do not survive", () => {
  const twice: Headers = [
    ["x-amz-date", "a"],
    ["X-Amz-Date", "b"],
    ["x-amz-security-token", "c"],
    ["X-Amz-Security-Token", "d"],
    ["authorization", "e"],
    ["Authorization", "f"],
  ];
  expect(names(sign(request(twice), sqs).headers)).toEqual([
    "Host",
    "x-amz-date",
    "x-amz-security-token",
    "authorization",
  ]);
});

test("a Date goes when it was the signing date, and stays when x-amz-date was", () => {
  const date: Headers = [["Date", "Mon, 23 Nov 2026 12:34:56 GMT"]];
  const options = { ...sqs, signedHeaders: ["date", "host"] };
  expect(headerValue(sign(request(date), options).headers, "date")).toBeUndefined();
  expect(headerValue(sign(request(date), sqs).headers, "date")).toBeUndefined();
  const kept = sign(request([...date, ["x-amz-date", "20261123T123456Z"]]), options);
  expect(headerValue(kept.headers, "date")).toBe("Mon, 23 Nov 2026 12:34:56 GMT");
  expect(readSignature(kept).signedHeaders).toContain("date");
});

test("how the request came is dropped: proxies, forwarding, and sessions of another kind", () => {
  const signed = sign(
    request([
      ["Proxy-Authorization", "Basic x"],
      ["Proxy-Connection", "keep-alive"],
      ["X-Forwarded-For", "127.0.0.1"],
      ["X-Forwarded-Proto", "https"],
      ["Forwarded", "for=x"],
      ["Via", "1.1 x"],
      ["x-amz-s3session-token", "x"],
      ["Accept", "*/*"],
    ]),
    { ...sqs, signedHeaders: ["accept", "host", "via", "x-forwarded-for"] },
  );
  expect(names(signed.headers)).toEqual(["Host", "Accept", "x-amz-date", "x-amz-security-token", "Authorization"]);
  expect(readSignature(signed).signedHeaders).toEqual(["accept", "host", "x-amz-date", "x-amz-security-token"]);
});

test("headers of the transport stay where they are and are not signed, even if the client signed them", () => {
  const transport: Headers = [
    ["Connection", "keep-alive"],
    ["Keep-Alive", "timeout=5"],
    ["Transfer-Encoding", "chunked"],
    ["TE", "trailers"],
    ["Trailer", "x"],
    ["Expect", "100-continue"],
    ["Upgrade", "h2c"],
    ["User-Agent", "aws-cli"],
    ["Cache-Control", "no-cache"],
    ["Pragma", "no-cache"],
    ["Referer", "x"],
    ["From", "x"],
    ["Max-Forwards", "1"],
    ["Sec-Fetch-Mode", "cors"],
    ["X-Amzn-Trace-Id", "Root=1"],
  ];
  const signedHeaders = ["host", ...transport.map(([name]) => name.toLowerCase())];
  const signed = sign(request(transport), { ...sqs, signedHeaders });
  expect(signed.headers.slice(0, transport.length + 1)).toEqual([["Host", "example.amazonaws.com"], ...transport]);
  expect(readSignature(signed).signedHeaders).toEqual(["host", "x-amz-date", "x-amz-security-token"]);
});

test("what changes the meaning of the request is signed, whether or not the client did", () => {
  const signed = sign(
    request([
      ["Content-Type", "application/json"],
      ["Content-MD5", "x"],
      ["Content-Encoding", "aws-chunked"],
      ["X-Amz-Target", "x"],
      ["x-amz-meta-a", "1"],
      ["x-amzn-query-mode", "true"],
      ["Accept", "*/*"],
      ["Range", "bytes=0-9"],
      ["x-amzfoo", "1"],
    ]),
    sqs,
  );
  expect(readSignature(signed).signedHeaders).toEqual([
    "content-encoding",
    "content-md5",
    "content-type",
    "host",
    "x-amz-date",
    "x-amz-meta-a",
    "x-amz-security-token",
    "x-amz-target",
    "x-amzn-query-mode",
  ]);
});

test("what the client signed is signed again", () => {
  const signedHeaders = ["accept-encoding", "amz-sdk-request", "content-length", "host", "range"];
  const signed = sign(
    request([
      ["Range", "bytes=0-9"],
      ["Accept-Encoding", "gzip"],
      ["amz-sdk-request", "attempt=1"],
      ["Content-Length", "0"],
      ["If-Match", "x"],
    ]),
    { ...sqs, signedHeaders },
  );
  expect(readSignature(signed).signedHeaders).toEqual([...signedHeaders, "x-amz-date", "x-amz-security-token"]);
});

test("duplicates, order, case and bytes of what stays are kept", () => {
  const own: Headers = [
    ["x-AMZ-Meta-A", "  2 "],
    ["Accept", "b"],
    ["X-Amz-Meta-a", "1"],
    ["accept", "a\xe9"],
  ];
  const signed = sign(request(own), sqs);
  expect(signed.headers.slice(1, 5)).toEqual(own);
});

describe("x-amz-content-sha256", () => {
  test("is added for the S3 family, which demands it, and for no other service", () => {
    for (const service of ["s3", "s3express", "s3-object-lambda", "s3-outposts"]) {
      const signed = sign(request([]), { ...s3, service });
      expect(headerValue(signed.headers, "x-amz-content-sha256")).toBe(EMPTY_SHA256);
      expect(readSignature(signed).signedHeaders).toContain("x-amz-content-sha256");
    }
    expect(headerValue(sign(request([]), sqs).headers, "x-amz-content-sha256")).toBeUndefined();
  });

  test("stays as it came: it selects the form of the body", () => {
    const head = request([["X-Amz-Content-SHA256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"]]);
    const signed = sign(head, { ...s3, payload: "STREAMING-UNSIGNED-PAYLOAD-TRAILER" });
    expect(signed.headers[1]).toEqual(["X-Amz-Content-SHA256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"]);
  });
});

describe("a presigned URL", () => {
  const query = [
    "X-Amz-Algorithm=AWS4-HMAC-SHA256",
    "X-Amz-Credential=AKIDEXAMPLE%2F20261123%2Fus-east-1%2Fs3%2Faws4_request",
    "X-Amz-Date=20261123T123456Z",
    "X-Amz-Expires=900",
    "X-Amz-SignedHeaders=host",
    "X-Amz-Security-Token=fake-token",
    "X-Amz-Content-Sha256=UNSIGNED-PAYLOAD",
    "X-Amz-Signature=00",
  ].join("&");

  test("becomes a header signature, its own parameters untouched", () => {
    const signed = sign(request([["Date", "x"]], `/k%2Fy?x-id=Get+Object&${query}&versionId=%2f`), {
      ...s3,
      payload: "UNSIGNED-PAYLOAD",
    });
    expect(signed.target).toBe("/k%2Fy?x-id=Get+Object&versionId=%2f");
    expect(headerValue(signed.headers, "x-amz-content-sha256")).toBe("UNSIGNED-PAYLOAD");
    expect(headerValue(signed.headers, "x-amz-security-token")).toBe("real-token");
    expect(headerValue(signed.headers, "date")).toBe("x");
    expect(headerValue(signed.headers, "authorization")).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\//);
  });

  test("has one statement of its body: the header follows what was verified", () => {
    const head = request([["x-amz-content-sha256", EMPTY_SHA256]], `/k?${query}`);
    const signed = sign(head, { ...s3, payload: "UNSIGNED-PAYLOAD" });
    expect(headerValues(signed.headers, "x-amz-content-sha256")).toEqual(["UNSIGNED-PAYLOAD"]);
    const twice = { ...head, headers: [...head.headers, ["X-Amz-Content-Sha256", EMPTY_SHA256] as const] };
    expect(sign(twice, { ...s3, payload: "UNSIGNED-PAYLOAD" }).headers).toEqual(signed.headers);
  });

  test("of another service gets a hash header only when its body is unsigned", () => {
    expect(headerValue(sign(request([], `/?${query}`), sqs).headers, "x-amz-content-sha256")).toBeUndefined();
    const unsigned = sign(request([], `/?${query}`), { ...sqs, payload: "UNSIGNED-PAYLOAD" });
    expect(headerValue(unsigned.headers, "x-amz-content-sha256")).toBe("UNSIGNED-PAYLOAD");
  });
});

test("on HTTP/2 the authority is signed as host, and no Host line is added", () => {
  const head: RequestHead = {
    httpVersion: "2",
    method: "POST",
    target: "/",
    headers: [[":authority", "example.amazonaws.com"]],
    host: "example.amazonaws.com",
  };
  const signed = sign(head, { ...sqs, signedHeaders: [":authority"] });
  expect(names(signed.headers)).not.toContain("Host");
  expect(readSignature(signed).signedHeaders).toEqual(["host", "x-amz-date", "x-amz-security-token"]);
  const unsaid = sign({ ...head, headers: [] }, sqs);
  expect(readSignature(unsaid)).toEqual(readSignature(signed));
});

test("keys remembered or not, the signature is the same; the input is not changed", () => {
  const head = request([["X-Amz-Date", "20000101T000000Z"]]);
  const before = structuredClone(head);
  const signingKeys = new SigningKeys();
  const first = sign(head, { ...sqs, signingKeys });
  expect(sign(head, { ...sqs, signingKeys })).toEqual(first);
  expect(sign(head, sqs)).toEqual(first);
  expect(head).toEqual(before);
});
