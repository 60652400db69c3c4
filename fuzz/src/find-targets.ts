import { readdirSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** A reader of bytes that strangers send, and what must hold of it whatever they are. */
export interface FuzzTarget {
  /** `sigv4/aws-chunked`: its package and file. */
  readonly name: string;
  /** What a good input looks like, to begin with. */
  readonly seeds: readonly Uint8Array[];
  /** Reads the bytes. Throws only what is a fault of ours: a law that does not hold, an error that is none of the reader's own. */
  readonly run: (bytes: Uint8Array) => unknown;
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Every `test/fuzz/NAME.ts` of a package or program: it exports `seeds` and `run`. */
export async function findTargets(): Promise<readonly FuzzTarget[]> {
  const files = ["packages", "apps"].flatMap((group) =>
    readdirSync(join(root, group)).flatMap((name) => {
      const folder = join(root, group, name, "test", "fuzz");
      return list(folder)
        .filter((file) => file.endsWith(".ts"))
        .map((file) => join(folder, file));
    }),
  );
  return Promise.all(
    files.sort().map(async (file) => {
      // `as`: what a target exports; one that does not is found at its first run.
      const { seeds, run } = (await import(pathToFileURL(file).href)) as Omit<FuzzTarget, "name">;
      const parts = dirname(file).split(sep);
      return { name: `${parts.at(-3)}/${basename(file, ".ts")}`, seeds, run };
    }),
  );
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
