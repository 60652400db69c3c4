import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "./clean-up.ts";

/** A new folder, removed when the test file is over. Its path is short: a Unix socket in it must fit into 104 bytes. */
export function tempDir(name: string): string {
  const path = mkdtempSync(join(realpathSync(tmpdir()), `iap-${name}-`));
  atEnd(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
