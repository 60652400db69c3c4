import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { gunzipSync } from "node:zlib";

/**
 * The lines of a UTF-8 file, one at a time, however long the file; of a file named `*.gz`, of what is compressed in it. The
 * last one counts without a line break too. `onRead` is told how many bytes of the file have been read. Throws Node's file
 * errors.
 */
export function* readLines(file: string, onRead?: (bytes: number) => void): Generator<string, void> {
  let rest = "";
  for (const chunk of file.endsWith(".gz") ? inflated(file, onRead) : read(file, onRead)) {
    // One line at a time, not all of them at once: those that wait would become old, and stay for long.
    const text = rest + chunk;
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      yield text.slice(from, end);
      from = end + 1;
    }
    rest = text.slice(from);
  }
  if (rest !== "") yield rest;
}

function* read(file: string, onRead?: (bytes: number) => void): Generator<string, void> {
  const fd = openSync(file, "r");
  try {
    const decoder = new StringDecoder("utf8");
    const buffer = Buffer.allocUnsafe(256 << 10);
    for (let bytes = 0; ; ) {
      const length = readSync(fd, buffer, 0, buffer.length, null);
      if (length === 0) return yield decoder.end();
      yield decoder.write(buffer.subarray(0, length));
      bytes += length;
      onRead?.(bytes);
    }
  } finally {
    closeSync(fd);
  }
}

function* inflated(file: string, onRead?: (bytes: number) => void): Generator<string, void> {
  const compressed = readFileSync(file);
  yield gunzipSync(compressed, { maxOutputLength: MOST_INFLATED_BYTES }).toString("utf8");
  onRead?.(compressed.length);
}

/** A string cannot be much longer. */
const MOST_INFLATED_BYTES = 512 << 20;
