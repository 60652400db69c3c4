import { describe, expect, test } from "vitest";
import { readXmlMembers } from "../src/xml-members.ts";
import { shown, wanted } from "./wanted-members.ts";

const read = (xml: string, paths: readonly string[], names: Readonly<Record<string, string>> = {}): unknown =>
  shown(readXmlMembers(Buffer.from(xml), wanted(paths, { names })));

describe("what is wanted", () => {
  test.each([
    ["<R><A>x &amp; y</A><B/></R>", ["A"], {}, { A: "x & y" }],
    ["<R><L><member>a</member><member>b</member></L></R>", ["L[]"], {}, { L: ["a", "b"] }],
    ["<R><Tags><Tag><Key>k</Key></Tag></Tags></R>", ["Tags[].Key"], { "Tags[]": "Tag" }, { Tags: [{ Key: "k" }] }],
    [
      "<R><Item>a</Item><Other/><Item>b</Item></R>",
      ["Items[]"],
      { Items: "Item", "Items[]": "" },
      { Items: ["a", "b"] },
    ],
    ["<R><M><entry><key>k</key><value>v</value></entry></M></R>", ["M{}"], {}, { M: { k: "v" } }],
    ["<R><S><T>1</T></S></R>", ["S"], {}, { S: "(there)" }],
    [
      "<R><M><key>k</key><value>v</value></M><M><key>l</key></M></R>",
      ["M{}"],
      { "M{}": ",key,value" },
      { M: { k: "v", l: "(there)" } },
    ],
    ["<R><M><entry><key>k</key><value>v</value></entry></M></R>", ["M{key}"], {}, { M: { k: "(there)" } }],
    ["", ["A"], {}, {}],
  ])("of %s: %j", (xml, paths, names, members) => {
    expect(read(xml, paths, names)).toEqual(members);
  });
});

test.each([
  ["<R><A>1</A><A>2</A></R>", ["A"], "more than once"],
  ["<R><a>1</a></R>", ["A"], "not spelled as the API has it"],
  ["<R><L><x>1</x></L></R>", ["L[]"], "holds x"],
  ["<!DOCTYPE R []><R/>", ["A"], "an element was expected"],
  ["<R><M><entry><value>v</value></entry></M></R>", ["M{}"], "no such entry"],
  ["<R><M><entry><key>k</key></entry><entry><key>k</key></entry></M></R>", ["M{}"], "more than once"],
])("%s is refused", (xml, paths, why) => {
  expect(() => read(xml, paths)).toThrow(why);
});
