import { expect, test } from "vitest";
import { readQueryString } from "../src/query-string.ts";
import { buildTrie, matchRest } from "../src/rest-trie.ts";

const trie = buildTrie({
  service: "example",
  id: "Example",
  prefix: "example",
  endpointPrefix: "example",
  protocols: ["restJson1"],
  operations: {
    ListThings: { c: ".", w: ["GET /things/"] },
    GetThing: { c: ".", w: ["GET /things/{Name}"] },
    GetSpecial: { c: ".", w: ["GET /things/special"] },
    ReadFile: { c: ".", w: ["GET /files/{Path+}"] },
    ListPages: { c: ".", w: ["GET /portals/{Arn+}/pages"] },
    GetPortal: { c: ".", w: ["GET /portals/{Arn+}"] },
    Tag: { c: ".", w: ["POST /tags?operation=tag"] },
    Untag: { c: ".", w: ["POST /tags?operation=untag"] },
    Post: { c: ".", w: ["POST /tags"] },
    GetOne: { c: ".", w: ["GET /config"], q: ["id"] },
    GetAll: { c: ".", w: ["GET /config"] },
    Copy: { c: ".", w: ["PUT /copy"], h: ["x-source"] },
    Put: { c: ".", w: ["PUT /copy"] },
    TwinA: { c: ".", w: ["GET /twin"] },
    TwinB: { c: ".", w: ["GET /twin"] },
    NotOnTheWire: ".",
  },
});

const match = (method: string, target: string, headers: readonly string[] = []) => {
  const [path = "", query] = target.split("?");
  return matchRest(trie, {
    method,
    path,
    query: readQueryString(query) ?? [],
    hasHeader: (name) => headers.includes(name),
  });
};

test.each([
  ["GET", "/things", ["ListThings"]],
  ["GET", "/things/", ["ListThings"]],
  ["GET", "/things/a", ["GetThing"]],
  ["GET", "/things/a/", ["GetThing"]],
  ["GET", "/things/a%2Fb", ["GetThing"]],
  ["GET", "/things/special", ["GetSpecial"]],
  ["GET", "/things/a/b", []],
  ["DELETE", "/things/a", []],
  ["GET", "/files/a/b/c", ["ReadFile"]],
  ["GET", "/files", []],
  ["GET", "/portals/arn/x/pages", ["ListPages"]],
  ["GET", "/portals/arn/pages/x", ["GetPortal"]],
  ["GET", "/portals/pages", ["GetPortal"]],
  ["POST", "/tags?operation=tag", ["Tag"]],
  ["POST", "/tags?operation=untag&x=1", ["Untag"]],
  ["POST", "/tags?operation=other", ["Post"]],
  ["GET", "/config?id=1", ["GetOne"]],
  ["GET", "/config", ["GetAll"]],
  ["PUT", "/copy", ["Put"]],
  ["GET", "/twin", ["TwinA", "TwinB"]],
  ["GET", "/", []],
])("%s %s is %j", (method, target, operations) => {
  expect(match(method, target)).toEqual(operations);
});

test("a required header that is there selects its operation", () => {
  expect(match("PUT", "/copy", ["x-source"])).toEqual(["Copy"]);
});

test.each(["/things/speci%61l", "/things/..", "/things/%2E", "/things//a", "/things/%zz", "/things/special;a"])(
  "%s has two readings, and is refused",
  (target) => {
    expect(typeof match("GET", target)).toBe("string");
  },
);

test("an operation's selecting query key may be there once, and in its own letter case", () => {
  expect(typeof match("POST", "/tags?operation=tag&operation=untag")).toBe("string");
  expect(typeof match("POST", "/tags?Operation=tag")).toBe("string");
});
