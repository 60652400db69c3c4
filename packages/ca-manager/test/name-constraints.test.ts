import fc from "fast-check";
import { expect, test } from "vitest";
import { nameConstraints, permittedDnsSuffixes } from "../src/name-constraints.ts";

test("the encoding is DER: permitted DNS names, then all IPv4 and IPv6 addresses excluded", () => {
  expect(Buffer.from(nameConstraints(["api.aws", "on.aws"])).toString("hex")).toBe(
    [
      "3049",
      "a015",
      "30098207", // api.aws
      Buffer.from("api.aws").toString("hex"),
      "30088206", // on.aws
      Buffer.from("on.aws").toString("hex"),
      "a130",
      "300a8708",
      "00".repeat(8),
      "30228720",
      "00".repeat(32),
    ].join(""),
  );
});

const names = fc.uniqueArray(fc.domain(), { minLength: 1, maxLength: 200 });

test("whatever names are encoded are read back, sorted", () =>
  fc.assert(
    fc.property(names, (suffixes) => {
      const expected = [...new Set(suffixes.map((suffix) => suffix.toLowerCase()))].sort();
      expect(permittedDnsSuffixes(nameConstraints(suffixes))).toEqual(expected);
    }),
  ));

test("constraints altered in any byte are not read as the same names", () =>
  fc.assert(
    fc.property(names, fc.nat(), fc.integer({ min: 1, max: 255 }), (suffixes, at, change) => {
      const value = Buffer.from(nameConstraints(suffixes));
      const index = at % value.length;
      value.writeUInt8(value.readUInt8(index) ^ change, index);
      expect(permittedDnsSuffixes(value)).not.toEqual(permittedDnsSuffixes(nameConstraints(suffixes)));
    }),
  ));

test("any bytes at all are read without failing", () =>
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (value) => {
      expect(permittedDnsSuffixes(value)).toBeUndefined();
    }),
  ));
