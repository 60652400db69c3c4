import { PassThrough, Readable } from "node:stream";
import { expect, test } from "vitest";
import { answerLines } from "../src/answer-lines.ts";

async function ask(text: string): Promise<{ faults: number; lines: unknown[] }> {
  const output = new PassThrough();
  const faults = await answerLines(Readable.from([text]), output, async ({ id, n }) => {
    if (typeof n !== "number") throw new Error("n is not a number");
    return { id, twice: 2 * n };
  });
  output.end();
  const text_ = Buffer.concat(await output.toArray()).toString("utf8");
  return {
    faults,
    lines: text_
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  };
}

test("each line is answered in order, blank lines are passed over", async () => {
  expect(await ask('{"id":1,"n":2}\r\n\n{"id":2,"n":3}')).toEqual({
    faults: 0,
    lines: [
      { id: 1, twice: 4 },
      { id: 2, twice: 6 },
    ],
  });
});

test("a line that cannot be answered says so in its place, and the next is answered", async () => {
  const { faults, lines } = await ask('nonsense\n[1]\n{"id":7}\n{"id":8,"n":1}\n');
  expect(faults).toBe(3);
  expect(lines).toMatchObject([
    { id: null, line: 1 },
    { id: null, line: 2, error: "not a JSON object" },
    { id: 7, line: 3, error: "n is not a number" },
    { id: 8, twice: 2 },
  ]);
});

test("a policy document that has a key twice is answered as its text, and a line that has is not", async () => {
  const output = new PassThrough();
  const document = '{"Version":"2012-10-17","Statement":[],"Statement":[]}';
  const text = `{"id":1,"document":${document}}\n{"id":1,"id":2,"document":{}}\n`;
  expect(await answerLines(Readable.from([text]), output, async (question) => question)).toBe(1);
  output.end();
  const lines = Buffer.concat(await output.toArray())
    .toString("utf8")
    .trim()
    .split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { id: 1, document },
    { id: null, line: 2, error: 'the key "id" is there twice' },
  ]);
});
