import { describe, expect, test } from "vitest";
import { readCborMembers } from "../src/cbor-members.ts";
import { shown, wanted } from "./wanted-members.ts";

const read = (hex: string, ...paths: string[]): unknown =>
  shown(readCborMembers(Buffer.from(hex.replaceAll(" ", ""), "hex"), wanted(paths)));

describe("what is wanted (RFC 8949)", () => {
  test.each([
    ["a1 61 41 61 78", ["A"], { A: "x" }],
    ["bf 61 41 7f 61 78 61 79 ff 61 42 01 ff", ["A"], { A: "xy" }],
    ["a2 61 42 82 01 f6 61 41 18 2a", ["A"], { A: 42 }],
    ["a1 61 41 20", ["A"], { A: -1 }],
    ["a1 61 41 f5", ["A"], { A: true }],
    ["a1 61 41 f6", ["A"], {}],
    ["a1 61 41 fb 3ff8000000000000", ["A"], { A: 1.5 }],
    ["a1 61 4c 9f a1 61 4b 61 61 a1 61 4b 61 62 ff", ["L[].K"], { L: [{ K: "a" }, { K: "b" }] }],
    ["a1 61 4d a2 61 78 01 61 79 02", ["M{key}"], { M: { x: "(there)", y: "(there)" } }],
    ["a1 61 41 c1 1a 65 53 f1 00", ["A"], { A: 1_700_000_000 }],
    ["a1 61 41 42 00 01", ["A"], { A: "(there)" }],
    ["a3 61 41 80 61 42 81 01 61 43 a0", ["A", "B", "C"], { A: [], B: "(there)", C: "(there)" }],
    ["a2 61 4c f6 61 53 f6", ["L[]", "S.T"], {}],
    ["a1 61 4c 83 01 f6 02", ["L[]"], { L: [1, 2] }],
    ["a3 61 41 f9 3c00 61 42 fa 3fc00000 61 43 19 0100", ["A", "B", "C"], { A: "(there)", B: 1.5, C: 256 }],
    ["", ["A"], {}],
  ])("of %s: %j", (hex, paths, members) => {
    expect(read(hex, ...paths)).toEqual(members);
  });
});

describe("what decoders could read differently is refused", () => {
  test.each([
    ["a2 61 41 01 61 41 02", "more than once"],
    ["a1 61 61 01", "not spelled as the API has it"],
    ["a1 61 41 01 00", "something follows"],
    ["a1 61 41", "ends too early"],
    ["a1 61 41 61 ff", "not UTF-8"],
    ["81 01", "a map was expected"],
    ["a1 01 01", "a name was expected"],
    ["a1 61 41 e0", "a simple value is not known"],
    ["f5", "a list or map was expected"],
    ["a1 61 41 7f 41 00 ff", "not of its string's kind"],
    ["a1 61 41 1c", "a length is not known"],
    [`a1 61 42 ${"81".repeat(600)} 01`, "512 levels"],
    [`a1 61 41 ${"c1".repeat(9)} 01`, "too many tags"],
    ["a1 61 4c a0", "a list was expected"],
    ["a1 61 4d a2 61 78 01 61 78 02", "more than once"],
  ])("%s", (hex, why) => {
    expect(() => read(hex, "A", "M{key}", "L[]")).toThrow(why);
  });
});
