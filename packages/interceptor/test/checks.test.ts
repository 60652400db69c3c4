import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), "utf8");
const checks = [...read("CHECKS.md").matchAll(/^\| .+ \| ([a-z0-9-]+) \| (.+) \|$/gm)].map(
  ([, file = "", name = ""]) => ({ file: `${file}.test.ts`, name }),
);

test("each check of the list is a test, by the name it is listed under", () => {
  expect(checks.length).toBeGreaterThan(50);
  expect(checks.filter(({ file, name }) => !read(file).includes(name))).toEqual([]);
});
