import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { generaliseIds, type IdRule } from "../src/generalise-ids.ts";

const all: ReadonlySet<IdRule> = new Set(["uuid", "date", "number", "generated"]);
const written = (arn: string, rules: ReadonlySet<IdRule> = all): string | undefined =>
  generaliseIds(arn, rules)?.pieces.join("*");

describe("becomes *", () => {
  test.each([
    ["a UUID", "arn:aws:s3:::b/in/0190c1a2-7b7e-7cc0-9a4f-0123456789ab/x", "arn:aws:s3:::b/in/*/x"],
    ["a date", "arn:aws:s3:::b/reports/2026-11-24/x.csv", "arn:aws:s3:::b/reports/*/x.csv"],
    ["a date without separators", "arn:aws:s3:::b/dump-20261124.sql", "arn:aws:s3:::b/dump-*.sql"],
    ["a date as a path", "arn:aws:s3:::b/2026/11/24/x", "arn:aws:s3:::b/*/x"],
    ["a time", "arn:aws:s3:::b/run-2026-11-24T09:30:00Z.log", "arn:aws:s3:::b/run-*.log"],
    ["a month as a path", "arn:aws:s3:::b/2026/11/x", "arn:aws:s3:::b/*/x"],
    ["a partition of Hive", "arn:aws:s3:::b/t/year=2026/month=11/day=4/x", "arn:aws:s3:::b/t/year=*/month=*/day=*/x"],
    [
      "a number between separators",
      "arn:aws:lambda:us-east-1:1:function:f:42",
      "arn:aws:lambda:us-east-1:1:function:f:*",
    ],
    ["a hash", "arn:aws:s3:::b/assets/app.4f2a9c1be7.js", "arn:aws:s3:::b/assets/app.*.js"],
    ["an id of EC2", "arn:aws:ec2:us-east-1:1:instance/i-0abc123def4567890", "arn:aws:ec2:us-east-1:1:instance/i-*"],
    [
      "a ULID",
      "arn:aws:dynamodb:us-east-1:1:table/t-01ARZ3NDEKTSV4RRFFQ69G5FAV",
      "arn:aws:dynamodb:us-east-1:1:table/t-*",
    ],
    ["seconds since 1970", "arn:aws:sqs:us-east-1:1:job-1764000000", "arn:aws:sqs:us-east-1:1:job-*"],
  ])("%s", (_what, arn, pattern) => {
    expect(written(arn)).toBe(pattern);
  });
});

describe("stays", () => {
  test.each([
    ["a name", "arn:aws:s3:::b/reports/summary.csv"],
    ["a word that hexadecimal could spell", "arn:aws:s3:::b/facade/deadbeef"],
    ["a version in a name", "arn:aws:dynamodb:us-east-1:1:table/orders-v2"],
    ["an account", "arn:aws:s3:::b/AWSLogs/123456789012/x"],
    ["the name of a bucket, which is anybody's", "arn:aws:s3:::logs-20261124-4f2a9c1be7"],
    ["the account and region of an ARN", "arn:aws:sqs:us-east-1:123456789012:jobs"],
    ["a role", "arn:aws:iam::1:role/deploy-20261124"],
    ["a key of KMS", "arn:aws:kms:us-east-1:1:key/0190c1a2-7b7e-7cc0-9a4f-0123456789ab"],
    ["a secret", "arn:aws:secretsmanager:us-east-1:1:secret:db-20261124"],
    ["what is no ARN", "2026-11-24"],
  ])("%s", (_what, arn) => {
    expect(written(arn)).toBeUndefined();
  });

  test("what no rule was given for", () => {
    const arn = "arn:aws:s3:::b/2026-11-24/0190c1a2-7b7e-7cc0-9a4f-0123456789ab/7";
    expect(written(arn, new Set(["date"]))).toBe("arn:aws:s3:::b/*/0190c1a2-7b7e-7cc0-9a4f-0123456789ab/7");
    expect(written(arn, new Set(["number"]))).toBe("arn:aws:s3:::b/2026-11-24/0190c1a2-7b7e-7cc0-9a4f-0123456789ab/*");
    expect(written(arn, new Set())).toBeUndefined();
  });
});

test("what was taken out is named", () => {
  expect(generaliseIds("arn:aws:s3:::b/2026-11-24/7", all)?.why).toBe("a date and a number became *");
});

test("the texts between wildcards stand in the ARN in their order, and the bucket stays whole", () =>
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("a", "/", "-", "2026-11-24", "7", "4f2a9c1be7", ":", "*", "é"), { maxLength: 12 }),
      (parts) => {
        const arn = `arn:aws:s3:::bucket-20261124/${parts.join("")}`;
        const pieces = generaliseIds(arn, all)?.pieces ?? [arn];
        let at = 0;
        for (const piece of pieces) {
          const found = arn.indexOf(piece, at);
          expect(found).toBeGreaterThanOrEqual(at);
          at = found + piece.length;
        }
        expect(pieces[0]?.startsWith("arn:aws:s3:::bucket-20261124/")).toBe(true);
        expect(arn.endsWith(pieces.at(-1) as string)).toBe(true);
      },
    ),
  ));
