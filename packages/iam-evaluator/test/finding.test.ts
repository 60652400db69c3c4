import { expect, test } from "vitest";
import { describeFinding, PolicyValidationError } from "../src/finding.ts";

const finding = {
  policy: "a.json",
  level: "ERROR",
  code: "X",
  path: "Statement[0]",
  message: "It is wrong.",
  fix: "Mend it.",
} as const;

test("a finding reads as file, position, path, what is wrong and what to do", () => {
  expect(describeFinding({ ...finding, line: 3, column: 7 })).toBe("a.json:3:7: Statement[0]: It is wrong. Mend it.");
  expect(describeFinding({ ...finding, line: 3 })).toBe("a.json:3:1: Statement[0]: It is wrong. Mend it.");
  expect(describeFinding({ ...finding, path: "" })).toBe("a.json: It is wrong. Mend it.");
});

test("the error carries all findings, one a line", () => {
  const error = new PolicyValidationError([finding, { ...finding, policy: "b.json" }]);
  expect(error.findings).toHaveLength(2);
  expect(error.message.split("\n")).toEqual([
    "a.json: Statement[0]: It is wrong. Mend it.",
    "b.json: Statement[0]: It is wrong. Mend it.",
  ]);
});
