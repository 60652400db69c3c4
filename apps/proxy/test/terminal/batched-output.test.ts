import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { BatchedOutput } from "../../src/terminal/batched-output.ts";

afterEach(() => {
  vi.useRealTimers();
});

test("what comes alone goes out in its turn, what comes soon after waits for more, and what is flushed goes out at once", () => {
  vi.useFakeTimers();
  const written: string[] = [];
  const output = new BatchedOutput({ write: (text) => written.push(text) });
  output.write("a\n");
  output.write("b\n");
  expect(written).toEqual([]);
  vi.advanceTimersByTime(0);
  expect(written).toEqual(["a\nb\n"]);
  output.write("c\n");
  vi.advanceTimersByTime(5);
  output.write("d\n");
  expect(written).toHaveLength(1);
  vi.advanceTimersByTime(15);
  expect(written).toEqual(["a\nb\n", "c\nd\n"]);
  output.write("e\n");
  output.flush();
  output.flush();
  expect(written).toEqual(["a\nb\n", "c\nd\n", "e\n"]);
  vi.advanceTimersByTime(1000);
  expect(written).toHaveLength(3);
  output.write("f\n");
  vi.advanceTimersByTime(0);
  expect(written).toHaveLength(4);
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
