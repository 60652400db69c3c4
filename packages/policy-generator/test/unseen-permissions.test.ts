import { expect, test } from "vitest";
import { generatePolicy } from "../src/generate-policy.ts";
import { answered, check } from "./support/recording.ts";

const put = (key: string, kmsKey?: string) =>
  check(
    "s3:PutObject",
    { arn: `arn:aws:s3:::b/${key}` },
    kmsKey === undefined ? {} : { "s3:x-amz-server-side-encryption-aws-kms-key-id": kmsKey },
  );

test("keys that requests name to encrypt with are told, each once, and nothing is granted for them", () => {
  const key = "arn:aws:kms:eu-west-1:1:key/k";
  const { text, report } = generatePolicy(
    answered([put("a", key)], [put("b", key)], [put("c")], [put("d", "alias/aws/s3")]),
  );
  expect(report.unseen).toEqual([
    `s3:PutObject encrypts with the key ${key}: AWS also asks for kms:GenerateDataKey and kms:Decrypt of it (with kms:ViaService), which never shows as a request and is not in the policy.`,
  ]);
  expect(text).not.toContain("kms:");
  expect(text).not.toContain("Condition");
});
