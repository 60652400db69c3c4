import type { Headers, RequestHead } from "@iap/aws-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fieldLine, requestHeadText } from "../src/request-text.ts";

const head = (method: string, target: string): RequestHead => ({
  httpVersion: "1.1",
  method,
  target,
  headers: [],
  host: "s3.us-east-1.amazonaws.com",
});

test("a head goes out byte for byte, and says that the connection is kept", () => {
  const headers: Headers = [
    ["hOsT", "a"],
    ["X", "1"],
    ["x", "\xe9\t\xff"],
    ["Empty", ""],
  ];
  expect(requestHeadText(head("GET", "/a%2Fb/../c//d?x=%zz"), headers)).toBe(
    "GET /a%2Fb/../c//d?x=%zz HTTP/1.1\r\nhOsT: a\r\nX: 1\r\nx: \xe9\t\xff\r\nEmpty: \r\nConnection: keep-alive\r\n\r\n",
  );
});

test("a Connection of the headers' own is the only one", () => {
  expect(requestHeadText(head("GET", "/"), [["connection", "Upgrade"]])).toBe(
    "GET / HTTP/1.1\r\nconnection: Upgrade\r\n\r\n",
  );
});

test.each([
  ["GET ", "/"],
  ["", "/"],
  ["G\r\nET", "/"],
  ["GET", ""],
  ["GET", "/ HTTP/1.1\r\nX: y"],
  ["GET", "/a b"],
  ["GET", "/\x7f"],
  ["GET", "/\u0100"],
])("the request line of %j %j is refused", (method, target) => {
  expect(() => requestHeadText(head(method, target), [])).toThrow(TypeError);
});

test.each([
  ["", "v"],
  ["a b", "v"],
  ["a:", "v"],
  ["a\n", "v"],
  ["\xe9", "v"],
  ["a", "v\r\nX: y"],
  ["a", "v\n"],
  ["a", "v\0"],
  ["a", "\x7f"],
  ["a", "\u0100"],
])("the header line of %j %j is refused", (name, value) => {
  expect(() => fieldLine(name, value)).toThrow(TypeError);
});

test("a value that is refused is not repeated: it may be a secret", () => {
  expect(() => fieldLine("Authorization", "secret\n")).toThrow(/^(?!.*secret)/s);
});

test("whatever is accepted is one line, and one head", () =>
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (name, value) => {
      let line: string;
      try {
        line = fieldLine(name, value);
      } catch {
        return;
      }
      expect(line.split(/[\r\n]/)).toEqual([`${name}: ${value}`, "", ""]);
      expect(Buffer.from(line, "latin1").toString("latin1")).toBe(line);
    }),
  ));
