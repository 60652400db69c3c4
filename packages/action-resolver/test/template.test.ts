// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the templates of the tables are written so
import { describe, expect, test } from "vitest";
import { holds } from "../src/condition.ts";
import type { Scope } from "../src/scope.ts";
import { fill, templateOf } from "../src/template.ts";
import { memberOf, members } from "./members.ts";

function scope(input: object, element?: unknown): Scope {
  const call = {
    partition: "aws",
    region: "eu-west-1",
    account: "123456789012",
    prefix: "ex",
    signingName: "ex",
    method: "GET",
    path: "/a%2Fb",
    header: (name: string) => (name === "x-h" ? "header" : undefined),
    query: (name: string) => (name === "name" ? "query" : undefined),
  };
  return {
    call,
    input: members(input),
    resources: [],
    element: element === undefined ? undefined : memberOf(element),
    key: element === undefined ? undefined : "key",
  };
}

const texts = (template: string, input: object, element?: unknown): readonly string[] =>
  fill(templateOf(template, "ex"), scope(input, element)).map(({ text, missing, wild }) =>
    missing.length > 0 || wild ? `~${text}` : text,
  );

describe("a template", () => {
  test.each([
    ["~thing/${Name}", { Name: "n" }, ["arn:aws:ex:eu-west-1:123456789012:thing/n"]],
    ["~thing/${Name}", {}, ["~arn:aws:ex:eu-west-1:123456789012:thing/*"]],
    ["~thing/${Name}/*", { Name: "*" }, ["~arn:aws:ex:eu-west-1:123456789012:thing/?/*"]],
    ["~thing/${Name}", { Name: "*" }, ["arn:aws:ex:eu-west-1:123456789012:thing/*"]],
    ["${A|default:d}-${B|or:A}", { A: "a" }, ["a-a"]],
    ["${A|default:d}", {}, ["d"]],
    ["${A|default:*}", {}, ["~*"]],
    ["${A|lower|strip:x|prefix:/}", { A: "XY" }, ["/y"]],
    ["${A|last:/} ${A|first:/} ${A|rest:/} ${A|after:/}", { A: "a/b/c" }, ["c a b/c b/c"]],
    ["${A|last:/} ${A|first:/} ${A|rest:/} ${A|after:/|default:none}", { A: "a" }, ["a a a none"]],
    ["${A|resource} ${A|part:4}", { A: "arn:aws:s:r:1:x/y" }, ["x/y 1"]],
    ["${A|chop:s} ${B|chop:s}", { A: "things", B: "thing" }, ["thing thing"]],
    ["${A|prefix:/}", { A: "/x" }, ["/x"]],
    ["${A|after:/}", { A: "a/" }, ["~*"]],
    ["${M{}.T}", { M: { x: { T: "t" } } }, ["t"]],
    ["${M{:k}.L[]}", { M: { k: { L: ["a", "b"] }, l: {} } }, ["a", "b"]],
    ["${M{:k}.L[]}", { M: {} }, []],
    ["${.L[]}", {}, []],
    ["${@Method} ${@Path} ${q:name}", {}, ["GET /a%2Fb query"]],
    ["${L[].K}:${N}", { L: [{ K: "a" }, { K: "b" }], N: 1 }, ["a:1", "b:1"]],
    ["${M{key}}", { M: { x: 1, y: 2 } }, ["x", "y"]],
    ["${M{}.T}/${M{key}}", { M: { x: { T: "t" } } }, ["t/x"]],
    ["${L[]}", { L: [] }, []],
    ["${h:x-h}", {}, ["header"]],
    ["@~thing/${Name}", { Name: "arn:aws:ex:us-east-1:1:thing/n" }, ["arn:aws:ex:us-east-1:1:thing/n"]],
    [
      "@~thing/${Name}/part/${P}",
      { Name: "arn:aws:ex:us-east-1:1:thing/n", P: "p" },
      ["arn:aws:ex:us-east-1:1:thing/n/part/p"],
    ],
    ["@~thing/${Name}", { Name: "arn:aws:other:us-east-1:1:thing/n" }, ["~arn:*:ex:*"]],
  ])("%s with %j is %j", (template, input, filled) => {
    expect(texts(template, input)).toEqual(filled);
  });

  test("of an element of a forEach", () => {
    expect(texts("${.Put.T}:${N}", { N: "n" }, { Put: { T: "t" } })).toEqual(["t:n"]);
    expect(texts("${.}", {}, "x")).toEqual(["x"]);
    expect(texts("${.L[]}", {}, { L: ["a", "b"] })).toEqual(["a", "b"]);
    expect(texts("${@key}", {}, "x")).toEqual(["key"]);
  });

  test("a member that is no text has no safe reading", () => {
    expect(() => texts("${A}", { A: { B: 1 } })).toThrow("A is not text");
    expect(() => texts("${A[]}", { A: "a" })).toThrow("A[] is not a list");
    expect(() => texts("${A.B[]}", { A: "a" })).toThrow("not of the kind");
    expect(() => texts("${A.B}", { A: "a" })).toThrow("not of the kind");
    expect(() => texts("${L[].K}${M[].K}", { L: [{ K: "a" }], M: [{ K: "a" }, { K: "b" }] })).toThrow("more than one");
  });

  test("one that is not in the tables' language is their mistake", () => {
    expect(() => texts("${A|shout}", { A: "a" })).toThrow("shout is not a transform");
    expect(() => texts("${A..B}", {})).toThrow("not a path");
  });
});

describe("a condition", () => {
  const input = { Name: "arn:x", Mode: "FULL", Flag: true, Empty: "", List: [], Tags: [{ K: "a" }] };
  test.each([
    ["Name", true],
    ["!Name", false],
    ["Empty", false],
    ["List", false],
    ["Missing", false],
    ["!Missing", true],
    ["Mode=FULL", true],
    ["Mode=A,FULL", true],
    ["Mode!=FULL", false],
    ["Missing!=FULL", true],
    ["Flag=true", true],
    ["Name^=arn:", true],
    ["Name$=x", true],
    ["Name*=:y", false],
    ["Tags[].K=a", true],
    ["h:x-h", true],
    ["h:x-other", false],
    ["Empty=x", false],
    [".K", false],
  ])("%s: %s", (condition, expected) => {
    expect(holds(condition, scope(input))).toBe(expected);
  });

  test("of what is not of its kind has two readings", () => {
    expect(() => holds("Name[]", scope(input))).toThrow("not of the kind");
    expect(() => holds("Name.K", scope(input))).toThrow("not of the kind");
  });

  test("lists are and, with any, all and not", () => {
    expect(holds(["Name", "Mode"], scope(input))).toBe(true);
    expect(holds({ any: ["Missing", "Mode"] }, scope(input))).toBe(true);
    expect(holds({ all: ["Missing", "Mode"] }, scope(input))).toBe(false);
    expect(holds({ not: ["Missing"] }, scope(input))).toBe(true);
  });
});
