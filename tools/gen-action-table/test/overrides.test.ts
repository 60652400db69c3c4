import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readOverrides } from "../src/overrides.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "overrides-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const write = (content: object) => writeFileSync(join(dir, "example.json"), JSON.stringify(content));

test("the committed overrides are readable, and each names its source", () => {
  expect(readOverrides(join(import.meta.dirname, "..", "overrides")).size).toBeGreaterThan(50);
});

test.each([
  ["an operation", { operations: { DoIt: { actions: ["ex:DoIt"] } } }, "DoIt needs a"],
  ["the default", { all: { marker: "bearer" } }, "all needs a"],
  ["a prefix", { prefix: "ex" }, "the file needs a"],
  ["a source that is no page", { operations: { DoIt: { actions: ["ex:DoIt"], source: "me" } } }, "DoIt needs a"],
])("%s without a source is refused", (_, content, message) => {
  write(content);
  expect(() => readOverrides(dir)).toThrow(message);
});

test("an entry that says what nobody reads is refused", () => {
  const source = "https://docs.aws.amazon.com/example";
  write({ operations: { DoIt: { source, action: ["ex:DoIt"] } } });
  expect(() => readOverrides(dir)).toThrow("action is not known");
});
