import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { validate } from "../src/validate.ts";

const good = { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "s3:GetObject", Resource: "*" } };

test("a document that IAM takes is valid, with what there is to say of it", async () => {
  expect(await validate({ id: 1, document: good })).toEqual({ id: 1, valid: true, findings: [] });
  const { valid, findings } = await validate({
    id: 2,
    document: { ...good, Statement: { ...good.Statement, Action: "iam:PassRole" } },
  });
  expect(valid).toBe(true);
  expect(findings).toMatchObject([
    { level: "SECURITY_WARNING", code: "PASS_ROLE_WITH_STAR", path: "Statement.Action" },
  ]);
});

test.each<[string, unknown, string]>([
  ["text that is no JSON", "nonsense", "INVALID_JSON"],
  ["a key twice, which only text can tell", '{"Version":"2012-10-17","Version":"2012-10-17"}', "DUPLICATE_KEY"],
  ["a list", [], "INVALID_DOCUMENT"],
  ["null", null, "INVALID_DOCUMENT"],
  ["no Version", { Statement: good.Statement }, "MISSING_VERSION"],
  ["an old Version", { ...good, Version: "2008-10-17" }, "OLD_VERSION"],
])("%s is not", async (_name, document, code) => {
  const { id, valid, findings } = await validate({ id: "x", document });
  expect([id, valid]).toEqual(["x", false]);
  expect(findings).toContainEqual(expect.objectContaining({ level: "ERROR", code }));
});

test("a line without a document is no question", async () => {
  await expect(validate({ id: 1 })).rejects.toThrow("there is no document");
});

const folder = process.env.IAP_SHARED_DIR;
const file = folder === undefined ? undefined : join(folder, "vectors", "policy-validation.jsonl");
const isHere = file !== undefined && existsSync(file);

describe.skipIf(!isHere)("documents with AWS's verdict (IAP_SHARED_DIR)", () => {
  test("each has it", async () => {
    const rows = readFileSync(file as string, "utf8")
      .trim()
      .split("\n")
      .map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(rows).toHaveLength(132);
    for (const row of rows) expect([row.id, (await validate(row)).valid]).toEqual([row.id, row.valid]);
  });
});
