import fc from "fast-check";
import { expect, test } from "vitest";
import { SignedHeaders } from "../src/signed-headers.ts";

test("names are sorted and once each, values joined in the order they came", () => {
  const name = fc.constantFrom("host", "a", "x-amz-date", "x-amz-meta-b", "x-amz-meta-a", "z");
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.stringMatching(/^[a-z]{0,3}$/)), { maxLength: 12 }), (lines) => {
      const headers = new SignedHeaders();
      const expected = new Map<string, string[]>();
      for (const [key, value] of lines) {
        headers.add(key, value);
        expected.set(key, [...(expected.get(key) ?? []), value]);
      }
      const sorted = [...expected].sort(([a], [b]) => (a < b ? -1 : 1));
      expect(headers.names).toBe(sorted.map(([key]) => key).join(";"));
      expect(headers.canonical()).toBe(sorted.map(([key, values]) => `${key}:${values.join(",")}\n`).join(""));
    }),
  );
});

test("a name is added once where it may stand only once", () => {
  const headers = new SignedHeaders();
  expect(headers.addOnce("host", "a")).toBe(true);
  expect(headers.addOnce("host", "b")).toBe(false);
  expect(headers.canonical()).toBe("host:a\n");
});
