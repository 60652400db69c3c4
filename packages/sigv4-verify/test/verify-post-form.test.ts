import { createHmac } from "node:crypto";
import { type AwsRequest, Credentials, headerValue } from "@iap/aws-core";
import { type PostPolicyDocument, signPostPolicy } from "@iap/sigv4";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type PostForm, readPostForm, resignPostForm, type VerifiedPostForm, verifyPostForm } from "../src/index.ts";
import { agentKey, now, ringOf } from "./agent.ts";
import { caught } from "./caught.ts";
import { pieces } from "./streams.ts";

const host = "bucket.s3.us-east-1.amazonaws.com";
const options = { keys: ringOf(agentKey), now };
const { credentials } = agentKey;
const real = new Credentials({
  accessKeyId: "ASIAREALREALREALREAL",
  secretAccessKey: "real-secret",
  sessionToken: "real-token",
});
const expiration = "2026-11-23T13:00:00.000Z";

interface FormInit {
  readonly fields?: Readonly<Record<string, string>>;
  readonly conditions?: readonly unknown[];
  readonly file?: string;
  readonly filename?: string;
  readonly after?: string;
}

/** A form as `generate_presigned_post` makes it and a browser sends it. */
function postForm(init: FormInit = {}): AwsRequest & { readonly body: Buffer } {
  const { fields = { key: "uploads/a b.txt" }, file = "data", filename = "a.txt", after = "" } = init;
  const conditions = init.conditions ?? [{ bucket: "bucket" }, ["starts-with", "$key", "uploads/"]];
  const document: PostPolicyDocument = { expiration, conditions };
  const signed = signPostPolicy(document, { credentials, region: "us-east-1", now });
  return multipart([...Object.entries(fields), ...signed], { file, filename, after });
}

function multipart(
  fields: readonly (readonly [string, string])[],
  { file = "data", filename = "a.txt", after = "" }: FormInit = {},
): AwsRequest & { readonly body: Buffer } {
  const parts = fields.map(
    ([name, value]) => `--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const last = `--B\r\nContent-Disposition: form-data; name="file"; filename="${filename}"\r\n\r\n${file}\r\n${after}--B--\r\n`;
  const headers = [
    ["Host", host],
    ["Content-Type", "multipart/form-data; boundary=B"],
  ] as const;
  return {
    httpVersion: "1.1",
    method: "POST",
    target: "/",
    headers,
    host,
    body: Buffer.from(`${parts.join("")}${last}`),
  };
}

function read(request: AwsRequest): PostForm {
  const form = readPostForm(request, request.body as Uint8Array);
  if (form === undefined) throw new Error("the form should be whole");
  return form;
}

function verified(request: AwsRequest, keys = options.keys): VerifiedPostForm {
  return verifyPostForm(request, read(request), { keys, now });
}

function pass(request: AwsRequest & { body: Buffer }, size: number, head?: Uint8Array): Buffer {
  const filter = verified(request).filter(head);
  const early = pieces(request.body, size).map((piece) => filter.push(piece) ?? new Uint8Array());
  return Buffer.concat([...early, filter.end() ?? new Uint8Array()]);
}

describe("a form that an agent key has signed", () => {
  test("is verified, and says what it amounts to", () => {
    const request = postForm({
      fields: {
        key: "uploads/$".concat("{filename}"),
        acl: "private",
        "Content-Type": "text/plain",
        "x-amz-meta-a": "b",
      },
      conditions: [
        { bucket: "bucket" },
        ["starts-with", "$key", "uploads/"],
        { acl: "private" },
        ["starts-with", "$Content-Type", ""],
        { "x-amz-meta-a": "b" },
      ],
      filename: "C:\\dir\\caf\u00e9.txt",
    });
    const { key, equivalent } = verified(request);
    expect(key).toBe(agentKey);
    expect(equivalent).toMatchObject({ method: "PUT", target: "/uploads/caf%C3%A9.txt", host });
    expect(headerValue(equivalent.headers, "x-amz-acl")).toBe("private");
    expect(headerValue(equivalent.headers, "content-type")).toBe("text/plain");
    expect(headerValue(equivalent.headers, "x-amz-meta-a")).toBe("b");
    expect(headerValue(equivalent.headers, "x-amz-credential")).toBeUndefined();
  });

  test("has the file's name in its fields as it stands", () => {
    const request = postForm({ fields: { key: "uploads/$".concat("{filename}-") }, filename: "a$&$$b$'.txt" });
    expect(verified(request).equivalent.target).toBe("/uploads/a%24%26%24%24b%24%27.txt-");
    const unnamed = postForm({ fields: { key: "uploads/$".concat("{filename}") }, filename: "" });
    expect(verified(unnamed).equivalent.target).toBe("/uploads/");
  });

  test("has settings as headers have them, without blanks around them", () => {
    const conditions = [
      ["starts-with", "$key", ""],
      ["starts-with", "$acl", ""],
      ["starts-with", "$x-amz-meta-a", ""],
    ];
    const form = (acl: string): AwsRequest =>
      postForm({ fields: { key: "uploads/k ", acl, "x-amz-meta-a": "\u00e9 b" }, conditions });
    const { equivalent } = verified(form("\tpublic-read \r\n"));
    expect(equivalent.target).toBe("/uploads/k%20");
    expect(headerValue(equivalent.headers, "x-amz-acl")).toBe("public-read");
    expect(headerValue(equivalent.headers, "x-amz-meta-a")).toBe("\u00c3\u00a9 b");
    expect(caught(() => verified(form("public-read\u0000"))).code).toBe("InvalidRequest");
  });

  test("may name its bucket in the path", () => {
    const request = { ...postForm(), target: "/bucket", host: "s3.us-east-1.amazonaws.com" };
    expect(verified(request).equivalent.target).toBe("/bucket/uploads/a%20b.txt");
  });

  test("may have tags, as XML", () => {
    const tagging =
      '<?xml version="1.0" encoding="UTF-8"?>\n<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet><Tag><Key>a&amp;b</Key><Value>c d</Value></Tag></TagSet></Tagging>';
    const fields = { key: "uploads/k", tagging };
    const conditions = [
      ["starts-with", "$key", ""],
      ["eq", "$tagging", tagging],
    ];
    expect(headerValue(verified(postForm({ fields, conditions })).equivalent.headers, "x-amz-tagging")).toBe(
      "a%26b=c%20d",
    );
    const bad = { ...fields, tagging: "<Tagging><TagSet><Other/></TagSet></Tagging>" };
    expect(
      caught(() =>
        verified(
          postForm({
            fields: bad,
            conditions: [
              ["starts-with", "$key", ""],
              ["starts-with", "$tagging", ""],
            ],
          }),
        ),
      ).code,
    ).toBe("InvalidRequest");
  });

  test("may be signed with Signature Version 2, as boto3 does where a region knows it", () => {
    const { accessKeyId, secretAccessKey, sessionToken = "" } = credentials;
    const conditions = [{ bucket: "bucket" }, { key: "k" }, { "x-amz-security-token": sessionToken }];
    const policy = Buffer.from(JSON.stringify({ expiration, conditions })).toString("base64");
    const signature = createHmac("sha1", secretAccessKey).update(policy).digest("base64");
    const fields = { key: "k", AWSAccessKeyId: accessKeyId, policy, signature, "x-amz-security-token": sessionToken };
    const request = multipart(Object.entries(fields));
    expect(verified(request).key).toBe(agentKey);
    const forged = multipart(
      Object.entries({ ...fields, signature: signature.replace(/./, (c) => (c === "A" ? "B" : "A")) }),
    );
    expect(caught(() => verified(forged)).code).toBe("SignatureDoesNotMatch");
  });
});

describe("a form is refused", () => {
  test.each<[string, string, (body: string) => string]>([
    ["SignatureDoesNotMatch", "with another policy", (body) => body.replace(/("policy"\r\n\r\n.{40})./s, "$1A")],
    [
      "SignatureDoesNotMatch",
      "with another signature",
      (body) => body.replace(/(signature"\r\n\r\n)(.)/, (_, a: string, c: string) => a + (c === "0" ? "1" : "0")),
    ],
    ["AccessDenied", "with a key outside of its policy", (body) => body.replace("uploads/a b.txt", "other/a b.txt  ")],
    [
      "AccessDenied",
      "with a field its policy does not name",
      (body) => `--B\r\nContent-Disposition: form-data; name="acl"\r\n\r\nprivate\r\n${body}`,
    ],
    ["MissingAuthentication", "without a policy", (body) => body.replace('"policy"', '"x-ignore-p"')],
    ["MalformedAuthorization", "without a credential", (body) => body.replace('"x-amz-credential"', '"x-ignore-c"')],
    [
      "MalformedAuthorization",
      "with another algorithm",
      (body) => body.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"),
    ],
    [
      "MalformedAuthorization",
      "with a date that is none",
      (body) => body.replace("20261123T123456Z", "2026-11-23T12:34"),
    ],
    [
      "MalformedAuthorization",
      "with a date of another day than its scope's",
      (body) => body.replace("20261123T123456Z", "20261122T123456Z"),
    ],
    ["MalformedAuthorization", "signed for another service", (body) => body.replace("/s3/aws4", "/sqs/aws4")],
    [
      "InvalidRequest",
      "whose file is not there",
      (body) => body.replace(/--B\r\n[^\r]*name="file"[\s\S]*/, "--B--\r\n"),
    ],
    ["InvalidToken", "with another token", (body) => body.replace("agent-token", "other-token")],
    ["UnknownAccessKey", "with another key", (body) => body.replace("ASIAEXAMPLEAGENTKEY1", "ASIAEXAMPLEAGENTKEY2")],
    [
      "InvalidRequest",
      "with another bucket",
      (body) => `--B\r\nContent-Disposition: form-data; name="bucket"\r\n\r\nother\r\n${body}`,
    ],
  ])("%s: %s", (code, _, change) => {
    const request = postForm();
    const body = Buffer.from(change(request.body.toString("latin1")), "latin1");
    expect(caught(() => verified({ ...request, body })).code).toBe(code);
  });

  test.each<[string, Readonly<Record<string, string>>]>([
    ["and a credential of Version 4", { awsaccesskeyid: "A", signature: "x", "x-amz-credential": "c" }],
    ["without an access key id", { awsaccesskeyid: "", signature: `${"A".repeat(27)}=` }],
    ["without a signature", { AWSAccessKeyId: "ASIAEXAMPLEAGENTKEY1" }],
    ["with a signature that is none", { AWSAccessKeyId: "ASIAEXAMPLEAGENTKEY1", signature: "x" }],
  ])("of Signature Version 2 %s", (_, parts) => {
    const policy = Buffer.from(JSON.stringify({ expiration, conditions: [] })).toString("base64");
    const request = multipart([["key", "k"], ["policy", policy], ...Object.entries(parts)]);
    expect(caught(() => verified(request)).code).toBe("MalformedAuthorization");
  });

  test("without a key", () => {
    const conditions = [{ bucket: "bucket" }, ["starts-with", "$key", ""]];
    expect(caught(() => verified(postForm({ conditions, fields: { key: "" } }))).code).toBe("InvalidRequest");
    expect(caught(() => verified(postForm({ conditions, fields: {} }))).code).toBe("InvalidRequest");
  });

  test.each([
    ["a tag without a value", "<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>"],
    ["a character by its number", "<Tagging><TagSet><Tag><Key>a</Key><Value>y&#101;s</Value></Tag></TagSet></Tagging>"],
    ["an entity of its own", "<Tagging><TagSet><Tag><Key>a</Key><Value>&e;</Value></Tag></TagSet></Tagging>"],
    ["a document type", "<!DOCTYPE a><Tagging><TagSet></TagSet></Tagging>"],
    ["another encoding", '<?xml version="1.0" encoding="ISO-8859-1"?><Tagging><TagSet></TagSet></Tagging>'],
    ["many tags, and no end", `<Tagging><TagSet>${"<Tag></Tag>".repeat(4000)}</Tagging>`],
    [
      "many whole tags, and no end",
      `<Tagging><TagSet>${"<Tag><Key>a</Key><Value>b</Value></Tag>".repeat(1500)}</Tagging>`,
    ],
  ])("whose tags are no Tagging document: %s", (_, tagging) => {
    const conditions = [{ bucket: "bucket" }, ["starts-with", "$key", ""], ["starts-with", "$tagging", ""]];
    expect(caught(() => verified(postForm({ conditions, fields: { key: "k", tagging } }))).code).toBe("InvalidRequest");
  });

  test.each(["https://s3.us-east-1.amazonaws.com", "/B", "/a/b"])(
    "that goes to the path %s of a host without a bucket",
    (target) => {
      const request = { ...postForm(), host: "s3.us-east-1.amazonaws.com", target };
      expect(caught(() => verified(request)).code).toBe("InvalidRequest");
    },
  );

  test("with a condition on a length that is no number", () => {
    const conditions = [{ bucket: "bucket" }, ["content-length-range", {}, 10]];
    expect(caught(() => verified(postForm({ conditions }))).code).toBe("InvalidPolicyDocument");
  });

  test.each(["/key", "/?acl"])("that goes to %s", (target) => {
    expect(caught(() => verified({ ...postForm(), target })).code).toBe("InvalidRequest");
  });

  // S3's documents have nothing put in, and S3 has been seen to leave it as it stands.
  test("whose key holds the name of a file that has none", () => {
    const request = postForm({ fields: { key: "uploads/$".concat("{filename}") } });
    const body = Buffer.from(request.body.toString("latin1").replace('; filename="a.txt"', ""), "latin1");
    expect(caught(() => verified({ ...request, body })).code).toBe("InvalidRequest");
    const plain = postForm();
    const unnamed = Buffer.from(plain.body.toString("latin1").replace('; filename="a.txt"', ""), "latin1");
    expect(verified({ ...plain, body: unnamed }).equivalent.target).toBe("/uploads/a%20b.txt");
  });

  test.each(["s3.example.com", "point-123456789012.s3-accesspoint.us-east-1.amazonaws.com"])(
    "at %s, which is no host of S3's buckets",
    (other) => {
      const error = caught(() => verified({ ...postForm(), host: other }));
      expect(error.code).toBe("InvalidRequest");
      expect(error.message).toContain("goes to a bucket");
    },
  );

  test("with settings in headers, which nothing signs", () => {
    const request = postForm();
    const headers = [...request.headers, ["X-Amz-Acl", "public-read"]] as const;
    expect(caught(() => verified({ ...request, headers })).code).toBe("HeadersNotSigned");
  });

  test("after the key's time", () => {
    expect(caught(() => verified(postForm(), ringOf({ ...agentKey, notAfter: now }))).code).toBe("ExpiredToken");
  });
});

describe("a form signed anew", () => {
  test("verifies under the real key, with the file and the other fields as they came, however it is split", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z\r\n-]{0,60}$/), fc.integer({ min: 1, max: 900 }), (file, size) => {
        fc.pre(!file.includes("--B"));
        const request = postForm({ file });
        const whole = verified(request);
        const head = resignPostForm(whole, { credentials: real, region: "us-east-1", now });
        const body = pass(request, size, head);
        const again = { ...request, body };
        expect(body.length).toBe(request.body.length - whole.form.length + head.length);
        expect(body.subarray(head.length)).toEqual(request.body.subarray(whole.form.length));
        const { key, equivalent, policy } = verified(again, ringOf({ ...agentKey, credentials: real }));
        expect(key.credentials).toBe(real);
        expect(equivalent.target).toBe(whole.equivalent.target);
        expect(policy.document.expiration).toBe(expiration);
        for (const secret of [credentials.accessKeyId, "agent-token", "agent-secret"]) {
          expect(body.toString("latin1")).not.toContain(secret);
          expect(JSON.stringify(policy.document)).not.toContain(secret);
        }
      }),
      { numRuns: 100 },
    );
  });

  test("keeps every condition that is not on the credentials", () => {
    const conditions = [
      { bucket: "bucket", "x-amz-date": "20261123T123456Z" },
      ["eq", "$x-amz-algorithm", "AWS4-HMAC-SHA256"],
      ["starts-with", "$key", "uploads/"],
      ["content-length-range", 1, 10],
    ];
    const request = postForm({ conditions });
    const head = resignPostForm(verified(request), { credentials: real, region: "us-east-1", now });
    const { policy } = verified(
      { ...request, body: pass(request, 100, head) },
      ringOf({ ...agentKey, credentials: real }),
    );
    expect(policy.document.conditions.slice(0, 3)).toEqual([{ bucket: "bucket" }, conditions[2], conditions[3]]);
  });
});

describe("the file", () => {
  const ranged = (file: string): AwsRequest & { body: Buffer } =>
    postForm({
      file,
      conditions: [
        ["starts-with", "$key", ""],
        ["content-length-range", 3, 6],
      ],
    });

  test.each([3, 6])("of %d bytes is as long as its policy wants", (length) => {
    for (const size of [1, 5, 1000, 100_000]) {
      const request = ranged("x".repeat(length));
      expect(pass(request, size)).toEqual(request.body);
    }
  });

  test.each([
    [2, "EntityTooSmall"],
    [7, "EntityTooLarge"],
    [5000, "EntityTooLarge"],
  ])("of %d bytes is not: %s", (length, code) => {
    for (const size of [1, 5, 1000, 100_000])
      expect(caught(() => pass(ranged("x".repeat(length)), size)).code).toBe(code);
  });

  test("that does not end is incomplete, and its last piece never goes on", () => {
    const request = postForm();
    const cut = { ...request, body: Buffer.from(request.body.subarray(0, -10)) };
    expect(caught(() => pass(cut, 50)).code).toBe("IncompleteBody");
  });

  test("once it has ended, or was refused, takes nothing more", () => {
    for (const request of [postForm(), ranged("x".repeat(7))]) {
      const filter = verified(request).filter();
      try {
        filter.push(request.body);
        filter.end();
      } catch {
        // It was too long.
      }
      expect(caught(() => filter.push(Buffer.from("more"))).code).toBe("InternalFailure");
      expect(caught(() => filter.end()).code).toBe("InternalFailure");
    }
  });

  test("may be followed by fields, of which S3 takes no notice", () => {
    const after = '--B\r\nContent-Disposition: form-data; name="submit"\r\n\r\nUpload\r\n';
    const request = postForm({ after });
    expect(pass(request, 33)).toEqual(request.body);
  });
});
