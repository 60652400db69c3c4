import fc from "fast-check";
import { expect, test } from "vitest";
import {
  AUTH_PARAMETERS,
  queryAuthentication,
  queryParameters,
  SIGNATURE_V2_PARAMETERS,
  withoutParameters,
} from "../src/index.ts";

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
  expect(withoutParameters(target)).toBe(expected);
});

test("parameters of its own stay byte for byte and in order, wherever the others stand", () => {
  const own = fc.array(fc.stringMatching(/^[a-z%+=;?/]{1,8}$/), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(own, fc.nat(), (pieces, at) => {
      const mixed = [...pieces];
      mixed.splice(at % (pieces.length + 1), 0, AUTH);
      expect(withoutParameters(`/k?${mixed.join("&")}`)).toBe(`/k?${pieces.join("&")}`);
    }),
  );
});

test("a query authenticates when it names an algorithm or a key of version 2, escaped or not", () => {
  expect(queryAuthentication(undefined)).toBeUndefined();
  expect(queryAuthentication("")).toBeUndefined();
  expect(queryAuthentication("a=X-Amz-Algorithm")).toBeUndefined();
  expect(queryAuthentication("a&X-Amz-Algorithm=AWS4-HMAC-SHA256")).toBe(AUTH_PARAMETERS);
  expect(queryAuthentication("X%2dAmz-Algorithm")).toBe(AUTH_PARAMETERS);
  expect(queryAuthentication("AWSAccessKeyId=a&Expires=1&Signature=b")).toBe(SIGNATURE_V2_PARAMETERS);
  expect(queryAuthentication("AWSAccessKeyId=a")).toBeUndefined();
});

test("a URL of version 2 loses what authenticates it, and keeps the headers it holds", () => {
  const target = "/k?AWSAccessKeyId=a&Signature=b&Expires=1&x-amz-security-token=t&x-amz-acl=private&acl";
  expect(withoutParameters(target, SIGNATURE_V2_PARAMETERS)).toBe("/k?x-amz-acl=private&acl");
});

test("parameters have decoded names and raw values", () => {
  expect(queryParameters("a%2Fb=c%2Fd&&e&=f")).toEqual([
    { name: "a/b", rawValue: "c%2Fd" },
    { name: "e", rawValue: "" },
    { name: "", rawValue: "f" },
  ]);
});
