import { Readable } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { linesOf } from "../src/lines-of.ts";

async function lines(pieces: readonly (Uint8Array | string)[]): Promise<string[]> {
  const found: string[] = [];
  for await (const line of linesOf(Readable.from(pieces, { objectMode: true }))) found.push(line);
  return found;
}

test.each<[string, string[]]>([
  ["", []],
  ["a", ["a"]],
  ["a\n", ["a"]],
  ["a\r\nb\r\n", ["a", "b"]],
  ["\n\na", ["", "", "a"]],
  ['"\u2028\u2029\u0085\v\f"\n', ['"\u2028\u2029\u0085\v\f"']],
  ["a\rb\n", ["a\rb"]],
  ["\ufeffa\n", ["a"]],
])("%j has the lines %j", async (text, expected) => {
  expect(await lines([Buffer.from(text)])).toEqual(expected);
});

test("wherever the bytes are cut, the lines are the same", () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: "grapheme" })), fc.nat({ max: 9 }), async (texts, cut) => {
      const written = texts.map((text) => text.replace(/[\n\r\ufeff]/g, ""));
      const bytes = Buffer.from(written.map((line) => `${line}\n`).join(""));
      const pieces: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += cut + 1) pieces.push(bytes.subarray(at, at + cut + 1));
      expect(await lines(pieces)).toEqual(written);
    }),
  ));
