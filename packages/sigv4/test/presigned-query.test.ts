import fc from "fast-check";
import { expect, test } from "vitest";
import { AUTH_PARAMETERS, isPresigned, queryParameters, withoutAuthParameters } from "../src/index.ts";

const AUTH = [...AUTH_PARAMETERS].map((name) => `${name}=x%2Fy`).join("&");

test.each([
  [`/k?${AUTH}`, "/k"],
  [`/k?acl&${AUTH}`, "/k?acl"],
  [`/?prefix=a%2fb+c&${AUTH}&delimiter=%2F`, "/?prefix=a%2fb+c&delimiter=%2F"],
  [`/k?X-Amz-SignatureX=1&${AUTH}&x-amz-acl=private`, "/k?X-Amz-SignatureX=1&x-amz-acl=private"],
  ["/k?X%2DAmz-Signature=1&a", "/k?a"],
  ["/k", "/k"],
  ["/k?", "/k"],
])("%s loses its authentication and nothing else", (target, expected) => {
  expect(withoutAuthParameters(target)).toBe(expected);
});

test("parameters of its own stay byte for byte and in order, wherever the others stand", () => {
  const own = fc.array(fc.stringMatching(/^[a-z%+=;?/]{1,8}$/), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(own, fc.nat(), (pieces, at) => {
      const mixed = [...pieces];
      mixed.splice(at % (pieces.length + 1), 0, AUTH);
      expect(withoutAuthParameters(`/k?${mixed.join("&")}`)).toBe(`/k?${pieces.join("&")}`);
    }),
  );
});

test("a query is presigned when it names an algorithm, escaped or not", () => {
  expect(isPresigned(undefined)).toBe(false);
  expect(isPresigned("")).toBe(false);
  expect(isPresigned("a=X-Amz-Algorithm")).toBe(false);
  expect(isPresigned("a&X-Amz-Algorithm=AWS4-HMAC-SHA256")).toBe(true);
  expect(isPresigned("X%2dAmz-Algorithm")).toBe(true);
});

test("parameters have decoded names and raw values", () => {
  expect(queryParameters("a%2Fb=c%2Fd&&e&=f")).toEqual([
    { name: "a/b", rawValue: "c%2Fd" },
    { name: "e", rawValue: "" },
    { name: "", rawValue: "f" },
  ]);
});
