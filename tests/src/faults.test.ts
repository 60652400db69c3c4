import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const faults = [...read("../FAULTS.md").matchAll(/^\| .+ \| (interceptor: )?([a-z0-9-]+) \| (.+) \|$/gm)].map(
  ([, elsewhere, file = "", name = ""]) => ({
    path: `${elsewhere === undefined ? "." : "../../packages/interceptor/test"}/${file}.test.ts`,
    name,
  }),
);

test("each fault of the list has its test, by the name it is listed under", () => {
  expect(faults.length).toBeGreaterThan(40);
  expect(faults.filter(({ path, name }) => !read(path).includes(name))).toEqual([]);
});
