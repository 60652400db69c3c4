import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { policyFiles } from "../src/policy-source.ts";
import { UsageError } from "../src/usage-error.ts";

const dir = mkdtempSync(join(tmpdir(), "iap-policy-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

function policy(effect: string, action: string, resource = "*"): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: effect, Action: action, Resource: resource }],
  });
}

const check = (action: string) => ({ action, resource: { none: true }, context: {}, authoritative: [] }) as const;

test("without files nothing is judged", () => {
  expect(policyFiles([]).current("tester")).toBeUndefined();
});

test("all files together judge, and their version is the same whenever they are", () => {
  const files = [file("allow.json", policy("Allow", "s3:*")), file("deny.json", policy("Deny", "s3:Delete*"))];
  const evaluator = policyFiles(files).current("tester");
  expect(evaluator?.evaluateAll([check("s3:ListAllMyBuckets")]).outcome).toBe("allowed");
  expect(evaluator?.evaluateAll([check("s3:DeleteBucket")])).toMatchObject({ outcome: "explicitDeny", by: "iam" });
  expect(evaluator?.evaluateAll([check("sts:AssumeRole")]).outcome).toBe("implicitDeny");
  expect(policyFiles(files).current("another")?.version).toBe(evaluator?.version);
});

test.each<[name: string, content: string, says: (path: string) => string]>([
  [
    "effect.json",
    `{\n  "Version": "2012-10-17",\n  "Statement": [{\n    "Effect": "Permit", "Action": "*", "Resource": "*"\n  }]\n}`,
    (path) => `${path}:4:15: Statement[0].Effect: `,
  ],
  ["action.json", policy("Allow", "GetObject"), (path) => `${path}:1:`],
  [
    "condition.json",
    `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{}}]}`,
    () => "Statement[0].Condition",
  ],
  ["json.json", '{"Version": ', (path) => `${path}:1:`],
  ["list.json", "[]", (path) => path],
  ["empty.json", "", (path) => path],
])("%s is refused, naming file, place and fix", (name, content, says) => {
  const path = file(name, content);
  expect(() => policyFiles([path])).toThrow(UsageError);
  expect(() => policyFiles([path])).toThrow(says(path));
});

test("every fault of every file is told at once", () => {
  const one = file("one.json", policy("Permit", "s3:*"));
  const two = file("two.json", policy("Allow", "s3"));
  expect(() => policyFiles([one, two])).toThrow(one);
  expect(() => policyFiles([one, two])).toThrow(two);
});

test("a file that cannot be read is refused", () => {
  const path = join(dir, "absent.json");
  expect(() => policyFiles([path])).toThrow(`the policy ${path} cannot be read: ENOENT`);
  expect(() => policyFiles([dir])).toThrow(`the policy ${dir} cannot be read: EISDIR`);
});
