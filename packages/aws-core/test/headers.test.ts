import { expect, test } from "vitest";
import { type Headers, headersFromRaw, headerValue, headerValues, rawHeaders, withoutHeaders } from "../src/index.ts";

const headers: Headers = [
  ["Host", "a"],
  ["X-Amz-Meta", "1"],
  ["x-amz-meta", "2"],
];

test("values of a header are found whatever its case, in wire order", () => {
  expect(headerValues(headers, "x-amz-meta")).toEqual(["1", "2"]);
  expect(headerValue(headers, "x-amz-meta")).toBe("1");
});

test("a header that is not there has no value", () => {
  expect(headerValues(headers, "x-amz-met")).toEqual([]);
  expect(headerValue(headers, "date")).toBeUndefined();
});

test("headers can be dropped by lower-case name, the others keep case and order", () => {
  expect(withoutHeaders(headers, (name) => name === "x-amz-meta")).toEqual([["Host", "a"]]);
});

test("Node's raw headers and header lines are the same thing", () => {
  const raw = ["Host", "a", "X-Amz-Meta", "1", "x-amz-meta", "2"];
  expect(headersFromRaw(raw)).toEqual(headers);
  expect(rawHeaders(headers)).toEqual(raw);
});
