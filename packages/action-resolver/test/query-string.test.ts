import { expect, test } from "vitest";
import { queryValues, readQueryString } from "../src/query-string.ts";

test.each([
  [undefined, []],
  ["", []],
  ["acl", [["acl", ""]]],
  [
    "acl=&a=b=c&a=%26+x&&",
    [
      ["acl", ""],
      ["a", "b=c"],
      ["a", "& x"],
    ],
  ],
  ["%61cl", [["acl", ""]]],
])("%j has the parameters %j", (raw, parameters) => {
  expect(readQueryString(raw)).toEqual(parameters);
});

test.each(["%zz", "a=%", "a=%ff"])("%j does not decode", (raw) => {
  expect(readQueryString(raw)).toBeUndefined();
});

test("values of one name keep their order", () => {
  expect(
    queryValues(
      [
        ["a", "1"],
        ["b", "2"],
        ["a", "3"],
      ],
      "a",
    ),
  ).toEqual(["1", "3"]);
});
