import { inspect } from "node:util";
import { type AwsRequest, type Headers, headerValue, splitTarget } from "@iap/aws-core";
import {
  canonicalRequest,
  EMPTY_SHA256,
  formatCredentialScope,
  pathRule,
  SigningKeys,
  sha256Hex,
  sign,
  signature,
  signingKey,
  stringToSign,
} from "@iap/sigv4";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { authenticate, inboundSeed, parseAuthorization, type VerifyOptions, verify } from "../src/index.ts";
import { type AgentRequestInit, agentKey, agentRequest, now, ringOf, withHeader, withHeaders } from "./agent.ts";
import { caught } from "./caught.ts";
import { presigned } from "./presign.ts";

const options: VerifyOptions = { keys: ringOf(agentKey), now };

const byte = fc.integer({ min: 0, max: 255 });
const latin1 = fc.array(byte, { maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("latin1"));
// A target as HTTP has it: no blanks, no fragment.
const target = fc
  .tuple(fc.stringMatching(/^[!"$-~]{0,20}$/), fc.option(fc.stringMatching(/^[!"$-~]{0,20}$/)))
  .map(([path, query]) => `/${path.replaceAll("?", "")}${query === null ? "" : `?${query}`}`)
  .filter((text) => !/x-amz-|%/i.test(text) || !/x(-|%2d)amz(-|%2d)/i.test(text));
const headerValues = fc.stringMatching(/^[ -~\u00a0-\u00ff]{0,20}$/);
const headers: fc.Arbitrary<Headers> = fc.array(
  fc.tuple(
    fc.constantFrom("Accept", "X-Amz-Meta-A", "x-amz-meta-a", "Content-Type", "X-Custom", "Range"),
    headerValues,
  ),
  { maxLength: 5 },
);

const requests: fc.Arbitrary<AgentRequestInit> = fc.record({
  service: fc.constantFrom("s3", "sqs", "lambda", "s3-outposts"),
  region: fc.constantFrom("us-east-1", "eu-west-1"),
  method: fc.constantFrom("GET", "PUT", "POST", "DELETE"),
  target,
  headers,
  body: latin1,
});

test("whatever sign() signs, verify() accepts", () => {
  fc.assert(
    fc.property(requests, (init) => {
      const request = agentRequest(init);
      const verified = verify(request, options);
      expect(verified.key).toBe(agentKey);
      expect(verified.request).toBe(request);
      expect(verified.payload).toBe(sha256Hex(request.body ?? ""));
      expect(verified.body).toMatchObject({ kind: "bytes", bytes: request.body });
    }),
    { numRuns: 300 },
  );
});

describe("a request changed in any one byte of what was signed is refused", () => {
  const request = agentRequest({
    service: "sqs",
    target: "/queue/a%2Fb?x=1&y=%20",
    headers: [
      ["X-Amz-Target", "AmazonSQS.SendMessage"],
      ["Content-Type", "application/x-amz-json-1.0"],
      ["X-Custom", "v"],
    ],
    body: '{"a":1}',
  });

  function flips(text: string): string[] {
    return Array.from(text, (char, at) => {
      const other = String.fromCharCode(char.charCodeAt(0) ^ 1);
      return text.slice(0, at) + other + text.slice(at + 1);
    });
  }

  test("the method", () => {
    for (const method of flips("POST")) refused({ ...request, method });
  });

  test("the target", () => {
    for (const changed of flips(request.target)) {
      // A changed `?` moves the query into the path, and `%20` and its like may still decode to what was signed.
      if (changed !== request.target) refused({ ...request, target: changed });
    }
  });

  test("each signed header's value, the signature itself included", () => {
    for (const [name, value] of request.headers) {
      for (const changed of flips(value)) refused(withHeader(request, name.toLowerCase(), () => changed));
    }
  });

  test("the body", () => {
    for (const body of flips('{"a":1}')) refused({ ...request, body: Buffer.from(body) });
    refused({ ...request, body: new Uint8Array() });
  });

  test("a signed header that is dropped, repeated or split", () => {
    for (const [name, value] of request.headers) {
      const lower = name.toLowerCase();
      refused(withHeaders(request, (lines) => lines.filter(([key]) => key !== name)));
      refused(withHeaders(request, (lines) => [...lines, [lower, value]]));
    }
  });

  function refused(changed: AwsRequest): void {
    const { code } = caught(() => verify(changed, options));
    const codes = [
      "SignatureDoesNotMatch",
      "MalformedAuthorization",
      "InvalidToken",
      "UnknownAccessKey",
      "MissingAuthentication",
    ];
    expect([...codes, "RequestTimeTooSkewed"]).toContain(code);
  }
});

test("a header added after signing is not protected, and does not break the signature", () => {
  const request = withHeaders(agentRequest(), (lines) => [...lines, ["X-Added", "1"], ["X-Amz-Added", "1"]]);
  expect(verify(request, options).key).toBe(agentKey);
});

describe("to S3, x-amz-* headers must be signed", () => {
  const s3 = agentRequest({ service: "s3", method: "PUT", target: "/bucket/key" });

  test.each(["x-amz-acl", "X-Amz-Copy-Source", "x-amz-meta-a", "x-amz-target"])("%s is refused unsigned", (name) => {
    for (const request of [s3, presigned()]) {
      const error = caught(() =>
        verify(
          withHeaders(request, (lines) => [...lines, [name, "x"]]),
          options,
        ),
      );
      expect(error.code).toBe("HeadersNotSigned");
      expect(error.details).toEqual({ HeadersNotSigned: name.toLowerCase() });
    }
  });

  test("but for those that are judged by themselves or change on the way", () => {
    const exempt: Headers = [
      ["x-amz-user-agent", "x"],
      ["X-Amzn-Trace-Id", "x"],
    ];
    expect(
      verify(
        withHeaders(s3, (lines) => [...lines, ...exempt]),
        options,
      ).key,
    ).toBe(agentKey);
  });
});

describe("the body", () => {
  const hash = sha256Hex("hello");
  const hashed = agentRequest({ body: "hello", headers: [["x-amz-content-sha256", hash]] });

  test("with a hash is checked when it is here, and streams through a filter when it is not", () => {
    expect(verify(hashed, options).body).toMatchObject({ kind: "bytes", bytes: Buffer.from("hello") });
    const error = caught(() => verify({ ...hashed, body: Buffer.from("hellO") }, options));
    expect(error.code).toBe("ContentSha256Mismatch");
    const { body, payload } = verify({ ...hashed, body: undefined }, options);
    expect(payload).toBe(hash);
    if (body.kind !== "stream") throw new Error("the body should stream");
    expect(body.integrity).toBe("hash");
    const filter = body.filter();
    filter.push(Buffer.from("hello"));
    expect(filter.end()).toEqual(Buffer.from("hello"));
    const other = body.filter();
    other.push(Buffer.from("other"));
    expect(caught(() => other.end()).code).toBe("ContentSha256Mismatch");
  });

  test("without a hash must be collected first", () => {
    const error = caught(() => verify({ ...agentRequest({ body: "hello" }), body: undefined }, options));
    expect(error.code).toBe("InternalFailure");
  });

  test("that is unsigned streams as it is", () => {
    const init: AgentRequestInit = { service: "s3", payload: "UNSIGNED-PAYLOAD", body: "hello" };
    const request = agentRequest({ ...init, headers: [["x-amz-content-sha256", "UNSIGNED-PAYLOAD"]] });
    expect(verify(request, options).payload).toBe("UNSIGNED-PAYLOAD");
    expect(verify({ ...request, body: undefined }, options).body).toMatchObject({ kind: "stream", integrity: "none" });
    expect(verify({ ...request, body: Buffer.from("other") }, options).body.kind).toBe("bytes");
  });

  describe("that is an unsigned stream", () => {
    const payload = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
    const body = "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n";
    const stream = (...lengths: readonly string[]): AwsRequest =>
      agentRequest({
        service: "s3",
        method: "PUT",
        payload,
        body,
        headers: [
          ["x-amz-content-sha256", payload],
          ["x-amz-trailer", "x-amz-checksum-crc32"],
          ...lengths.map((length) => ["x-amz-decoded-content-length", length] as const),
        ],
      });

    test("has its framing checked, here or on the way", () => {
      expect(verify(stream("5"), options).payload).toBe(payload);
      expect(verify(stream("5"), options).body).toMatchObject({ kind: "bytes", bytes: Buffer.from(body) });
      expect(verify({ ...stream("5"), body: undefined }, options).body).toMatchObject({
        kind: "stream",
        integrity: "chunks",
      });
      const broken = { ...stream("5"), body: Buffer.from(`${body}x`) };
      expect(caught(() => verify(broken, options)).code).toBe("InvalidRequest");
    });

    test("is held to the length and the trailers announced", () => {
      expect(caught(() => verify(stream("6"), options)).code).toBe("IncompleteBody");
      const { body: streaming } = verify({ ...stream("6"), body: undefined }, options);
      if (streaming.kind !== "stream") throw new Error("the body should stream");
      const filter = streaming.filter();
      expect(caught(() => filter.push(Buffer.from(body))).code).toMatch(/^(IncompleteBody|InvalidRequest)$/);
    });

    test("without a length is held to its framing alone", () => {
      const request = stream();
      expect(verify(request, options).body).toMatchObject({ kind: "bytes", bytes: Buffer.from(body) });
      const cut = { ...request, body: Buffer.from(body.slice(0, -4)) };
      expect(caught(() => verify(cut, options)).code).toBe("IncompleteBody");
    });

    test("with two lengths is refused, though they agree", () => {
      expect(caught(() => verify(stream("5", "5"), options)).code).toBe("InvalidRequest");
    });

    test.each(["", "-1", "5 ", "0x5", "5,5", "1e3"])("with a length of %j is refused", (length) => {
      expect(caught(() => verify(stream(length), options)).code).toBe("InvalidRequest");
    });
  });
});

describe("a presigned URL", () => {
  test("is accepted until any byte of it changes", () => {
    const request = presigned();
    expect(verify(request, options).body).toMatchObject({ kind: "bytes", bytes: request.body });
    expect(caught(() => verify({ ...request, method: "PUT" }, options)).code).toBe("SignatureDoesNotMatch");
    const more = { ...request, target: `${request.target}&versionId=1` };
    expect(caught(() => verify(more, options)).code).toBe("SignatureDoesNotMatch");
    const { path, query = "" } = splitTarget(request.target);
    const moved = { ...request, target: `${path}?${query.split("&").reverse().join("&")}` };
    expect(verify(moved, options).key).toBe(agentKey);
  });

  test("of another service covers the body", () => {
    const request = presigned({ service: "sts", method: "POST", body: "Action=GetCallerIdentity" });
    expect(verify(request, options).payload).toBe(sha256Hex("Action=GetCallerIdentity"));
    expect(caught(() => verify({ ...request, body: Buffer.from("x") }, options)).code).toBe("SignatureDoesNotMatch");
  });

  test("signed anew in its header is accepted, its other parameters in place", () => {
    const { authorization, payload, request } = verify(presigned({ target: "/k%20y?versionId=%2f&x" }), options);
    const { region, service } = authorization.scope;
    const again = sign(request, { credentials: agentKey.credentials, region, service, now, payload });
    expect(again.target).toBe("/k%20y?versionId=%2f&x");
    expect(verify({ ...again, body: undefined }, options).payload).toBe("UNSIGNED-PAYLOAD");
  });
});

test("a Signature Version 2 begins no chain of signatures: no body streams after it", () => {
  const authorization = { ...parseAuthorization(agentRequest({ service: "s3" })), algorithm: "AWS" as const };
  expect(caught(() => inboundSeed(authorization, agentKey)).code).toBe("InternalFailure");
});

test("what the JavaScript SDK sends over HTTP/2, signing :authority in place of host, is accepted", () => {
  const { credentials } = agentKey;
  const headers: Headers = [
    [":authority", "transcribe.us-east-1.amazonaws.com"],
    ["x-amz-date", "20261123T123456Z"],
    ["x-amz-security-token", credentials.sessionToken ?? ""],
  ];
  const signedHeaders = headers.map(([name]) => name);
  const host = "transcribe.us-east-1.amazonaws.com";
  const head: AwsRequest = { httpVersion: "2", method: "POST", target: "/x", headers, host, body: new Uint8Array() };
  const scope = { date: "20261123", region: "us-east-1", service: "transcribe" };
  const canonical = canonicalRequest(head, {
    pathRule: pathRule("transcribe"),
    signedHeaders,
    payloadHash: EMPTY_SHA256,
  });
  const toSign = stringToSign(canonical, { amzDate: "20261123T123456Z", scope: formatCredentialScope(scope) });
  const hex = signature(signingKey(credentials.secretAccessKey, scope), toSign);
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${formatCredentialScope(scope)}, SignedHeaders=${signedHeaders.join(";")}, Signature=${hex}`;
  const signed: AwsRequest = { ...head, headers: [...headers, ["authorization", authorization]] };
  expect(verify(signed, options).key).toBe(agentKey);
  const elsewhere = withHeader(signed, ":authority", () => "other.us-east-1.amazonaws.com");
  expect(caught(() => verify(elsewhere, options)).code).toBe("SignatureDoesNotMatch");
});

test("what was found out before is not found out again", () => {
  const request = agentRequest();
  const authorization = parseAuthorization(request);
  const key = authenticate(authorization, options);
  const nobody = { lookup: () => undefined };
  expect(verify(request, { keys: nobody, now, authorization, key }).authorization).toBe(authorization);
});

test("keys remembered or not, the verdict is the same", () => {
  const signingKeys = new SigningKeys();
  const request = agentRequest();
  for (let i = 0; i < 3; i++) expect(verify(request, { ...options, signingKeys }).key).toBe(agentKey);
  const changed = { ...request, method: "PUT" };
  expect(caught(() => verify(changed, { ...options, signingKeys })).code).toBe("SignatureDoesNotMatch");
});

test("a signature that does not match shows what was calculated, of the inbound request alone, and no secret", () => {
  const request = { ...agentRequest({ body: "hello" }), body: Buffer.from("other") };
  const error = caught(() => verify(request, options));
  const { signature } = parseAuthorization(request);
  expect(error.details).toEqual({
    AWSAccessKeyId: "ASIAEXAMPLEAGENTKEY1",
    StringToSign: expect.stringMatching(
      /^AWS4-HMAC-SHA256\n20261123T123456Z\n20261123\/us-east-1\/sqs\/aws4_request\n/,
    ),
    SignatureProvided: signature,
    CanonicalRequest: expect.stringContaining(`\n${sha256Hex("other")}`),
  });
  expect(inspect(error, { depth: 9 })).not.toContain("agent-secret");
});

test("an empty body is hashed as one", () => {
  expect(verify(agentRequest({ method: "GET" }), options).payload).toBe(EMPTY_SHA256);
});

test("garbage is refused with an AwsError and never crashes", () => {
  const garbage = fc.record({
    method: fc.constantFrom("GET", "POST"),
    target: latin1.map((text) => `/${text}`),
    authorization: fc.oneof(
      latin1,
      latin1.map((text) => `AWS4-HMAC-SHA256 ${text}`),
      fc
        .array(
          fc.constantFrom(
            "AWS4-HMAC-SHA256 ",
            "Credential=",
            "SignedHeaders=",
            "Signature=",
            ",",
            ";",
            "/",
            "host",
            "a/20261123/r/s/aws4_request",
            "0".repeat(64),
            " ",
          ),
          { maxLength: 12 },
        )
        .map((parts) => `AWS4-HMAC-SHA256 ${parts.join("")}`),
    ),
    extra: fc.array(fc.tuple(fc.constantFrom("x-amz-date", "date", "x-amz-content-sha256", "content-type"), latin1), {
      maxLength: 3,
    }),
  });
  fc.assert(
    fc.property(garbage, ({ method, target: of, authorization, extra }) => {
      const lines: Headers = [["Host", "h"], ["Authorization", authorization], ...extra];
      const request: AwsRequest = {
        httpVersion: "1.1",
        method,
        target: of,
        headers: lines,
        host: "h",
        body: new Uint8Array(),
      };
      expect(caught(() => verify(request, options)).code).not.toBe("InternalFailure");
      expect(headerValue(request.headers, "host")).toBe("h");
    }),
    { numRuns: 1000 },
  );
});

test("a token that stands in a header of a URL, and not in it, does not make another signature right", () => {
  const url = presigned({ service: "sts" });
  const target = url.target.replace(/&X-Amz-Security-Token=[^&]*/, "").replace(/Signature=./, "Signature=0");
  const headers = [...url.headers, ["X-Amz-Security-Token", "agent-token"]] as const;
  const moved = { ...url, target, headers };
  expect(caught(() => verify(moved, { keys: ringOf(agentKey), now })).code).toBe("SignatureDoesNotMatch");
});
