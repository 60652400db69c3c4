import fc from "fast-check";
import { expect, test } from "vitest";
import { appendJson } from "../src/append-json.ts";

test.each<[string, string, (string | number)[], unknown[], string]>([
  ["a list on one line", '{"a":["x","y"]}', ["a"], ["z"], '{"a":["x","y","z"]}'],
  ["a list with blanks", '{ "a": [ "x", "y" ] }', ["a"], ["z", 1], '{ "a": [ "x", "y", "z", 1 ] }'],
  ["a list of one, with blanks", '{ "a": [ "x" ] }', ["a"], ["z"], '{ "a": [ "x", "z" ] }'],
  ["a list of one", '{"a":["x"]}', ["a"], ["z"], '{"a":["x","z"]}'],
  ["a list of one, in a text of lines", '{\n  "a": ["x"]\n}', ["a"], ["z"], '{\n  "a": ["x", "z"]\n}'],
  ["a list on lines", '{\n "a": [\n   "x"\n ]\n}\n', ["a"], ["z"], '{\n "a": [\n   "x",\n   "z"\n ]\n}\n'],
  ["line breaks of Windows", '{\r\n\t"a": [\r\n\t\t"x"]}', ["a"], ["z"], '{\r\n\t"a": [\r\n\t\t"x",\r\n\t\t"z"]}'],
  ["one value", '{"a":"x"}', ["a"], ["z"], '{"a":["x","z"]}'],
  ["one value, in a text of lines", '{\n\t"a" : "x"}', ["a"], ["z"], '{\n\t"a" : [\n\t\t"x",\n\t\t"z"\n\t]}'],
  ["one object", '{\n "a": {"b": 1}\n}', ["a"], [{ c: 2 }], '{\n "a": [{"b": 1}, {"c":2}]\n}'],
  [
    "one object on lines",
    '{\n  "a": {\n    "b": 1\n  }\n}',
    ["a"],
    [{ c: [2] }],
    '{\n  "a": [{\n    "b": 1\n  }, {\n    "c": [\n      2\n    ]\n  }]\n}',
  ],
  [
    "objects on lines, of Windows",
    '{\r\n "a": [\r\n  {\r\n   "b": 1\r\n  }\r\n ]\r\n}',
    ["a"],
    [{ c: 2 }, { d: 3 }],
    '{\r\n "a": [\r\n  {\r\n   "b": 1\r\n  },\r\n  {\r\n   "c": 2\r\n  },\r\n  {\r\n   "d": 3\r\n  }\r\n ]\r\n}',
  ],
  [
    "objects on a line each",
    '{\n"a": [\n  {"b": 1},\n  {"b": 2}\n]}',
    ["a"],
    [{ c: 2 }],
    '{\n"a": [\n  {"b": 1},\n  {"b": 2},\n  {"c":2}\n]}',
  ],
  [
    "what looks like an end in a string",
    '{"x":"]}\\"","a":["]","\\\\"]}',
    ["a"],
    ["z"],
    '{"x":"]}\\"","a":["]","\\\\","z"]}',
  ],
  ["a key that is written with escapes", '{"\\u0061":[null]}', ["a"], [true], '{"\\u0061":[null,true]}'],
  ["a list in a list", '{"a":[{"b":["x"]},{"b":["y"]}]}', ["a", 1, "b"], ["z"], '{"a":[{"b":["x"]},{"b":["y","z"]}]}'],
])("%s", (_, text, path, values, expected) => {
  expect(appendJson(text, path, values)).toBe(expected);
});

test("what comes of it is the value with the others added, and what was there is there in its order", () => {
  const indents = fc.constantFrom("", "\t", " ", "    ");
  const lists = fc.array(fc.jsonValue({ maxDepth: 2 }), { minLength: 1, maxLength: 4 });
  const isPlain = (value: unknown): boolean => !Array.isArray(value);
  fc.assert(
    fc.property(
      lists,
      lists,
      indents,
      fc.constantFrom("\n", "\r\n"),
      fc.boolean(),
      (there, values, indent, end, one) => {
        const [first] = there;
        const alone = one && isPlain(first);
        const before = { v: there, a: { b: [0, { c: alone ? first : there }] }, z: "]" };
        const text = JSON.stringify(before, null, indent).replaceAll("\n", end);
        const after = appendJson(text, ["a", "b", 1, "c"], values);
        const c = [...(alone ? [first] : there), ...values];
        expect(JSON.parse(after)).toEqual(JSON.parse(JSON.stringify({ ...before, a: { b: [0, { c }] } })));
        let at = 0;
        for (const character of after) if (character === text[at]) at++;
        expect(at).toBe(text.length);
      },
    ),
  );
});
