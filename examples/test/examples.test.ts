import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("the policy example prints an allow, an explicit deny and an implicit one", () => {
  expect(run("evaluate-policy.mjs").match(/^ {2}\w+/gm)).toEqual([
    "  allowed",
    "  explicitDeny",
    "  implicitDeny",
    "  implicitDeny",
    "  allowed",
    "  implicitDeny",
  ]);
});

test("the resolver example finds all three actions of a copy with an ACL", () => {
  expect(run("resolve-request.mjs")).toBe(`s3: CopyObject
  s3:PutObject on arn:aws:s3:::reports/2026/copy.csv
  s3:PutObjectAcl on arn:aws:s3:::reports/2026/copy.csv
  s3:GetObject on arn:aws:s3:::archive/2025/summary.csv
`);
});

test("the verification example verifies what was signed, and refuses what was changed", () => {
  expect(
    run("verify-request.mjs"),
  ).toBe(`header: ASIAAGENT for sqs in us-east-1, signing content-type host x-amz-date x-amz-security-token x-amz-target
as it was signed: signed by agent
with another body: 400 InvalidSignatureException
of another operation: 400 InvalidSignatureException
not signed: 400 MissingAuthenticationTokenException
`);
});

test("the upload example signs a stream anew at the same length, and breaks it off at a wrong chunk", () => {
  expect(run("resign-upload.mjs")).toBe(`100265 bytes came, 100265 went on, and verify under the real key
x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD
SignatureDoesNotMatch after 65626 bytes
`);
});

function run(file: string): string {
  return execFileSync(process.execPath, [fileURLToPath(new URL(`../${file}`, import.meta.url))], { encoding: "utf8" });
}
