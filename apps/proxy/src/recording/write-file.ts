import { randomBytes } from "node:crypto";
import { chmodSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { UsageError } from "../usage-error.ts";

/**
 * Writes a file that the command line names. One that is there has its old content until it has all of the new: a policy
 * that is widened in place does not end as half of one on a full disk. Links and modes stay. Throws `UsageError`.
 */
export function writeFile(file: string, content: string): void {
  try {
    const there = statSync(file, { throwIfNoEntry: false });
    if (there?.isFile()) replace(realpathSync(file), content, there.mode & 0o777);
    else writeFileSync(file, content);
  } catch (error) {
    throw new UsageError(`${file} cannot be written: ${(error as Error).message}`, { exitCode: 1, cause: error });
  }
}

function replace(file: string, content: string, mode: number): void {
  const beside = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    writeFileSync(beside, content, { flag: "wx", mode: 0o600, flush: true });
    chmodSync(beside, mode);
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    // The directory is not ours to write in, or the file is a mount of its own.
    if (!/^(EACCES|EPERM|EBUSY)$/.test((error as NodeJS.ErrnoException).code ?? "")) throw error;
    writeFileSync(file, content);
  }
}
