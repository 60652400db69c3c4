import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

/**
 * The lines that are added to a file from now on, as they come, until `stop`. A file that is renamed, as a full log is, is
 * read to its end and then the new one at its path from its beginning; one that is emptied is read from its beginning, and
 * one that is not there yet is waited for.
 */
export async function* followFile(
  path: string,
  { stop }: { readonly stop: AbortSignal },
): AsyncGenerator<string, void> {
  let open = openAt(path, "end");
  let rest = "";
  const buffer = Buffer.allocUnsafe(1 << 16);
  try {
    for (;;) {
      const there = statSync(path, { throwIfNoEntry: false });
      if (open !== undefined && there?.ino === open.ino && there.size < open.at) {
        // Before more is read: what is added meanwhile makes it longer than it was.
        open.at = 0;
        rest = "";
      }
      for (; open !== undefined; ) {
        const length = readSync(open.fd, buffer, 0, buffer.length, open.at);
        if (length === 0) break;
        open.at += length;
        const lines = (rest + open.decoder.write(buffer.subarray(0, length))).split("\n");
        rest = lines.pop() as string;
        yield* lines;
      }
      if (there !== undefined && there.ino !== open?.ino) {
        if (open !== undefined) closeSync(open.fd);
        open = openAt(path, "start");
        rest = "";
        continue;
      }
      if (stop.aborted) return;
      await pause(stop);
    }
  } finally {
    if (open !== undefined) closeSync(open.fd);
  }
}

interface Open {
  readonly fd: number;
  readonly ino: number;
  readonly decoder: StringDecoder;
  at: number;
}

function openAt(path: string, where: "start" | "end"): Open | undefined {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const { size, ino } = fstatSync(fd);
  return { fd, ino, decoder: new StringDecoder("utf8"), at: where === "end" ? size : 0 };
}

function pause(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, POLL_MS);
    stop.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      stop.removeEventListener("abort", done);
      resolve();
    }
  });
}

const POLL_MS = 200;
