import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonText } from "../src/json-text.ts";

test("is the value, whatever it holds", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 2, "\t"), (value, indent) => {
      expect(JSON.parse(jsonText(value, indent))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("holds no character that a terminal acts on", () => {
  expect(jsonText({ a: "\u009b2J\u001b\u007f\u2028é" })).toBe('{"a":"\\u009b2J\\u001b\\u007f\\u2028é"}');
});
