import { expect, test } from "vitest";
import { nameLookup } from "../src/index.ts";

test.each([0, 1, 64, 65, 1000])("a list of %d names has those and no other", (length) => {
  const names = Array.from({ length }, (_, i) => `x-${i}`);
  const has = nameLookup(names);
  expect(names.every(has)).toBe(true);
  expect(has("x")).toBe(false);
});
