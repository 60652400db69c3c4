import fc from "fast-check";
import { expect, test } from "vitest";
import { GatheredBytes } from "../src/gathered-bytes.ts";

const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 40 });

test("pieces in one place are what they were in order, and what was given out before stays as it was", () =>
  fc.assert(
    fc.property(pieces, fc.option(fc.nat(2000), { nil: undefined }), (all, expected) => {
      const gathered = new GatheredBytes(expected);
      const given: [Uint8Array, string][] = [];
      for (const [i, piece] of all.entries()) {
        gathered.add(piece);
        const soFar = Buffer.concat(all.slice(0, i + 1));
        expect(gathered.length).toBe(soFar.length);
        given.push([gathered.bytes, soFar.toString("latin1")]);
      }
      for (const [bytes, text] of given) expect(Buffer.from(bytes).toString("latin1")).toBe(text);
    }),
  ));

test("one piece is not copied", () => {
  const piece = Buffer.from("all of it");
  const gathered = new GatheredBytes();
  gathered.add(piece);
  expect(gathered.bytes).toBe(piece);
});

test("the smallest pieces take no more memory than twice their bytes, or what was announced", () => {
  for (const expected of [undefined, 100_000]) {
    const gathered = new GatheredBytes(expected);
    for (let i = 0; i < 100_000; i++) gathered.add(new Uint8Array(1));
    expect(gathered.bytes.buffer.byteLength).toBeLessThanOrEqual(expected ?? 200_000);
  }
});
