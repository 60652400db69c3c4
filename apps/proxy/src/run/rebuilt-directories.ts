import { type Dirent, readdirSync, readlinkSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { isWithin } from "./is-within.ts";
import { fresh } from "./isolation-view.ts";

/** A directory that is not shown itself: in its place is a new one with these entries of it. */
export interface RebuiltDirectory {
  readonly path: string;
  readonly entries: readonly RebuiltEntry[];
}

/** Shown read-only by its name; a link with where it leads. */
export interface RebuiltEntry {
  readonly path: string;
  readonly kind: "directory" | "file" | { readonly link: string };
}

export interface RebuiltDirectoriesOptions {
  readonly home: string;
  /** By their real names. */
  readonly hidden: readonly { readonly path: string }[];
  /** Directories in which something may come to be that must be hidden. */
  readonly watched: readonly string[];
  readonly writable: readonly string[];
}

/** More entries than a home directory has: what is hidden in so large a directory is masked where it is. */
const maxEntries = 2000;

/**
 * The directories to show by a copy of what they list. A mask over a name lasts only as long as the file under it: a
 * program outside that replaces the file (as tools do that refresh tokens), or makes one that was not there before,
 * would bring it into view. So what holds, or could hold, something hidden is shown as it is now, without that.
 */
export function rebuiltDirectories({
  home,
  hidden,
  watched,
  writable,
}: RebuiltDirectoriesOptions): readonly RebuiltDirectory[] {
  const gone = new Set(hidden.map(({ path }) => path));
  const candidates = new Set([home, ...watched, ...hidden.map(({ path }) => dirname(path))]);
  const rebuilt = new Map<string, readonly Dirent[]>();
  for (const path of [...candidates].sort()) {
    if ([...writable, ...fresh].some((above) => isWithin(path, above))) continue;
    if ([...gone].some((above) => isWithin(path, above))) continue;
    // What only the system's administrator changes is masked.
    if (!isWithin(path, home) && !isOwn(path)) continue;
    const entries = listed(path);
    if (entries !== undefined && entries.length <= maxEntries) rebuilt.set(path, entries);
  }
  return [...rebuilt].map(([path, entries]) => ({
    path,
    entries: entries.flatMap((entry): readonly RebuiltEntry[] => {
      const own = join(path, entry.name);
      if (gone.has(own) || rebuilt.has(own)) return [];
      if (entry.isSymbolicLink()) return [{ path: own, kind: { link: readlinkSync(own) } }];
      if (entry.isDirectory()) return [{ path: own, kind: "directory" }];
      return entry.isFile() ? [{ path: own, kind: "file" }] : [];
    }),
  }));
}

/** Below a top directory, and this user's. */
function isOwn(path: string): boolean {
  return path.split("/").length > 2 && statSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.();
}

function listed(path: string): readonly Dirent[] | undefined {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return undefined;
  }
}
