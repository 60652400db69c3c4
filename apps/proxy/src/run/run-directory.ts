import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The directory of one run: everything in it goes when the run ends. */
export interface RunDirectory {
  /** Eight hexadecimal digits. */
  readonly id: string;
  readonly path: string;
  remove(): Promise<void>;
}

/** Makes `runs/<id>/` (0700) under the proxy's directory, and clears away those whose proxy is gone. */
export async function openRunDirectory(proxyDir: string): Promise<RunDirectory> {
  const runs = join(proxyDir, "runs");
  await mkdir(runs, { recursive: true, mode: 0o700 });
  for (const { path } of await leftoverRuns(proxyDir)) await rm(path, { recursive: true, force: true });
  const id = randomBytes(4).toString("hex");
  const path = join(runs, id);
  await mkdir(path, { mode: 0o700 });
  // Short paths: a Unix socket's is bounded.
  await writeFile(join(path, "pid"), `${process.pid}\n`, { mode: 0o600 });
  return { id, path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** The directories of runs whose proxy ended without clearing them away. */
export async function leftoverRuns(
  proxyDir: string,
): Promise<readonly { readonly id: string; readonly path: string }[]> {
  const runs = join(proxyDir, "runs");
  const ids = await readdir(runs).catch(() => []);
  const leftover: { readonly id: string; readonly path: string }[] = [];
  for (const id of ids.filter((name) => /^[0-9a-f]{8}$/.test(name))) {
    const path = join(runs, id);
    const pid = await readFile(join(path, "pid"), "utf8").then(Number, () => undefined);
    // Without a pid it is being made, or was never finished; the next but one clears it away.
    if (pid === undefined ? await isOld(path) : !isAlive(pid)) leftover.push({ id, path });
  }
  return leftover;
}

async function isOld(path: string): Promise<boolean> {
  return stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs > 60_000,
    () => false,
  );
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid < 2) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
