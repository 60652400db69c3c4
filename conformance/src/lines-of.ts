import type { Readable } from "node:stream";

/**
 * The lines of UTF-8 text, as JSON lines have them: LF ends one, and a CR before it is no part of it. (node:readline ends
 * a line at U+2028 and U+2029 too, which may stand in a JSON string as they are.)
 */
export async function* linesOf(input: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pending = "";
  for await (const piece of input as AsyncIterable<Uint8Array | string>) {
    const text = typeof piece === "string" ? piece : decoder.decode(piece, { stream: true });
    const [first = "", ...others] = text.split("\n");
    pending += first;
    for (const next of others) {
      yield withoutCr(pending);
      pending = next;
    }
  }
  pending += decoder.decode();
  if (pending !== "") yield withoutCr(pending);
}

function withoutCr(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
