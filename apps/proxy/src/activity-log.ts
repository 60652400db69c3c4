import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import type { ActivityRecord, DecidedRecord, FinishedRecord, Recorder } from "@iap/aws-core";
import { actionsOf } from "./actions-of.ts";

export interface ActivityLogOptions {
  /** `activity.jsonl`: created 0600, appended to. */
  readonly activityFile: string;
  /** `actions.log`: one `service:Action` a line for each action of a request that was let through. */
  readonly actionFile: string;
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
  static async open({ activityFile, actionFile, onError }: ActivityLogOptions): Promise<ActivityLog> {
    const activity = new Appender(activityFile);
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
 */
class Appender {
  readonly #fd: number;
  #waiting: { readonly text: string; readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  /** Whether what is in the file does not end with a line break. */
  #torn: boolean;
  #closed = false;

  constructor(path: string) {
    this.#fd = openSync(path, "a+", 0o600);
    this.#torn = endsTorn(this.#fd);
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
      this.#write(batch.map(({ text }) => text).join(""));
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error as Error);
    }
  }

  #write(text: string): void {
    // A line that a full disk cut short is ended first, so that the next one stands by itself.
    const bytes = Buffer.from(this.#torn ? `\n${text}` : text);
    let written = 0;
    while (written < bytes.length) {
      written += writeSync(this.#fd, bytes, written);
      this.#torn = bytes[written - 1] !== 0x0a;
    }
  }
}

function endsTorn(fd: number): boolean {
  const { size } = fstatSync(fd);
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  readSync(fd, last, 0, 1, size - 1);
  return last[0] !== 0x0a;
}
