import { createHash } from "node:crypto";
import { crc32, gzipSync } from "node:zlib";
import { type AwsError, type Headers, headerValue } from "@iap/aws-core";
import type { Answer } from "@iap/interceptor";
import { expect, test } from "vitest";
import { credentialOutput } from "../../src/virtual/credential-output.ts";
import { virtualResponsePlan } from "../../src/virtual/virtual-response-plan.ts";

const secret = "real/secret+with/base64/marks0000000000000";
const body = Buffer.from(
  JSON.stringify({
    roleCredentials: { accessKeyId: "ASIAREALREALREALREAL", secretAccessKey: secret, sessionToken: "real-token" },
  }),
);

function answer(
  head: { headers?: Headers },
  bytes: Uint8Array | undefined,
  replace = () => ({ accessKeyId: "ASIAFAKE", secretAccessKey: "fake", sessionToken: "fake-token" }),
): Answer {
  const output = credentialOutput({ service: "sso", operations: ["GetRoleCredentials"] });
  if (output === undefined) throw new Error("no output");
  const plan = virtualResponsePlan(
    { status: 200, statusText: "OK", headers: [], ...head },
    {
      protocol: "restJson1",
      output,
      operation: "sso:GetRoleCredentials",
      replace,
      render: (error: AwsError) => ({ status: 503, headers: [], body: Buffer.from(error.message) }),
    },
  );
  if (plan === "stream" || !("rewrite" in plan)) throw new Error("no rewrite");
  return plan.rewrite(bytes) as Answer;
}

test("an answer goes on with the fake pair, its checksums made anew and its old framing gone", () => {
  const given = answer(
    {
      headers: [
        ["Content-Type", "application/json"],
        ["Content-Length", String(body.length)],
        ["x-amz-crc32", "1"],
        ["Content-MD5", "old"],
        ["x-amz-checksum-sha256", "old"],
        ["x-amzn-RequestId", "r"],
      ],
    },
    body,
  );
  const bytes = Buffer.from(given?.body ?? []);
  expect(JSON.parse(bytes.toString())).toEqual({
    roleCredentials: { accessKeyId: "ASIAFAKE", secretAccessKey: "fake", sessionToken: "fake-token" },
  });
  expect(given?.headers).toEqual([
    ["Content-Type", "application/json"],
    ["x-amz-crc32", String(crc32(bytes))],
    ["Content-MD5", createHash("md5").update(bytes).digest("base64")],
    ["x-amzn-RequestId", "r"],
  ]);
});

test("a compressed answer goes on plain", () => {
  const given = answer({ headers: [["Content-Encoding", "gzip"]] }, gzipSync(body));
  expect(Buffer.from(given?.body ?? []).toString()).toContain("fake-token");
  expect(headerValue(given?.headers ?? [], "content-encoding")).toBeUndefined();
});

test.each<[string, Headers, Uint8Array | undefined]>([
  ["too long", [], undefined],
  ["of an unknown encoding", [["Content-Encoding", "br"]], body],
  ["that does not decompress", [["Content-Encoding", "gzip"]], body],
  ["that is cut off", [], body.subarray(0, 60)],
  ["of which a header repeats them", [["x-amz-note", `the key is ${secret}`]], body],
])("an answer %s is withheld, with the operation's name", (_name, headers, bytes) => {
  const given = answer({ headers }, bytes);
  expect(given?.status).toBe(503);
  const text = Buffer.from(given?.body ?? []).toString();
  expect(text).toContain("withholds AWS's answer to sso:GetRoleCredentials");
  expect(text).not.toContain(secret);
});

test("a fault of ours is thrown, and nothing of the answer goes on", () => {
  const bug = new TypeError("x is not a function");
  expect(() =>
    answer({}, body, () => {
      throw bug;
    }),
  ).toThrow(bug);
});
