import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalPath, pathRule } from "../src/index.ts";

describe("most services sign a normalised path, encoded as it stands on the wire", () => {
  test.each([
    ["", "/"],
    ["/", "/"],
    ["//", "/"],
    ["/a", "/a"],
    ["/a/", "/a/"],
    ["//a//b//", "/a/b/"],
    ["/./a/./", "/a/"],
    ["/a/..", "/"],
    ["/a/../", "/"],
    ["/a/b/..", "/a"],
    ["/../a", "/a"],
    ["/a/.../b", "/a/.../b"],
    ["/.hidden", "/.hidden"],
    ["/a%2Fb", "/a%252Fb"],
    ["/arn%3Aaws", "/arn%253Aaws"],
    ["/@connections/x=", "/%40connections/x%3D"],
    ["/a b", "/a%20b"],
    ["/\xc3\xa9", "/%C3%A9"],
    ["/%2e%2e/a", "/%252e%252e/a"],
  ])("%j -> %j", (path, canonical) => {
    expect(canonicalPath(path, pathRule("lambda"))).toBe(canonical);
  });
});

describe.each(["s3", "s3express", "s3-object-lambda", "s3-outposts"])(
  "%s signs the key as it is, encoded once",
  (service) => {
    test.each([
      ["", "/"],
      ["/", "/"],
      ["//", "//"],
      ["/a/../b/./c//", "/a/../b/./c//"],
      ["/a%2fb", "/a%2Fb"],
      ["/%41%7e", "/A~"],
      ["/a%20b+c", "/a%20b%2Bc"],
      ["/a b", "/a%20b"],
      ["/%252F", "/%252F"],
      ["/x*'()!~$&,=@:;", "/x%2A%27%28%29%21~%24%26%2C%3D%40%3A%3B"],
      ["/%C3%A9\xc3\xa9", "/%C3%A9%C3%A9"],
    ])("%j -> %j", (path, canonical) => {
      expect(canonicalPath(path, pathRule(service))).toBe(canonical);
    });
  },
);

test("a canonical path is ASCII and begins with a slash, whatever comes", () => {
  const paths = fc.uint8Array({ maxLength: 40 }).map((bytes) => `/${Buffer.from(bytes).toString("latin1")}`);
  fc.assert(
    fc.property(paths, fc.constantFrom("s3", "sqs"), (path, service) => {
      expect(canonicalPath(path, pathRule(service))).toMatch(/^\/[A-Za-z0-9\-._~%/]*$/);
    }),
  );
});
