import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { link, lstat, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { AuthorityPem } from "./authority-certificates.ts";
import { CertificateAuthorityError } from "./certificate-authority-error.ts";
import { shellQuote } from "./shell-quote.ts";

/** Where the three files of an authority are. */
export interface AuthorityPaths {
  /** The root certificate: the trust anchor, public. */
  readonly root: string;
  /** The intermediate certificate, public. */
  readonly intermediate: string;
  /** The intermediate's private key. */
  readonly key: string;
}

export function authorityPaths(dir: string): AuthorityPaths {
  return { root: join(dir, "ca.pem"), intermediate: join(dir, "ca-intermediate.pem"), key: join(dir, "ca.key") };
}

/** The command that removes an authority, for messages. */
export function removeCommand(dir: string): string {
  const { root, intermediate, key } = authorityPaths(dir);
  return `rm ${[root, intermediate, key].map(shellQuote).join(" ")}`;
}

/**
 * Which of the three files are there. An authority whose writing was interrupted is completed first: its files were
 * all on disk before the first of them got its name, so that nothing is made anew that may already be trusted.
 */
export async function authorityState(dir: string): Promise<"none" | "complete" | { readonly missing: string }> {
  for (let attempt = 0; ; attempt++) {
    await rollForward(dir);
    const paths = authorityPaths(dir);
    const all = [paths.root, paths.intermediate, paths.key];
    const there = await Promise.all(all.map(exists));
    if (there.every(Boolean)) {
      await sweep(dir);
      return "complete";
    }
    if (!there.some(Boolean)) return "none";
    // Another process may be between two of its links: it is done in a moment, or it never was.
    if (attempt === 3) return { missing: all[there.indexOf(false)] as string };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * Puts a new authority in place as a set: staged in a directory of its own, flushed, committed by one rename, then
 * linked to the final names. A link never replaces a file. When another process was first, its authority stays.
 */
export async function writeAuthority(dir: string, files: AuthorityPem): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await checkDirectory(dir);
  const stage = join(dir, `${stagePrefix}${randomBytes(8).toString("hex")}`);
  await mkdir(stage, { mode: 0o700 });
  try {
    const paths = authorityPaths(stage);
    await writeNew(paths.key, files.key, 0o600);
    await writeNew(paths.intermediate, files.intermediate, 0o644);
    await writeNew(paths.root, files.root, 0o644);
    await flushDirectory(stage);
    await rename(stage, join(dir, commitName));
  } catch (error) {
    await rm(stage, { recursive: true, force: true });
    // ENOTEMPTY, EEXIST: another commit is under way. ENOENT: another was complete, and swept this stage away.
    if (!hasCode(error, "ENOTEMPTY", "EEXIST", "ENOENT")) throw error;
  }
  await rollForward(dir);
}

/** Reads the three files, refusing a key that others can read. */
export async function readAuthority(dir: string): Promise<AuthorityPem> {
  await checkDirectory(dir);
  const paths = authorityPaths(dir);
  return {
    root: await read(dir, paths.root),
    intermediate: await read(dir, paths.intermediate),
    key: await read(dir, paths.key, true),
  };
}

const stagePrefix = ".ca-new-";
const donePrefix = ".ca-done-";
const commitName = ".ca-commit";

async function rollForward(dir: string): Promise<void> {
  const commit = join(dir, commitName);
  if (!(await exists(commit))) return;
  const from = authorityPaths(commit);
  const to = authorityPaths(dir);
  try {
    await linkNew(from.key, to.key);
    await linkNew(from.intermediate, to.intermediate);
    await linkNew(from.root, to.root);
    await flushDirectory(dir);
    // Out of the way before it is taken apart: a half-removed commit would look like a half-made one.
    await rename(commit, join(dir, `${donePrefix}${randomBytes(8).toString("hex")}`));
  } catch (error) {
    // Another process completed the same commit meanwhile.
    if (!hasCode(error, "ENOENT")) throw error;
  }
}

async function sweep(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    if (name.startsWith(stagePrefix) || name.startsWith(donePrefix)) {
      await rm(join(dir, name), { recursive: true, force: true });
    }
  }
}

async function checkDirectory(dir: string): Promise<void> {
  const { mode, uid } = await stat(dir);
  if ((mode & 0o077) !== 0 || foreign(uid)) {
    throw new CertificateAuthorityError(
      "insecurePermissions",
      `${dir} ${foreign(uid) ? "belongs to another user" : "is open to other users"}; the certificate authority must be yours alone. Run: ${ownership(dir, uid)}chmod 700 ${shellQuote(dir)}`,
      { path: dir },
    );
  }
}

async function read(dir: string, path: string, secret = false): Promise<string> {
  try {
    const file = await open(path, constants.O_RDONLY);
    try {
      const { mode, uid } = await file.stat();
      if (secret && ((mode & 0o077) !== 0 || foreign(uid))) {
        throw new CertificateAuthorityError(
          "insecurePermissions",
          `${path} can be read by other users, who could then impersonate AWS to your agents. If nobody has read it, run: ${ownership(path, uid)}chmod 600 ${shellQuote(path)}; otherwise make a new authority: ${removeCommand(dir)}`,
          { path },
        );
      }
      return await file.readFile("latin1");
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof CertificateAuthorityError) throw cause;
    if (hasCode(cause, "ENOENT")) throw missing(dir, path);
    throw new CertificateAuthorityError(
      "unreadable",
      `${path} cannot be read (${(cause as Error).message}). Make it readable to you: chmod u+r ${shellQuote(path)}`,
      { path, cause },
    );
  }
}

/** The error for a set of which one file is gone. */
export function missing(dir: string, path: string): CertificateAuthorityError {
  return new CertificateAuthorityError(
    "missing",
    `${path} is missing, while other files of the certificate authority are there. Restore it from a backup, or make a new authority (clients that trust the old ca.pem must then be given the new one): ${removeCommand(dir).replace("rm ", "rm -f ")}`,
    { path },
  );
}

function foreign(uid: number): boolean {
  return process.geteuid !== undefined && uid !== process.geteuid();
}

function ownership(path: string, uid: number): string {
  return foreign(uid) ? `sudo chown "$(id -u)" ${shellQuote(path)} && ` : "";
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function linkNew(from: string, to: string): Promise<void> {
  await link(from, to).catch((error: unknown) => {
    if (!hasCode(error, "EEXIST")) throw error;
  });
}

async function flushDirectory(dir: string): Promise<void> {
  const handle = await open(dir, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw new CertificateAuthorityError("unreadable", `${path} cannot be read (${(error as Error).message}).`, {
      path,
      cause: error,
    });
  }
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
