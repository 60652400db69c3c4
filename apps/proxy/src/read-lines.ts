import { closeSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

/** The lines of a UTF-8 file, one at a time, however long the file. The last one counts without a line break too. Throws Node's file errors. */
export function* readLines(file: string): Generator<string, void> {
  const fd = openSync(file, "r");
  try {
    const decoder = new StringDecoder("utf8");
    const buffer = Buffer.allocUnsafe(1 << 20);
    let rest = "";
    for (;;) {
      const length = readSync(fd, buffer, 0, buffer.length, null);
      const lines = (rest + (length === 0 ? decoder.end() : decoder.write(buffer.subarray(0, length)))).split("\n");
      rest = lines.pop() as string;
      yield* lines;
      if (length === 0) break;
    }
    if (rest !== "") yield rest;
  } finally {
    closeSync(fd);
  }
}
