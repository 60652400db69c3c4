import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { readLines } from "../../src/recording/read-lines.ts";

const dir = mkdtempSync(join(tmpdir(), "iap-lines-"));
const file = join(dir, "lines.txt");
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function linesOf(content: string | Uint8Array): string[] {
  writeFileSync(file, content);
  return [...readLines(file)];
}

test.each([
  ["", []],
  ["a", ["a"]],
  ["a\n", ["a"]],
  ["a\nb", ["a", "b"]],
  ["\n", [""]],
  ["a\n\nb\n", ["a", "", "b"]],
  ["a\r\nb\n", ["a\r", "b"]],
])("%j has the lines %j", (content, lines) => {
  expect(linesOf(content)).toEqual(lines);
});

test("lines joined again are the file, with or without a last line break", () =>
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" })), (parts) => {
      const lines = parts.map((part) => part.replaceAll("\n", " "));
      expect(linesOf(lines.map((line) => `${line}\n`).join(""))).toEqual(lines);
    }),
    { numRuns: 50 },
  ));

test("characters of several bytes come whole, wherever a read ends", () => {
  const mebibyte = 1 << 20;
  for (const before of [1, 2, 3]) {
    const line = `${"a".repeat(mebibyte - before)}\u{1f511}\u00e9${"b".repeat(mebibyte)}`;
    expect(linesOf(`${line}\nnext\n`)).toEqual([line, "next"]);
  }
});

test("a line of 3 MB, longer than what is read at once, is one line", () => {
  const line = "\u00e4".repeat(1_500_000);
  const lines = linesOf(`first\n${line}\nlast`);
  expect(lines.map(({ length }) => length)).toEqual([5, 1_500_000, 4]);
  expect(lines[1] === line).toBe(true);
});

test("a reader that stops early leaves no file open", () => {
  writeFileSync(file, "a\nb\n");
  for (let i = 0; i < 5_000; i++) {
    for (const line of readLines(file)) {
      expect(line).toBe("a");
      break;
    }
  }
});

test("a file that is not there is Node's error", () => {
  expect(() => [...readLines(join(dir, "absent"))]).toThrow(expect.objectContaining({ code: "ENOENT" }));
});

test("a file that ends with .gz is read as what is compressed in it", () => {
  const compressed = join(dir, "lines.txt.gz");
  writeFileSync(compressed, gzipSync("a\nb\u00e9"));
  expect([...readLines(compressed)]).toEqual(["a", "b\u00e9"]);
});

test("how much of a file has been read is told", () => {
  const told: number[] = [];
  writeFileSync(file, "a\n".repeat(600_000));
  expect([...readLines(file, (bytes) => told.push(bytes))]).toHaveLength(600_000);
  expect(told).toEqual([262_144, 524_288, 786_432, 1_048_576, 1_200_000]);
});
