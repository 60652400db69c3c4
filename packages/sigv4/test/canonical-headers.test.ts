import { AwsError, type Headers, type RequestHead } from "@iap/aws-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalHeaders, canonicalHeaderValue } from "../src/index.ts";

function head(headers: Headers, httpVersion: "1.1" | "2" = "1.1"): RequestHead {
  return { httpVersion, method: "GET", target: "/", headers, host: "example.amazonaws.com" };
}

test("repeated lines are joined by a comma, in wire order", () => {
  const headers = canonicalHeaders(
    head([
      ["X-A", "2"],
      ["Host", "h"],
      ["x-a", " 1 "],
    ]),
    ["host", "x-a"],
  );
  expect(headers).toBe("host:h\nx-a:2,1\n");
});

test("of thousands of lines they are the same as of few", () => {
  const names = Array.from({ length: 3000 }, (_, i) => `x-${String(i).padStart(4, "0")}`);
  const lines = names.flatMap(
    (name): Headers => [
      [name.toUpperCase(), " 1  2 "],
      [name, "3"],
    ],
  );
  const canonical = canonicalHeaders(head([...lines.reverse(), ["Host", "h"]]), ["host", ...names]);
  expect(canonical).toBe(`host:h\n${names.map((name) => `${name}:3,1 2\n`).join("")}`);
  expect(() => canonicalHeaders(head(lines), ["host", ...names])).toThrow(AwsError);
  expect(canonicalHeaders(head(lines, "2"), ["host", names[0] as string])).toBe(
    "host:example.amazonaws.com\nx-0000:3,1 2\n",
  );
});

test.each([
  ["", ""],
  ["a", "a"],
  ["  a  ", "a"],
  ["\ta\t", "a"],
  ["a \t b", "a b"],
  ['"a   b   c"', '"a b c"'],
  ["value1\r\n  value2\n     value3", "value1 value2 value3"],
  ["   ", ""],
  ["a\u00a0\u00a0b", "a\u00a0\u00a0b"],
])("the value %j is signed as %j", (value, canonical) => {
  expect(canonicalHeaderValue(value)).toBe(canonical);
});

test("a value is canonical once, however long", () => {
  const values = fc.array(fc.constantFrom(" ", "  ", "\t", "a", "b".repeat(40), "é", "\r\n "), { maxLength: 12 });
  fc.assert(
    fc.property(values, (parts) => {
      const value = parts.join("");
      const plain = value.split(/[ \t\r\n]+/).filter((part) => part !== "");
      expect(canonicalHeaderValue(value)).toBe(plain.join(" "));
      expect(canonicalHeaderValue(canonicalHeaderValue(value))).toBe(canonicalHeaderValue(value));
    }),
  );
});

test("a name the request does not have is refused", () => {
  expect(() => canonicalHeaders(head([["Host", "h"]]), ["host", "x-a"])).toThrow(
    new AwsError("MalformedAuthorization", 'SignedHeaders lists "x-a", but the request has no such header.'),
  );
  expect(() => canonicalHeaders(head([]), ["host"])).toThrow(AwsError);
  expect(() => canonicalHeaders(head([["Host", "h"]]), [":authority"])).toThrow(AwsError);
});

test("on HTTP/2 the authority is the host, under either name, as a line or as where the client connected to", () => {
  const authority = head([[":authority", "a.example"]], "2");
  expect(canonicalHeaders(authority, [":authority"])).toBe(":authority:a.example\n");
  expect(canonicalHeaders(authority, ["host"])).toBe("host:a.example\n");
  expect(canonicalHeaders(head([["host", "b.example"]], "2"), [":authority"])).toBe(":authority:b.example\n");
  expect(canonicalHeaders(head([], "2"), ["host"])).toBe("host:example.amazonaws.com\n");
});
