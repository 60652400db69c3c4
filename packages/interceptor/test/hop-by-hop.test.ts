import type { Headers } from "@iap/aws-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { endToEndRequestHeaders, endToEndResponseHeaders, requestTrailers } from "../src/hop-by-hop.ts";

const hopByHop = [
  "Connection",
  "Keep-Alive",
  "Proxy-Connection",
  "Proxy-Authenticate",
  "Proxy-Authorization",
  "TE",
  "Transfer-Encoding",
  "Upgrade",
];

test.each(hopByHop)("%s belongs to one connection, in any case", (name) => {
  for (const spelled of [name, name.toLowerCase(), name.toUpperCase()]) {
    expect(endToEndRequestHeaders([[spelled, "x"]])).toEqual([]);
    expect(endToEndResponseHeaders([[spelled, "x"]])).toEqual([]);
  }
});

const headers: Headers = [
  ["Connection", "close, X-Named"],
  ["x-named", "1"],
  ["X-Kept", "2"],
  ["connection", " x-other ,, content-length, Date, trailer"],
  ["X-OTHER", "3"],
  ["Content-Length", "4"],
  ["date", "now"],
  ["Trailer", "t"],
];

test("a response loses the headers that Connection names, but not what frames it", () => {
  expect(endToEndResponseHeaders(headers)).toEqual([
    ["X-Kept", "2"],
    ["Content-Length", "4"],
    ["date", "now"],
    ["Trailer", "t"],
  ]);
});

test("a request keeps the headers that Connection names, for they may be signed", () => {
  expect(endToEndRequestHeaders(headers)).toEqual(headers.filter(([name]) => name.toLowerCase() !== "connection"));
});

test("all other headers stay as they are, in their order", () =>
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.constantFrom("Host", "x-A", "X-a", "Date", "ETag", "TE", "Connection"),
          fc.constantFrom("1", "x-a", ""),
        ),
      ),
      (lines) => {
        const kept = lines.filter(([name]) => !["TE", "Connection"].includes(name));
        expect(endToEndRequestHeaders(lines)).toEqual(kept);
        const named = lines.some(([name, value]) => name === "Connection" && value === "x-a");
        expect(endToEndResponseHeaders(lines)).toEqual(
          named ? kept.filter(([name]) => name.toLowerCase() !== "x-a") : kept,
        );
      },
    ),
  ));

test.each([
  ...hopByHop,
  "Host",
  "Content-Length",
  "Content-Type",
  "Authorization",
  "Cookie",
  "Range",
  "If-Match",
  "X-Amz-Acl",
  "x-amzn-query-mode",
  "X-HTTP-Method-Override",
  "Date",
  "Trailer",
])("%s is no trailer of a request's", (name) => {
  expect(
    requestTrailers([
      ["X-T", "1"],
      [name, "x"],
      ["server-timing", "2"],
    ]),
  ).toEqual([
    ["X-T", "1"],
    ["server-timing", "2"],
  ]);
});
