import fc from "fast-check";
import { expect, test } from "vitest";
import { compareDecimals, type Decimal, parseDecimal } from "../src/decimal.ts";

function read(text: string): Decimal {
  const decimal = parseDecimal(text);
  if (decimal === undefined) throw new Error(`${text} was not read`);
  return decimal;
}
const compare = (a: string, b: string): number => Math.sign(compareDecimals(read(a), read(b)));

test.each(["", "10abc", "1e3", "+1", ".5", "1.", "0x1", " 1", "1".repeat(513)])("%j is no decimal", (text) => {
  expect(parseDecimal(text)).toBeUndefined();
});

test.each<[string, string, number]>([
  ["-10000000000000000000", "1", -1],
  ["1", "-10000000000000000000", 1],
  ["-10000000000000000001", "-10000000000000000000", -1],
  ["10000000000000000001", "10000000000000000000", 1],
  ["-0.00000000000000000000", "0", 0],
  ["0.1000000000000000000000001", "0.1", 1],
  ["0.00000000000001", "0.0000000000000100", 0],
])("%s beside %s is %i", (a, b, order) => {
  expect(compare(a, b)).toBe(order);
});

test("decimals of any length compare as the integers they are at one scale", () => {
  const scale = 20;
  const decimals = fc
    .tuple(fc.boolean(), fc.stringMatching(/^[0-9]{1,25}$/), fc.stringMatching(/^[0-9]{0,20}$/))
    .map(([negative, whole, fraction]) => ({
      text: `${negative ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`,
      scaled: BigInt(`${whole}${fraction.padEnd(scale, "0")}`) * (negative ? -1n : 1n),
    }));
  fc.assert(
    fc.property(decimals, decimals, (a, b) => {
      expect(compare(a.text, b.text)).toBe(a.scaled < b.scaled ? -1 : a.scaled > b.scaled ? 1 : 0);
    }),
  );
});
