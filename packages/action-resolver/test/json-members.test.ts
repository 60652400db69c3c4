import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readJsonMembers } from "../src/json-members.ts";
import { TwoReadings } from "../src/member-value.ts";
import { shown, wanted } from "./wanted-members.ts";

const read = (text: string | Uint8Array, ...paths: string[]): unknown =>
  shown(readJsonMembers(typeof text === "string" ? Buffer.from(text, "utf8") : text, wanted(paths)));

describe("what is wanted", () => {
  test.each([
    ['{"TableName":"T","Item":{"a":[1,{"b":"}"}]}}', ["TableName"], { TableName: "T" }],
    [' { "A" : { "B" : "x\\u00e9\\n" } , "C":1 } ', ["A.B"], { A: { B: "xé\n" } }],
    ['{"L":[{"K":"a"},{"K":"b"},{}]}', ["L[].K"], { L: [{ K: "a" }, { K: "b" }, {}] }],
    ['{"M":{"x":1,"y":[2]}}', ["M{key}"], { M: { x: "(there)", y: "(there)" } }],
    ['{"M":{"x":{"T":"t"}}}', ["M{}.T"], { M: { x: { T: "t" } } }],
    ['{"A":null,"B":false,"C":1.5e3,"D":7}', ["A", "B", "C", "D"], { B: false, C: "1.5e3", D: 7 }],
    ['{"A":{},"B":[],"C":[0]}', ["A", "B", "C"], { A: "(there)", B: [], C: "(there)" }],
    [
      '{"S":null,"L":[null,{"K":"a"}],"M":{"x":null,"y":{"T":"t"}}}',
      ["S.T", "L[].K", "M{}.T"],
      { L: [{ K: "a" }], M: { y: { T: "t" } } },
    ],
    ["", ["A"], {}],
    ['{"__proto__":"x","a":1}', ["__proto__"], Object.fromEntries([["__proto__", "x"]])],
  ])("of %s: %j", (text, paths, members) => {
    expect(read(text, ...paths)).toEqual(members);
  });
});

describe("what parsers could read differently is refused", () => {
  test.each([
    ['{"A":1,"A":2}', "more than once"],
    ['{"A":1,"\\u0041":2}', "more than once"],
    ['{"a":1}', "not spelled as the API has it"],
    ['{"A":1}{"A":2}', "something follows"],
    ['{"A":1,}', "a name was expected"],
    ['{"A":01}', "a comma or }"],
    ['{"A":"x', "does not end"],
    ['{"A":"x\ny"}', "control character"],
    ['{"B":"\\x","A":1}', "an escape is not one of JSON's"],
    ['{"B":"\\u00g0","A":1}', "an escape is not one of JSON's"],
    ['{"B":"\\', "an escape is not one of JSON's"],
    ["[1]", "an object was expected"],
    ['{"L":{}}', "a list was expected"],
    ['{"M":{"x":1,"x":2}}', "more than once"],
    ['{"A" 1}', "a colon was expected"],
    ['{"B":{1:2}}', "a name was expected"],
    ['{"B":{"C" 2}}', "a colon was expected"],
    ['{"B":nil}', "a value was expected"],
    ['{"B":[1,2}', "a comma or ]"],
    ["{'A':1}", "a name was expected"],
    [`{"B":${"[".repeat(600)}${"]".repeat(600)}}`, "512 levels"],
  ])("%s", (text, why) => {
    expect(() => read(text, "A", "L[]", "M{key}")).toThrow(why);
  });

  test("bytes that are not UTF-8", () => {
    expect(() => read(new Uint8Array([0x7b, 0xff, 0x7d]), "A")).toThrow(TwoReadings);
  });
});

test("whatever the document, a wanted text is what JSON.parse gives", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.string(),
      fc.integer({ min: 0, max: 4 }),
      (rest, text, indent) => {
        const others = Object.fromEntries(Object.entries(rest).filter(([key]) => key.toLowerCase() !== "wanted"));
        const document = JSON.stringify({ ...others, Wanted: text, more: others }, undefined, indent);
        expect(read(document, "Wanted")).toEqual({ Wanted: text });
      },
    ),
  );
});
