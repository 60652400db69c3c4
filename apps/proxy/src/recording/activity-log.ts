import { randomBytes } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync, renameSync, statSync, writeSync } from "node:fs";
import type { ActivityRecord, DecidedRecord, FinishedRecord, Recorder } from "@iap/aws-core";
import { actionsOf } from "./actions-of.ts";

export interface ActivityLogOptions {
  /** `activity.jsonl`: created 0600, appended to. */
  readonly activityFile: string;
  /** `actions.log`: one `service:Action` a line for each action of a request that was let through. */
  readonly actionFile: string;
  /** Begin a new activity file when this one has so many bytes; 0 never does. Default 0. See `rotatedName`. */
  readonly rotateBytes?: number | undefined;
  /** Told when a `finished` record could not be written: by then there is nobody left to refuse. */
  readonly onError: (error: Error) => void;
}

/**
 * The recorder on disk. A `decided` record has reached the operating system when its promise resolves, so a crash of
 * the proxy loses nothing that was forwarded; records that come together are written together.
 */
export class ActivityLog implements Recorder {
  readonly #activity: Appender;
  readonly #actions: Appender;
  readonly #onError: (error: Error) => void;

  private constructor(activity: Appender, actions: Appender, onError: (error: Error) => void) {
    this.#activity = activity;
    this.#actions = actions;
    this.#onError = onError;
  }

  /** Opens both files. A line torn by a crash is ended, so that the next one stands by itself. */
  static async open({ activityFile, actionFile, rotateBytes, onError }: ActivityLogOptions): Promise<ActivityLog> {
    const activity = new Appender(activityFile, rotateBytes);
    try {
      return new ActivityLog(activity, new Appender(actionFile), onError);
    } catch (error) {
      activity.close();
      throw error;
    }
  }

  async decided(record: DecidedRecord): Promise<void> {
    const actions = record.forwarded ? actionsOf(record) : [];
    const lines = actions.map((action) => `${action}\n`).join("");
    await Promise.all([this.#activity.append(line(record)), lines === "" ? undefined : this.#actions.append(lines)]);
  }

  finished(record: FinishedRecord): void {
    this.#activity.append(line(record)).catch(this.#onError);
  }

  /** Writes what is still waiting, and closes the files. */
  async close(): Promise<void> {
    this.#activity.close();
    this.#actions.close();
  }
}

function line(record: ActivityRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/**
 * Appends text to a file, all that came in one turn of the event loop in one write. The write is synchronous: handing a
 * few hundred bytes for the page cache to a thread and back would cost the proxy more than the system call does.
 *
 * Several processes may append to one file: it is opened with O_APPEND, and a write takes whole lines. One of them, or a
 * program such as logrotate, renames it when it has grown too large; the others notice within a second that the path leads to
 * another file, and follow. What they write until then stands in the renamed file, where readers find it too.
 */
class Appender {
  readonly #path: string;
  readonly #rotateBytes: number;
  #fd: number;
  #waiting: { readonly text: string; readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  /** Whether what is in the file does not end with a line break. */
  #torn: boolean;
  /** As far as it is known: others write too. */
  #size = 0;
  #lookedAt = performance.now();
  #closed = false;

  constructor(path: string, rotateBytes = 0) {
    this.#path = path;
    this.#rotateBytes = rotateBytes > 0 ? rotateBytes : Number.POSITIVE_INFINITY;
    this.#fd = openSync(path, "a+", 0o600);
    this.#torn = endsTorn(this.#fd);
    this.#size = fstatSync(this.#fd).size;
    this.#mend();
  }

  append(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      // The descriptor may be another file's by now.
      if (this.#closed) throw new Error("the activity log is closed");
      if (this.#waiting.length === 0) setImmediate(() => this.#flush());
      this.#waiting.push({ text, resolve, reject });
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    closeSync(this.#fd);
  }

  #flush(): void {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    try {
      this.#follow();
      this.#write(batch.map(({ text }) => text).join(""));
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error as Error);
    }
  }

  #write(text: string): void {
    const bytes = Buffer.from(text);
    let from = 0;
    while (from < bytes.length) {
      // A line that a full disk cut short is ended first, so that the next one stands by itself.
      const rest = this.#torn ? Buffer.concat([LINE_BREAK, bytes.subarray(from)]) : bytes.subarray(from);
      const skipped = this.#torn ? 1 : 0;
      const written = writeSync(this.#fd, rest);
      this.#size += written;
      if (written > 0) this.#torn = rest[written - 1] !== 0x0a;
      if (written === rest.length) return;
      // What was cut short is written again from the beginning of its line: another process may write in between.
      if (written === 0) throw new Error("the activity log takes no more");
      const reached = from + written - skipped;
      if (reached > from) from = Math.max(from, bytes.lastIndexOf(0x0a, reached - 1) + 1);
    }
  }

  /** Ends the line that a crash tore. When that fails, the next write does it. */
  #mend(): void {
    if (!this.#torn) return;
    try {
      writeSync(this.#fd, LINE_BREAK);
      this.#torn = false;
    } catch {
      // The disk is full, say: what cannot be recorded is not forwarded, and that will tell.
    }
  }

  /** Opens the file anew when it has been renamed or removed, and renames it when it is full. */
  #follow(): void {
    const now = performance.now();
    if (this.#size < this.#rotateBytes && now - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = now;
    const mine = fstatSync(this.#fd);
    const there = statSync(this.#path, { throwIfNoEntry: false });
    if (there !== undefined && there.ino === mine.ino && there.dev === mine.dev) {
      this.#size = mine.size;
      if (mine.size < this.#rotateBytes) return;
      try {
        renameSync(this.#path, rotatedName(this.#path, new Date()));
      } catch (error) {
        // Another process was faster.
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    }
    const fd = openSync(this.#path, "a+", 0o600);
    closeSync(this.#fd);
    this.#fd = fd;
    this.#torn = endsTorn(fd);
    this.#size = fstatSync(fd).size;
    this.#mend();
  }
}

const LINE_BREAK = Buffer.from("\n");
const LOOK_EVERY_MS = 1000;
const SETTLE_MS = 25;

/**
 * What a full log is renamed to: `activity-20261124T022427123Z-1f2e3d.jsonl` of `activity.jsonl`. The names sort by the
 * time of the renaming, and no two are alike.
 */
export function rotatedName(path: string, now: Date): string {
  const stamp = now.toISOString().replace(/[-:.]/g, "");
  rotations = (rotations + 1) % 0x1000;
  const unique = `${stamp}-${rotations.toString(16).padStart(3, "0")}${randomBytes(2).toString("hex").slice(1)}`;
  return path.endsWith(".jsonl") ? `${path.slice(0, -".jsonl".length)}-${unique}.jsonl` : `${path}-${unique}`;
}

/** Tells names of one process and one millisecond apart, in their order. */
let rotations = 0;

/**
 * Whether a file ends in the middle of a line, for good: what another process is writing right now grows, or is whole when
 * it is looked at again.
 */
function endsTorn(fd: number): boolean {
  const last = Buffer.alloc(1);
  for (let before = -1; ; ) {
    const { size } = fstatSync(fd);
    if (size === 0) return false;
    readSync(fd, last, 0, 1, size - 1);
    if (last[0] === 0x0a) return false;
    if (size === before) return true;
    before = size;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SETTLE_MS);
  }
}
