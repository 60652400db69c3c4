import { expect, test } from "vitest";
import { policyCharacters } from "../src/policy-size.ts";

test("white space is not counted, wherever it stands", () => {
  expect(policyCharacters('{ "a":\n\t"b c"\r\n}')).toBe('{"a":"bc"}'.length);
  expect(policyCharacters("")).toBe(0);
});
