import fc from "fast-check";
import { expect, test } from "vitest";
import { readJson } from "../src/read-json.ts";

const isDocument = (path: string): boolean => path === "document" || path === "list[]";

test("what has no key twice is what JSON.parse says", () => {
  fc.assert(
    fc.property(fc.json({ noUnicodeString: false }), fc.constantFrom(undefined, 1, "\t"), (json, space) => {
      const text = JSON.stringify(JSON.parse(json), null, space);
      expect(readJson(text, isDocument)).toEqual(JSON.parse(text));
    }),
  );
});

test("a document with a key twice is its text, at whatever depth", () => {
  const document = '{ "a": [1, {"b": "\\"}", "\\u0062": 2}] }';
  expect(readJson(`{"id":1,"document":${document}}`, isDocument)).toEqual({ id: 1, document });
  expect(readJson(`{"list":[{},${document} , {"c":null}]}`, isDocument)).toEqual({ list: [{}, document, { c: null }] });
});

test("elsewhere a key that is there twice is an error", () => {
  expect(() => readJson('{"id":1,"id":2}', isDocument)).toThrow('the key "id" is there twice');
  expect(() => readJson('[{"a":{"b":1,"b":1}}]', isDocument)).toThrow('the key "b" is there twice');
});

test.each(["", "{", '{"a":1,}', "[1 2]", "nonsense"])("%j is no JSON", (text) => {
  expect(() => readJson(text, isDocument)).toThrow(SyntaxError);
});

test("a string may be as long as a body is, and full of escapes", () => {
  const body = "A".repeat(24 << 20);
  expect(readJson(JSON.stringify({ id: 1, body }), isDocument)).toEqual({ id: 1, body });
  const escapes = '\\"'.repeat(1 << 20);
  expect(readJson(JSON.stringify({ [escapes]: escapes, b: "\\" }), isDocument)).toEqual({
    [escapes]: escapes,
    b: "\\",
  });
});
