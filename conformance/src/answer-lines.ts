import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { linesOf } from "./lines-of.ts";
import { readJson } from "./read-json.ts";
import type { Answer } from "./verbs.ts";

/**
 * Answers each line of `input` with a line of `output`, in order. A line that cannot be answered gets
 * `{ id, line, error }` in its place. Returns how many there were of those. Blank lines are passed over.
 */
export async function answerLines(input: Readable, output: Writable, answer: Answer): Promise<number> {
  let number = 0;
  let faults = 0;
  for await (const line of linesOf(input)) {
    number++;
    if (line.trim() === "") continue;
    let id: unknown = null;
    let verdict: unknown;
    try {
      const question = readQuestion(line);
      id = question.id ?? null;
      verdict = await answer(question);
    } catch (error) {
      faults++;
      verdict = { id, line: number, error: (error as Error).message };
    }
    if (!output.write(`${JSON.stringify(verdict)}\n`)) await once(output, "drain");
  }
  return faults;
}

function readQuestion(line: string): Readonly<Record<string, unknown>> {
  const value = readJson(line, mayBeDocument);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("not a JSON object");
  return value as Readonly<Record<string, unknown>>;
}

/** `document` of `validate`, and each policy of `evaluate`: one, or in lists, or in levels of lists. */
function mayBeDocument(path: string): boolean {
  return /^(?:document|policies\.[^.[]+(?:\[\]){0,2})$/.test(path);
}
