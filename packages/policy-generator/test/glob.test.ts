import fc from "fast-check";
import { expect, test } from "vitest";
import { matchesGlob } from "../src/glob.ts";

test("a pattern means what the same regular expression does, in any case", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "B", ".", "/"), maxLength: 8 });
  const pattern = fc.string({ unit: fc.constantFrom("A", "b", ".", "*", "?"), maxLength: 8 });
  fc.assert(
    fc.property(pattern, text, (glob, given) => {
      const expression = glob.replace(/[.*?]/g, (sign) => ({ "*": ".*", "?": "." })[sign] ?? "\\.");
      expect(matchesGlob(glob, given)).toBe(new RegExp(`^${expression}$`, "i").test(given));
    }),
    { numRuns: 1000 },
  );
});

test("takes no longer than both lengths allow, however many wildcards there are", () => {
  expect(matchesGlob(`${"*a".repeat(200)}b`, "a".repeat(1000))).toBe(false);
});
