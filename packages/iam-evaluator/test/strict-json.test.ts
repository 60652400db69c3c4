import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseStrictJson, positionsIn, StrictJsonError } from "../src/strict-json.ts";
import { jsonValue } from "./support/json-value.ts";

const accepts = (parse: () => unknown): boolean => {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
};

test("what JSON.stringify writes is read back as it was", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 2, "\t"), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      expect(jsonValue(parseStrictJson(text))).toEqual(JSON.parse(text));
    }),
  );
});

test("it accepts a text exactly when JSON.parse does, but for duplicate keys", () => {
  const pieces = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    '"a"',
    '"b"',
    "\\",
    "1",
    "0",
    "-",
    ".",
    "e",
    "true",
    " ",
    "\n",
    "null",
    "\\u00e9",
    "\u0001",
    "\ufeff",
    "\u00a0",
  ); // prettier-ignore
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 9 }), (parts) => {
      const text = parts.join("");
      const strict = accepts(() => parseStrictJson(text));
      if (strict) expect(accepts(() => JSON.parse(text))).toBe(true);
      else if (accepts(() => JSON.parse(text))) expect(() => parseStrictJson(text)).toThrow("stands twice");
    }),
    { numRuns: 3000 },
  );
});

describe("what is refused", () => {
  test.each([
    ['{"Effect":"Deny","Effect":"Allow"}', "DUPLICATE_KEY", 17],
    ['{"a":{"b":1,"\\u0062":2}}', "DUPLICATE_KEY", 12],
    ['{"__proto__":1,"__proto__":2}', "DUPLICATE_KEY", 15],
    ["", "INVALID_JSON", 0],
    ["{} {}", "INVALID_JSON", 3],
    ['{"a":1,}', "INVALID_JSON", 7],
    ["[1,]", "INVALID_JSON", 3],
    ["// comment\n{}", "INVALID_JSON", 0],
    ["\ufeff{}", "INVALID_JSON", 0],
    ["{'a':1}", "INVALID_JSON", 1],
    ['{"a":01}', "INVALID_JSON", 6],
    ['"a\nb"', "INVALID_JSON", 2],
    ['"abc', "INVALID_JSON", 0],
    ['"\\x"', "INVALID_JSON", 1],
    ['"\\u12g4"', "INVALID_JSON", 1],
    ["NaN", "INVALID_JSON", 0],
    ["tru", "INVALID_JSON", 0],
    ["[".repeat(33), "TOO_DEEP", 32],
    ['{"a":'.repeat(100_000), "TOO_DEEP", 160],
  ])("%j is %s at %i", (text, code, offset) => {
    const error = (() => {
      try {
        parseStrictJson(text);
      } catch (thrown) {
        return thrown;
      }
      return undefined;
    })();
    expect(error).toBeInstanceOf(StrictJsonError);
    expect(error).toMatchObject({ code, offset });
  });
});

test("nesting is allowed up to the cap", () => {
  expect(jsonValue(parseStrictJson("[".repeat(32) + "]".repeat(32)))).toBeInstanceOf(Array);
});

test("a number keeps its text, so that nothing of it is lost", () => {
  expect(parseStrictJson(" 12345678901234567890.10 ")).toEqual({
    kind: "number",
    offset: 1,
    value: "12345678901234567890.10",
  });
});

test("offsets become lines and columns, from 1", () => {
  const at = positionsIn('{\n  "a": 1\n}\n');
  expect(at(0)).toEqual({ line: 1, column: 1 });
  expect(at(4)).toEqual({ line: 2, column: 3 });
  expect(at(11)).toEqual({ line: 3, column: 1 });
  expect(at(13)).toEqual({ line: 4, column: 1 });
});
