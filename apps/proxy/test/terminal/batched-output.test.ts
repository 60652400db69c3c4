import fc from "fast-check";
import { expect, test } from "vitest";
import { BatchedOutput } from "../../src/terminal/batched-output.ts";

test("what is written in one turn goes out in one write, and what is flushed at once", async () => {
  const written: string[] = [];
  const output = new BatchedOutput({ write: (text) => written.push(text) });
  output.write("a\n");
  output.write("b\n");
  expect(written).toEqual([]);
  await new Promise(setImmediate);
  expect(written).toEqual(["a\nb\n"]);
  output.write("c\n");
  output.flush();
  output.flush();
  expect(written).toEqual(["a\nb\n", "c\n"]);
  await new Promise(setImmediate);
  expect(written).toHaveLength(2);
});

test("with a limit, writes are of whole lines, and no longer than that unless one line is", () =>
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme", maxLength: 30 })), (texts) => {
      const lines = texts.map((text) => `${text.replaceAll("\n", "")}\n`);
      const written: string[] = [];
      const output = new BatchedOutput({ write: (text) => written.push(text) }, 40);
      for (const line of lines) output.write(line);
      output.flush();
      expect(written.join("")).toBe(lines.join(""));
      for (const piece of written) {
        expect(piece.endsWith("\n")).toBe(true);
        expect(Buffer.byteLength(piece) <= 40 || piece.split("\n").length === 2).toBe(true);
      }
    }),
  ));
