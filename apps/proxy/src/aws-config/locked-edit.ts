import { randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import { link, mkdir, open, readFile, readlink, realpath, rename, rm, rmdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { AwsProfileError } from "./aws-profile-error.ts";

/** Where an edit takes place. */
export interface Place {
  /** The file itself, links followed. */
  readonly file: string;
  readonly madeFile: boolean;
  readonly madeDirectory: boolean;
}

/** What becomes of the file. */
export interface Edited {
  readonly text: string;
  readonly removeFile?: boolean | undefined;
  readonly removeDirectory?: boolean | undefined;
}

/**
 * Replaces a file by what `change` makes of it (bytes as latin1; undefined: not there), atomically and under our lock.
 * Programs that know nothing of the lock may write at any time: `change` is asked again when one did.
 */
export async function edit(
  path: string,
  { create }: { readonly create: boolean },
  change: (text: string | undefined, place: Place) => Promise<Edited | undefined>,
): Promise<void> {
  const file = await followLinks(resolve(path));
  const directory = dirname(file);
  try {
    await checkPlain(file);
    const first = create ? await mkdir(directory, { recursive: true, mode: 0o700 }) : undefined;
    if (!create && (await statOf(directory)) === undefined) return;
    const madeDirectory = first !== undefined;
    const release = await lock(file);
    try {
      for (let attempt = 0; attempt < 20; attempt++) {
        const before = await readWithStamp(file);
        const edited = await change(before?.text, { file, madeFile: before === undefined, madeDirectory });
        if (edited === undefined) return;
        if (await replace(file, edited, before)) {
          if (!edited.removeDirectory) return;
          await release();
          await rmdir(directory).catch((error: unknown) => {
            if (!hasCode(error, "ENOTEMPTY", "EEXIST", "ENOENT")) throw error;
          });
          return;
        }
      }
      throw new AwsProfileError(
        "locked",
        `${file} changes faster than it can be edited. Stop what writes it, and try again.`,
      );
    } catch (error) {
      if (madeDirectory) {
        await release();
        await rmdir(directory).catch(() => {});
      }
      throw error;
    } finally {
      await release();
    }
  } catch (error) {
    if (error instanceof AwsProfileError) throw error;
    throw unwritable(file, error);
  }
}

interface Stamped {
  readonly text: string;
  /** Changes whenever the file does. */
  readonly stamp: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

async function readWithStamp(file: string): Promise<Stamped | undefined> {
  try {
    const handle = await open(file, "r");
    try {
      const stats = await handle.stat({ bigint: true });
      return {
        text: await handle.readFile("latin1"),
        stamp: stampOf(stats),
        mode: Number(stats.mode) & 0o7777,
        uid: Number(stats.uid),
        gid: Number(stats.gid),
      };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** False when the file changed since it was read. */
async function replace(file: string, { text, removeFile }: Edited, before: Stamped | undefined): Promise<boolean> {
  const unchanged = async (): Promise<boolean> => {
    try {
      return stampOf(await stat(file, { bigint: true })) === before?.stamp;
    } catch (error) {
      if (hasCode(error, "ENOENT")) return before === undefined;
      throw error;
    }
  };
  if (removeFile) {
    if (!(await unchanged())) return false;
    await rm(file);
    await flushDirectory(dirname(file));
    return true;
  }
  const temporary = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      if (before !== undefined) {
        // A file of another owner (root edits a user's) stays that owner's where that is allowed.
        await handle.chown(before.uid, before.gid).catch(() => {});
        await handle.chmod(before.mode);
      }
      await handle.writeFile(text, "latin1");
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (!(await unchanged())) return false;
    await rename(temporary, file);
    await flushDirectory(dirname(file));
    return true;
  } finally {
    await rm(temporary, { force: true });
  }
}

function stampOf(stats: { ino: bigint; size: bigint; mtimeNs: bigint; ctimeNs: bigint }): string {
  return `${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}

const lockWaitMs = 10_000;
/** No edit takes this long: a lock this old is of a crashed process, even if another has its number now. */
const lockLifeMs = 60_000;

/** Takes `<file>.iam-agent-proxy.lock`; that of a process that died is broken. */
async function lock(file: string): Promise<() => Promise<void>> {
  const path = `${file}.iam-agent-proxy.lock`;
  const mine = `${process.pid} ${randomBytes(8).toString("hex")}\n`;
  const beside = (): string => `${path}.${randomBytes(6).toString("hex")}`;
  const giveUpAt = Date.now() + lockWaitMs;
  for (;;) {
    if (await linkText(mine, path, beside())) break;
    const holder = await readLock(path);
    if (holder !== undefined && isStale(holder)) {
      // Moved aside and looked at again: another process may have broken it first, and hold its own now.
      const aside = beside();
      await rename(path, aside).catch((error: unknown) => {
        if (!hasCode(error, "ENOENT")) throw error;
      });
      if ((await readLock(aside))?.text !== holder.text) {
        await link(aside, path).catch(() => {});
      }
      await rm(aside, { force: true });
      continue;
    }
    if (Date.now() > giveUpAt) {
      throw new AwsProfileError(
        "locked",
        `${path} is held by process ${holder?.pid ?? "?"}. Wait for it; if it is gone, remove the lock file.`,
      );
    }
    await new Promise((done) => setTimeout(done, 25));
  }
  let released = false;
  return async () => {
    if (released) return;
    released = true;
    if ((await readLock(path))?.text === mine) await rm(path, { force: true });
  };
}

interface Lock {
  readonly text: string;
  readonly pid: number;
  readonly ageMs: number;
}

async function readLock(path: string): Promise<Lock | undefined> {
  try {
    const [text, { mtimeMs }] = [await readFile(path, "latin1"), await stat(path)];
    return { text, pid: Number.parseInt(text, 10), ageMs: Date.now() - mtimeMs };
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

function isStale({ pid, ageMs }: Lock): boolean {
  if (ageMs > lockLifeMs) return true;
  // A number unknown here may be alive in another process namespace; then it is done in a second.
  if (ageMs < 1000) return false;
  if (!Number.isSafeInteger(pid) || pid <= 0) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return hasCode(error, "ESRCH");
  }
}

/** Makes a file that has its content from the first moment; false when the name is taken. */
async function linkText(text: string, path: string, temporary: string): Promise<boolean> {
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
    await link(temporary, path);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Where a path leads, whether or not the last link's target is there. */
async function followLinks(path: string): Promise<string> {
  let current = path;
  for (let links = 0; links < 40; links++) {
    let target: string;
    try {
      target = await readlink(current);
    } catch (error) {
      if (hasCode(error, "EINVAL", "ENOENT", "ENOTDIR")) return current;
      throw unwritable(path, error);
    }
    // From where the link really is, which the path to it need not say.
    current = resolve(await realpath(dirname(current)), target);
  }
  throw new AwsProfileError("unwritable", `${path} is a symbolic link that leads to itself.`);
}

/** What is no file of bytes, such as `/dev/null`, must not become one, and a pipe would be waited for. */
async function checkPlain(file: string): Promise<void> {
  const stats = await statOf(file);
  if (stats === undefined || stats.isFile()) return;
  throw new AwsProfileError("unwritable", `${file} is no ordinary file. Name another with AWS_CONFIG_FILE.`);
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

async function flushDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The error of a file that cannot be read or written. */
export function unwritable(file: string, cause: unknown): AwsProfileError {
  return new AwsProfileError(
    "unwritable",
    `${file} cannot be edited (${cause instanceof Error ? cause.message : String(cause)}). Make it and its directory writable to you, or name another file with AWS_CONFIG_FILE.`,
    { cause },
  );
}

/** Whether an error is one of the system's with such a code. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
