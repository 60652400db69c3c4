import { type AwsRequest, type Headers, headerValue } from "@iap/aws-core";
import { describe, expect, test } from "vitest";
import { parseAuthorization } from "../src/index.ts";
import { agentRequest, now, withHeader, withHeaders } from "./agent.ts";
import { caught } from "./caught.ts";
import { presigned } from "./presign.ts";

const request = agentRequest({ headers: [["X-Amz-Target", "AmazonSQS.SendMessage"]] });
const HEX = "0123456789abcdef".repeat(4);

describe("the header form", () => {
  test("says who signed, what for, when, and how", () => {
    expect(parseAuthorization(request)).toEqual({
      form: "header",
      algorithm: "AWS4-HMAC-SHA256",
      accessKeyId: "ASIAEXAMPLEAGENTKEY1",
      scope: { date: "20261123", region: "us-east-1", service: "sqs" },
      signedHeaders: ["host", "x-amz-date", "x-amz-security-token", "x-amz-target"],
      signature: expect.stringMatching(/^[0-9a-f]{64}$/),
      date: now,
      amzDate: "20261123T123456Z",
      sessionToken: "agent-token",
      payload: { kind: "collect" },
    });
  });

  test.each([
    ["no blanks", (value: string) => value.replaceAll(", ", ",")],
    ["two blanks", (value: string) => value.replaceAll(", ", ",  ")],
    ["tabs", (value: string) => value.replaceAll(", ", "\t,\t").replace("SHA256 ", "SHA256\t")],
    ["blanks at both ends", (value: string) => ` \t${value} \t`],
    ["the parts in another order", (value: string) => reordered(value)],
  ])("may have %s", (_, change) => {
    expect(parseAuthorization(withHeader(request, "authorization", change))).toEqual(parseAuthorization(request));
  });

  test("may have its header in any case", () => {
    const renamed = withHeaders(request, (headers) => headers.map(([name, value]) => [name.toLowerCase(), value]));
    expect(parseAuthorization(renamed)).toEqual(parseAuthorization(request));
  });

  test("may be dated by a Date header, in either of its formats", () => {
    const dated = (date: string): AwsRequest =>
      withHeaders(request, (headers) => [...headers.filter(([name]) => name !== "x-amz-date"), ["Date", date]]);
    for (const date of ["Mon, 23 Nov 2026 12:34:56 GMT", "20261123T123456Z"]) {
      const { amzDate, date: at } = parseAuthorization(withoutSigned(dated(date), "x-amz-date"));
      expect(amzDate).toBe("20261123T123456Z");
      expect(at).toEqual(now);
    }
  });

  test("is dated by x-amz-date when there is a Date too", () => {
    const both = withHeaders(request, (headers) => [...headers, ["Date", "not a date"]]);
    expect(parseAuthorization(both).date).toEqual(now);
  });
});

describe("the form of the body", () => {
  test.each([
    ["a SHA-256", HEX, { kind: "hash", hex: HEX }],
    ["UNSIGNED-PAYLOAD", "UNSIGNED-PAYLOAD", { kind: "unsigned" }],
    ["an unsigned stream", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", { kind: "unsignedTrailer" }],
  ])("%s", (_, value, payload) => {
    const stated = withHeaders(request, (headers) => [...headers, ["x-amz-content-sha256", value]]);
    expect(parseAuthorization(stated).payload).toEqual(payload);
  });

  test.each(["", HEX.toUpperCase(), HEX.slice(1), "unsigned-payload", "STREAMING", `${HEX} ${HEX}`])(
    "%j is refused",
    (value) => {
      const stated = withHeaders(request, (headers) => [...headers, ["x-amz-content-sha256", value]]);
      expect(caught(() => parseAuthorization(stated)).code).toBe("MalformedAuthorization");
    },
  );
});

describe("the query form", () => {
  test("says the same, and how long it holds", () => {
    expect(parseAuthorization(presigned({ expires: "60" }))).toEqual({
      form: "query",
      algorithm: "AWS4-HMAC-SHA256",
      accessKeyId: "ASIAEXAMPLEAGENTKEY1",
      scope: { date: "20261123", region: "us-east-1", service: "s3" },
      signedHeaders: ["host"],
      signature: expect.stringMatching(/^[0-9a-f]{64}$/),
      date: now,
      amzDate: "20261123T123456Z",
      sessionToken: "agent-token",
      payload: { kind: "unsigned" },
      expiresSeconds: 60,
    });
  });

  test("has one session token: an S3 Express session's or another", () => {
    const url = presigned();
    const both = { ...url, target: `${url.target}&X-Amz-S3session-Token=t` };
    expect(caught(() => parseAuthorization(both)).code).toBe("MalformedAuthorization");
  });

  test("of another service than S3 covers the body", () => {
    expect(parseAuthorization(presigned({ service: "sts" })).payload).toEqual({ kind: "collect" });
  });

  test("may state its body's hash, in the query or a header, but not in two ways", () => {
    const url = presigned({ target: `/key?X-Amz-Content-Sha256=${HEX}` });
    expect(parseAuthorization(url).payload).toEqual({ kind: "hash", hex: HEX });
    const header: Headers = [["x-amz-content-sha256", HEX]];
    expect(parseAuthorization(presigned({ headers: header })).payload).toEqual({ kind: "hash", hex: HEX });
    expect(parseAuthorization(withHeaders(url, (headers) => [...headers, ...header])).payload).toEqual({
      kind: "hash",
      hex: HEX,
    });
    const other = withHeaders(url, (headers) => [...headers, ["x-amz-content-sha256", "UNSIGNED-PAYLOAD"]]);
    expect(caught(() => parseAuthorization(other)).code).toBe("MalformedAuthorization");
  });

  test("may have its token in a header, but not another one there", () => {
    const url = presigned();
    const withoutToken = { ...url, target: url.target.replace("&X-Amz-Security-Token=agent-token", "") };
    const header = (token: string) => (headers: Headers) => [...headers, ["x-amz-security-token", token] as const];
    expect(parseAuthorization(withoutToken).sessionToken).toBeUndefined();
    expect(parseAuthorization(withHeaders(withoutToken, header("agent-token"))).sessionToken).toBe("agent-token");
    expect(caught(() => parseAuthorization(withHeaders(url, header("other")))).code).toBe("MalformedAuthorization");
  });

  test.each([
    ["no credential", /X-Amz-Credential=[^&]*&/, ""],
    ["no date", /X-Amz-Date=[^&]*&/, ""],
    ["no expiry", /X-Amz-Expires=[^&]*&/, ""],
    ["no signed headers", /X-Amz-SignedHeaders=[^&]*&/, ""],
    ["no signature", /&X-Amz-Signature=.*/, ""],
    ["no algorithm", /X-Amz-Algorithm=[^&]*&/, ""],
    ["another algorithm", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"],
    ["a parameter twice", "X-Amz-Date=", "X-Amz-Date=20261123T123456Z&X-Amz-Date="],
    ["a parameter in another case", "X-Amz-Date=", "x-amz-date="],
    ["a parameter twice, once escaped", "X-Amz-Date=", "X%2DAmz-Date=20261123T123456Z&X-Amz-Date="],
    ["expiry zero", "X-Amz-Expires=900", "X-Amz-Expires=0"],
    ["expiry after a week", "X-Amz-Expires=900", "X-Amz-Expires=604801"],
    ["expiry before now", "X-Amz-Expires=900", "X-Amz-Expires=-1"],
    ["expiry in fractions", "X-Amz-Expires=900", "X-Amz-Expires=1.5"],
    ["expiry in words", "X-Amz-Expires=900", "X-Amz-Expires=1e3"],
    ["a date that is none", "X-Amz-Date=20261123T123456Z", "X-Amz-Date=20261123T993456Z"],
    ["a date of another day than the scope's", "X-Amz-Date=20261123T123456Z", "X-Amz-Date=20261124T000000Z"],
    ["no host among the signed headers", "X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=range"],
    ["a signature cut short", /.$/, ""],
  ])("with %s is refused", (_, part, replacement) => {
    const { target } = presigned();
    const changed = target.replace(part, replacement);
    expect(changed).not.toBe(target);
    expect(caught(() => parseAuthorization({ ...presigned(), target: changed })).code).toBe("MalformedAuthorization");
  });

  test.each(["1", "604800"])("may hold for %s seconds", (expires) => {
    expect(parseAuthorization(presigned({ expires })).expiresSeconds).toBe(Number(expires));
  });
});

describe("what is malformed, or can be read in two ways, is refused", () => {
  const change = (from: string | RegExp, to: string) =>
    withHeader(request, "authorization", (v) => v.replace(from, to));
  test.each<[string, AwsRequest]>([
    ["no part at all", change(/ .*/, "")],
    ["another scheme", change("AWS4-HMAC-SHA256", "aws4-hmac-sha256")],
    ["a scheme that runs on", change("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA2567")],
    ["an empty header", withHeader(request, "authorization", () => "")],
    ["no credential", change(/Credential=[^,]*, /, "")],
    ["no signed headers", change(/SignedHeaders=[^,]*, /, "")],
    ["no signature", change(/, Signature=.*/, "")],
    ["a credential twice", change("Credential=", "Credential=x, Credential=")],
    ["an unknown part", change("Credential=", "Extra=1, Credential=")],
    ["an empty part", change(", SignedHeaders", ", , SignedHeaders")],
    ["a comma at the end", change(/$/, ",")],
    ["a part in another case", change("Credential=", "credential=")],
    ["parts without commas", change(", Signature", " Signature")],
    ["no access key id", change("ASIAEXAMPLEAGENTKEY1", "")],
    ["an access key id with other characters", change("ASIAEXAMPLEAGENTKEY1", "ASIA.EXAMPLE")],
    ["a scope cut short", change("/aws4_request", "")],
    ["a scope of another version", change("aws4_request", "aws5_request")],
    ["a scope date that is none", change("20261123", "20261131")],
    ["a scope of another day", change("20261123", "20261122")],
    ["upper-case signed headers", change("host;", "Host;")],
    ["unsorted signed headers", change("host;x-amz-date", "x-amz-date;host")],
    ["a signed header twice", change("host;", "host;host;")],
    ["an empty signed header", change("host;", ";host;")],
    ["no signed headers in the list", change(/SignedHeaders=[^,]*/, "SignedHeaders=")],
    ["signed headers with blanks", change("host;", "host; ")],
    ["no host among the signed headers", change("host;", "")],
    ["an upper-case signature", change(/Signature=.*/, `Signature=${HEX.toUpperCase()}`)],
    ["a signature too short", change(/.$/, "")],
    ["a signature too long", change(/$/, "0")],
    ["a signature that is not hex", change(/.$/, "g")],
    ["a date that is none", withHeader(request, "x-amz-date", () => "20261123T250000Z")],
    ["a date of another form", withHeader(request, "x-amz-date", () => "2026-11-23T12:34:56Z")],
    ["two Authorization headers", twice("Authorization")],
    ["two dates", twice("x-amz-date")],
    ["two tokens", twice("x-amz-security-token")],
    ["two hosts", twice("Host")],
    ["no date at all", withHeaders(request, (headers) => headers.filter(([name]) => name !== "x-amz-date"))],
    [
      "a Date header that is no date",
      withHeaders(withoutSigned(request, "x-amz-date"), (h) => [
        ...h.filter(([name]) => name.toLowerCase() !== "x-amz-date"),
        ["Date", "yesterday"],
      ]),
    ],
    [
      "a signature of SigV4a that is none",
      withHeaders(request, (h) =>
        h.map(([name, value]) =>
          name === "Authorization"
            ? [
                name,
                `AWS4-ECDSA-P256-SHA256 Credential=ASIAEXAMPLEAGENTKEY1/20261123/sqs/aws4_request, SignedHeaders=host;x-amz-date, Signature=${"0".repeat(15)}`,
              ]
            : [name, value],
        ),
      ),
    ],
    [
      "a scope of SigV4a with a region",
      withHeaders(request, (h) =>
        h.map(([name, value]) =>
          name === "Authorization"
            ? [
                name,
                `AWS4-ECDSA-P256-SHA256 Credential=ASIAEXAMPLEAGENTKEY1/20261123/us-east-1/sqs/aws4_request, SignedHeaders=host;x-amz-date, Signature=${"0".repeat(140)}`,
              ]
            : [name, value],
        ),
      ),
    ],
    ["two hashes", withHeaders(request, (h) => [...h, ["x-amz-content-sha256", HEX], ["X-Amz-Content-Sha256", HEX]])],
    ["a header and a presigned parameter in another case", { ...request, target: "/?x-amz-algorithm=0" }],
  ])("%s", (_, changed) => {
    expect(caught(() => parseAuthorization(changed)).code).toBe("MalformedAuthorization");
  });

  test("and the message never repeats what may be a secret", () => {
    for (const value of ["secret-token-1", "AWS4-HMAC-SHA256 secret-token-1", "AWS4-HMAC-SHA256 X=secret-token-1"]) {
      const error = caught(() => parseAuthorization(withHeader(request, "authorization", () => value)));
      expect(error.message + JSON.stringify(error.details)).not.toContain("secret-token-1");
    }
  });
});

test.each<[string, AwsRequest]>([
  ["a header and a presigned query", { ...request, target: presigned().target }],
  ["a header and one presigned parameter", { ...request, target: "/?X-Amz-Signature=0" }],
  ["a header and a Signature Version 2", { ...request, target: "/?AWSAccessKeyId=x&Signature=y&Expires=1" }],
  ["a header and an escaped presigned parameter", { ...request, target: "/?X-Amz-Security%2dToken=0" }],
  [
    "both versions in the query",
    {
      ...request,
      headers: [],
      host: "b.s3.amazonaws.com",
      target: `${presigned().target}&AWSAccessKeyId=x&Signature=y&Expires=1`,
    },
  ],
])("%s are two mechanisms, of which one is allowed", (_, changed) => {
  const error = caught(() => parseAuthorization(changed));
  expect(error.code).toBe("MultipleAuthentication");
  expect(error.message).toContain("Only one auth mechanism allowed");
});

describe("what is no signature of this proxy's agents is refused", () => {
  const authorization = (value: string) => withHeader(request, "authorization", () => value);
  test.each(["Bearer x", "Bearer bedrock-api-key-x", "Bearer ABSKsecret", "bearer x", "Basic x"])("%s", (value) => {
    const error = caught(() => parseAuthorization(authorization(value)));
    expect(error.code).toBe("UnknownAccessKey");
    expect(error.message).not.toContain("secret");
  });
});

describe("a request that is not signed is missing authentication", () => {
  test.each<[string, AwsRequest]>([
    ["no header", withHeaders(request, (headers) => headers.filter(([name]) => name !== "Authorization"))],
    [
      "only a token",
      {
        ...request,
        headers: [
          ["Host", "h"],
          ["x-amz-security-token", "x"],
        ],
      },
    ],
    [
      "an S3 POST form, signed in its fields",
      { ...request, host: "b.s3.amazonaws.com", headers: [["Content-Type", "multipart/form-data; boundary=B"]] },
    ],
    ["a multipart form to another service", { ...request, headers: [["Content-Type", "multipart/form-data"]] }],
  ])("%s", (_, changed) => {
    expect(caught(() => parseAuthorization(changed)).code).toBe("MissingAuthentication");
  });
});

test("on HTTP/2 the authority may be signed in place of the host, on HTTP/1.1 not", () => {
  const list = "SignedHeaders=:authority;x-amz-date;x-amz-security-token;x-amz-target";
  const h2 = withHeader({ ...request, httpVersion: "2" }, "authorization", (v) =>
    v.replace(/SignedHeaders=[^,]*/, list),
  );
  expect(parseAuthorization(h2).signedHeaders[0]).toBe(":authority");
  expect(caught(() => parseAuthorization({ ...h2, httpVersion: "1.1" })).code).toBe("MalformedAuthorization");
});

function reordered(value: string): string {
  const [scheme, parts = ""] = [value.slice(0, value.indexOf(" ")), value.slice(value.indexOf(" ") + 1)];
  return `${scheme} ${parts.split(", ").reverse().join(", ")}`;
}

function twice(name: string): AwsRequest {
  return withHeaders(request, (headers) => [...headers, [name, headerValue(headers, name.toLowerCase()) ?? ""]]);
}

function withoutSigned(of: AwsRequest, name: string): AwsRequest {
  return withHeader(of, "authorization", (value) => value.replace(`;${name}`, ""));
}
