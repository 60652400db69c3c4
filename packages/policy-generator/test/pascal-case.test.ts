import { expect, test } from "vitest";
import { pascalCase } from "../src/pascal-case.ts";

test.each([
  ["my-agent", "MyAgent"],
  ["elasticloadbalancing-v2", "ElasticloadbalancingV2"],
  ["A_b.c", "ABC"],
  ["--", ""],
])("%s is %s", (text, expected) => {
  expect(pascalCase(text)).toBe(expected);
});
