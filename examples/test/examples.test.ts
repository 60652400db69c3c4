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

function run(file: string): string {
  return execFileSync(process.execPath, [fileURLToPath(new URL(`../${file}`, import.meta.url))], { encoding: "utf8" });
}
