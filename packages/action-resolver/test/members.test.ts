// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the templates of the tables are written so
import { gzipSync } from "node:zlib";
import type { Headers, Protocol } from "@iap/aws-core";
import { describe, expect, test } from "vitest";
import { readMembers } from "../src/members.ts";
import { readOperation } from "../src/operation.ts";
import { readQueryString } from "../src/query-string.ts";
import type { OperationEntry } from "../src/shard.ts";
import { shown } from "./wanted-members.ts";

interface Parts {
  readonly target?: string;
  readonly method?: string;
  readonly headers?: Headers;
  readonly body?: string | Uint8Array | undefined;
  readonly protocol?: Protocol;
}

/** What is read of a request to an operation whose resource looks at `A`, `Q`, `L[]`, `H`, `HL[]` and `B`. */
function read(
  entry: Omit<OperationEntry, "c">,
  { target = "/", method = "POST", headers = [], protocol = "restJson1", ...parts }: Parts,
) {
  const c = [[".|W", ["${A}${Q}${H}${B}", "${L[]}", "${HL[]}"]]] as const;
  const protocols = [protocol];
  const shard = {
    service: "ex",
    id: "Ex",
    prefix: "ex",
    endpointPrefix: "ex",
    protocols,
    operations: { DoIt: { c, ...entry } },
  };
  const operation = readOperation(shard, "DoIt");
  if (operation === undefined) throw new Error("no operation");
  const [path = "", query] = target.split("?");
  const { body = "" } = parts;
  const request = {
    ...{ httpVersion: "1.1" as const, method, target, headers, host: "ex" },
    body: "body" in parts && parts.body === undefined ? undefined : typeof body === "string" ? Buffer.from(body) : body,
  };
  return shown(readMembers(operation, protocol, request, { path, query: readQueryString(query) ?? [] }));
}

const places = { Q: "q:q", L: "q:l", H: "h:x-h", HL: "h:x-l" };
const all = { w: ["POST /a/{A}", "POST /b/{A+}/c", "GET /{A}"], m: places };

describe("members of the head", () => {
  test("stand in the path, the query and headers; lists in several of one name, or behind commas", () => {
    const headers = [
      ["X-H", "h"],
      ["X-L", "a, b"],
      ["x-l", "c"],
    ] as const;
    expect(read(all, { target: "/a/x%20y?q=1&l=a&l=b", headers })).toEqual({
      ...{ A: "x y", Q: "1", L: ["a", "b"], H: "h" },
      HL: ["a", "b", "c"],
    });
    expect(read(all, { target: "/b/x/y/c" })).toEqual({ A: "x/y" });
    expect(read(all, { method: "GET", target: "/x" })).toEqual({ A: "x" });
  });

  test.each<[string, Parts, string]>([
    ["a parameter twice", { target: "/a/x?q=1&q=2" }, "more than once"],
    ["a parameter in other letters", { target: "/a/x?Q=1" }, "not spelled"],
    ["a path of another operation", { target: "/b/c" }, "does not fit"],
    ["a path with another end", { target: "/b/x/d" }, "does not fit"],
    ["a path that does not decode", { target: "/a/%ff" }, "does not decode"],
  ])("%s is refused", (_, parts, why) => {
    expect(() => read(all, parts)).toThrow(why);
  });
});

describe("the body", () => {
  const body = '{"B":"b"}';
  const gzip: Headers = [["Content-Encoding", "identity, GZIP,"]];
  test.each<[string, Parts, unknown]>([
    ["JSON", { body }, { B: "b" }],
    ["null", { body: "null" }, {}],
    ["JSON in gzip", { body: gzipSync(body), headers: gzip }, { B: "b" }],
    ["JSON as it is", { body, headers: [["Content-Encoding", "identity"]] }, { B: "b" }],
  ])("%s is read", (_, parts, wanted) => {
    expect(read({}, parts)).toEqual(wanted);
  });

  test.each<[string, Parts, string]>([
    ["that was not read", { body: undefined }, "was not read"],
    [
      "with two types",
      {
        body,
        headers: [
          ["Content-Type", "a/b"],
          ["content-type", "a/b"],
        ],
      },
      "more than once",
    ],
    ["in another character set", { body, headers: [["Content-Type", "a/b; charset=utf-16"]] }, "not UTF-8"],
    ["encoded twice", { body, headers: [["Content-Encoding", "gzip, gzip"]] }, "not gzip"],
    ["encoded otherwise", { body, headers: [["Content-Encoding", "br"]] }, "not gzip"],
    ["that is no gzip", { body, headers: gzip }, "not one member"],
    ["that is no form", { body, protocol: "awsQuery", method: "GET" }, "carries a body"],
  ])("one %s is refused", (_, parts, why) => {
    expect(() => read({}, parts)).toThrow(why);
  });
});
