import type { Headers, RequestHead } from "@iap/aws-core";
import { expect, test } from "vitest";
import { http1Headers, http2Headers, http2RequestFault, outgoingHeaders } from "../src/http2-headers.ts";
import { host } from "./harness.ts";

const head = (headers: Headers): RequestHead => ({ httpVersion: "2", method: "GET", target: "/", headers, host });

test("a request that names no host is refused, should Node let it pass", () => {
  expect(http2RequestFault({ head: head([["accept", "*/*"]]), scheme: "https" })).toMatchObject({
    status: 400,
    reason: "a request needs :authority",
  });
});

test.each<[string, Headers]>([
  ["its :authority", [[":authority", host]]],
  ["its host", [["Host", host]]],
  ["its tunnel's where it names none", []],
])("the host of a request that goes on is %s", (_what, headers) => {
  expect(http2Headers(head(headers), [...headers, ["x", "1"]])).toMatchObject({ ":authority": host, x: "1" });
  expect(http1Headers(head(headers), [...headers, ["x", "1"]])).toEqual([
    ["Host", host],
    ["x", "1"],
  ]);
});

test("lines of one name go out together, in their order", () => {
  const lines: Headers = [
    ["X-A", "1"],
    ["b", "2"],
    ["x-a", "3"],
    ["x-A", "4"],
  ];
  expect({ ...outgoingHeaders(lines) }).toEqual({ "x-a": ["1", "3", "4"], b: "2" });
});
