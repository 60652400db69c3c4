import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** The files of an activity log, the oldest first: those it was renamed to when it was full, and itself. */
export function activityFiles(file: string): string[] {
  const dir = dirname(file);
  const name = basename(file);
  const stem = name.endsWith(".jsonl") ? name.slice(0, -".jsonl".length) : name;
  const rotated = new RegExp(
    `^${stem.replace(/[.*+?^$()[\]{}|\\]/g, "\\$&")}-\\d{8}T\\d{9}Z-[0-9a-f]{6}(?:\\.jsonl)?(?:\\.gz)?$`,
  );
  const older = existsSync(dir) ? readdirSync(dir).filter((other) => rotated.test(other)) : [];
  const files = older.sort().map((other) => join(dir, other));
  return existsSync(file) || files.length === 0 ? [...files, file] : files;
}
