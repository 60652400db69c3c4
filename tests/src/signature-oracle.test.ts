import { createHash } from "node:crypto";
import { Hash } from "@smithy/core/serde";
import { SignatureV4 } from "@smithy/signature-v4";
import { describe, expect, test } from "vitest";
import { judge, type RealCredentials } from "./fake-aws/signature-oracle.ts";
import type { WireRequest } from "./fake-aws/wire-request.ts";
import { sessionCredentials } from "./test-credentials.ts";

const credentials = sessionCredentials();
const now = new Date("2026-03-04T05:06:07Z");
const place = { service: "dynamodb", region: "eu-west-1" };

/** A request signed as an SDK signs it. */
async function signed(changes: Partial<WireRequest> = {}, signer: RealCredentials = credentials): Promise<WireRequest> {
  const body = Buffer.from('{"TableName":"t"}');
  const { sessionToken, ...keyPair } = signer;
  const sv4 = new SignatureV4({
    ...place,
    credentials: sessionToken === undefined ? keyPair : { ...keyPair, sessionToken },
    sha256: Hash.bind(null, "sha256"),
  });
  const { headers } = await sv4.sign(
    {
      method: "POST",
      protocol: "https:",
      hostname: "dynamodb.eu-west-1.amazonaws.com",
      path: "/",
      query: { a: "1" },
      headers: {
        host: "dynamodb.eu-west-1.amazonaws.com",
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": "DynamoDB_20120810.DescribeTable",
      },
      body,
    },
    { signingDate: now },
  );
  return { method: "POST", target: "/?a=1", headers: Object.entries(headers), trailers: [], body, ...changes };
}

const why = async (request: WireRequest, more: Partial<Parameters<typeof judge>[1]> = {}): Promise<string> => {
  const verdict = await judge(request, { credentials, ...place, now, ...more });
  return verdict.valid ? "valid" : verdict.why;
};
const withHeader = async (name: string, value: string): Promise<WireRequest> => {
  const request = await signed();
  return { ...request, headers: [...request.headers, [name, value]] };
};

describe("the signature oracle", () => {
  test("accepts what the real key signed", async () => {
    expect(await why(await signed())).toBe("valid");
  });

  test("refuses another secret, another key, another token, no token", async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    const other = sessionCredentials();
    expect(await why(await signed({}, { ...credentials, secretAccessKey: other.secretAccessKey }))).toContain(
      "of the real key",
    );
    expect(await why(await signed({}, { accessKeyId: other.accessKeyId, secretAccessKey, sessionToken }))).toContain(
      "not the real one",
    );
    expect(await why(await signed({}, { ...credentials, sessionToken: other.sessionToken }))).toContain(
      "session token",
    );
    expect(await why(await signed({}, { accessKeyId, secretAccessKey }))).toContain("got 0 token");
  });

  test.each([
    ["method", { method: "PUT" }],
    ["path", { target: "/x?a=1" }],
    ["query", { target: "/?a=2" }],
    ["body", { body: Buffer.from('{"TableName":"u"}') }],
  ] as const)("refuses a changed %s", async (_name, change) => {
    expect(await why(await signed(change))).not.toBe("valid");
  });

  test("refuses a changed header, and an x-amz header nobody signed", async () => {
    const request = await signed();
    const headers = request.headers.map(
      ([name, value]) => [name, name === "x-amz-target" ? `${value}s` : value] as const,
    );
    expect(await why({ ...request, headers })).toContain("of the real key");
    expect(await why(await withHeader("X-Amz-Meta-Note", "1"))).toContain("x-amz-meta-note is not signed");
  });

  test("refuses the scope of another service or region, and another time", async () => {
    expect(await why(await signed(), { service: "sqs" })).toContain("scope names service dynamodb");
    expect(await why(await signed(), { region: "us-east-1" })).toContain("scope names region eu-west-1");
    expect(await why(await signed(), { now: new Date(now.getTime() + 6 * 60_000) })).toContain("not of this time");
  });

  test("refuses an unsigned request and two authorizations", async () => {
    const request = await signed();
    const headers = request.headers.filter(([name]) => name !== "authorization");
    expect(await why({ ...request, headers })).toContain("unsigned");
    expect(await why(await withHeader("Authorization", "AWS4-HMAC-SHA256 x"))).toContain("two authorizations");
  });

  test("says so when AWS's signer cannot express what arrived", async () => {
    expect(await why(await withHeader("content-type", "text/plain"))).toContain("cannot verify");
    expect(await why(await signed({ target: "/?a=1+1" }))).toContain("cannot verify");
    expect(await why(await signed({ target: "/?a=%ff" }))).toContain("cannot verify");
  });

  // The examples of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and sigv4-streaming.html
  describe("agrees with AWS's published examples for S3", () => {
    const published: RealCredentials = {
      accessKeyId: "AKIAIOSFODNN7EXAMPLE",
      secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    };
    const options = {
      credentials: published,
      service: "s3",
      region: "us-east-1",
      now: new Date("2013-05-24T00:00:00Z"),
    };
    const authorization = (headers: string, signature: string) =>
      `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=${headers},Signature=${signature}`;

    test("GET with a range", async () => {
      const empty = createHash("sha256").digest("hex");
      const request: WireRequest = {
        method: "GET",
        target: "/test.txt",
        headers: [
          ["Host", "examplebucket.s3.amazonaws.com"],
          ["Range", "bytes=0-9"],
          ["x-amz-content-sha256", empty],
          ["x-amz-date", "20130524T000000Z"],
          [
            "Authorization",
            authorization(
              "host;range;x-amz-content-sha256;x-amz-date",
              "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            ),
          ],
        ],
        trailers: [],
        body: Buffer.alloc(0),
      };
      expect(await judge(request, options)).toMatchObject({ valid: true, form: "header" });
    });

    const chunkSignatures = [
      "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
      "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
      "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ] as const;
    const chunked = (signatures: readonly string[]): WireRequest => ({
      method: "PUT",
      target: "/examplebucket/chunkObject.txt",
      headers: [
        ["Host", "s3.amazonaws.com"],
        ["x-amz-date", "20130524T000000Z"],
        ["x-amz-storage-class", "REDUCED_REDUNDANCY"],
        [
          "Authorization",
          authorization(
            "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
            "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
          ),
        ],
        ["x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"],
        ["Content-Encoding", "aws-chunked"],
        ["x-amz-decoded-content-length", "66560"],
        ["Content-Length", "66824"],
      ],
      trailers: [],
      body: Buffer.from(
        `10000;chunk-signature=${signatures[0]}\r\n${"a".repeat(65_536)}\r\n` +
          `400;chunk-signature=${signatures[1]}\r\n${"a".repeat(1024)}\r\n0;chunk-signature=${signatures[2]}\r\n\r\n`,
      ),
    });

    test("PUT in signed chunks", async () => {
      const verdict = await judge(chunked(chunkSignatures), options);
      expect(verdict).toMatchObject({ valid: true });
      expect(verdict.valid && verdict.payload.length).toBe(66_560);
    });

    test.each([0, 1, 2])("a wrong signature of chunk %i is refused", async (index) => {
      const wrong = chunkSignatures.map((signature, at) => (at === index ? signature.replace(/.$/, "0") : signature));
      const verdict = await judge(chunked(wrong), options);
      expect(verdict.valid ? "valid" : verdict.why).toContain(`chunk ${index} of 3`);
    });
  });
});
