import { fstatSync, readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
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
    const activity = await Appender.open(activityFile);
    try {
      return new ActivityLog(activity, await Appender.open(actionFile), onError);
    } catch (error) {
      await activity.close();
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

  /** Waits for what is still being written, and closes the files. */
  async close(): Promise<void> {
    await Promise.all([this.#activity.close(), this.#actions.close()]);
  }
}

function line(record: ActivityRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/** Appends text to a file, all that waits in one write. */
class Appender {
  readonly #file: FileHandle;
  #waiting: { readonly text: string; readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  #writing: Promise<void> | undefined;
  /** Whether what is in the file does not end with a line break. */
  #torn: boolean;

  private constructor(file: FileHandle) {
    this.#file = file;
    this.#torn = endsTorn(file.fd);
  }

  static async open(path: string): Promise<Appender> {
    const file = await open(path, "a+", 0o600);
    return new Appender(file);
  }

  append(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text, resolve, reject });
      this.#writing ??= this.#drain();
    });
  }

  async #drain(): Promise<void> {
    // One turn later, so that records of the same moment share a write.
    await undefined;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write(batch.map(({ text }) => text).join(""));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error as Error);
      }
    }
    this.#writing = undefined;
  }

  async #write(text: string): Promise<void> {
    // A line that a full disk cut short is ended first, so that the next one stands by itself.
    const bytes = Buffer.from(this.#torn ? `\n${text}` : text);
    let written = 0;
    while (written < bytes.length) {
      const { bytesWritten } = await this.#file.write(bytes, written);
      written += bytesWritten;
      this.#torn = bytes[written - 1] !== 0x0a;
    }
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }
}

function endsTorn(fd: number): boolean {
  const { size } = fstatSync(fd);
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  readSync(fd, last, 0, 1, size - 1);
  return last[0] !== 0x0a;
}
