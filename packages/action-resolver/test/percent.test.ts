import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeForm, decodePercent, encodePercent } from "../src/percent.ts";

test.each([
  ["", ""],
  ["a+b", "a+b"],
  ["a%20b%2Fc", "a b/c"],
  ["%e2%82%AC", "€"],
  ["\u00e2\u0082\u00ac", "€"],
])("%j decodes to %j", (raw, text) => {
  expect(decodePercent(raw)).toBe(text);
});

test.each(["%", "%4", "%zz", "a%2", "%ff", "%c3%28", "%ed%a0%80", "\u00ff", "\u20ac"])("%j does not decode", (raw) => {
  expect(decodePercent(raw)).toBeUndefined();
});

test("in a form a plus sign is a space", () => {
  expect(decodeForm("a+b%2B")).toBe("a b+");
});

test("all but the unreserved characters are encoded", () => {
  expect(encodePercent("a-b._~/$:!'()*é")).toBe("a-b._~%2F%24%3A%21%27%28%29%2A%C3%A9");
});

test("what encodeURIComponent encodes decodes to itself", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      expect(decodePercent(encodeURIComponent(text))).toBe(text);
    }),
  );
});
