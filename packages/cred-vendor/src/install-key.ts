import { createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { link, mkdir, open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { shellQuote } from "./shell-quote.ts";

/** An `install.key` that must not be used, and what to do. */
export class InstallKeyError extends Error {
  override readonly name = "InstallKeyError";
  readonly code: "insecurePermissions" | "malformed" | "unreadable";
  readonly path: string;

  constructor(code: InstallKeyError["code"], path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.path = path;
  }
}

/** Length of the key, in bytes. */
const installKeyBytes = 32;

/**
 * The secret of one installation, which seals the session tokens of its agent keys: 32 random bytes in a file of mode
 * 0600, made on first use. Two starts at once agree on one key; a key on disk is never replaced.
 */
export async function openInstallKey(path: string): Promise<KeyObject> {
  return (await readInstallKey(path)) ?? (await createInstallKey(path));
}

async function createInstallKey(path: string): Promise<KeyObject> {
  const dir = dirname(path);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const temporary = join(dir, `.install-${randomBytes(8).toString("hex")}`);
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.chmod(0o600);
      await file.writeFile(randomBytes(installKeyBytes));
      await file.sync();
    } finally {
      await file.close();
    }
    // A link takes the name only if it is free, and the file behind it is whole: nobody reads half a key.
    await link(temporary, path).catch((error: unknown) => {
      if (!hasCode(error, "EEXIST")) throw error;
    });
  } finally {
    await rm(temporary, { force: true });
  }
  const directory = await open(dir, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
  const key = await readInstallKey(path);
  if (key === undefined)
    throw new InstallKeyError(
      "unreadable",
      path,
      `${path} is a link to nothing, or was removed while it was made. If it is there, remove it: rm ${shellQuote(path)}; then start again.`,
    );
  return key;
}

async function readInstallKey(path: string): Promise<KeyObject | undefined> {
  const again = `Running agents must fetch new credentials after you remove it: rm ${shellQuote(path)}`;
  try {
    const file = await open(path, "r");
    try {
      const { mode, uid, size } = await file.stat();
      const foreign = process.geteuid !== undefined && uid !== process.geteuid();
      if ((mode & 0o077) !== 0 || foreign) {
        throw new InstallKeyError(
          "insecurePermissions",
          path,
          `${path} ${foreign ? "belongs to another user" : "can be read by other users"}, who could make agent keys of their own. If nobody has read it, run: ${foreign ? `sudo chown "$(id -u)" ${shellQuote(path)} && ` : ""}chmod 600 ${shellQuote(path)}; otherwise have a new one made at the next start. ${again}`,
        );
      }
      const bytes = size === installKeyBytes ? await file.readFile() : Buffer.alloc(0);
      if (bytes.length !== installKeyBytes) {
        throw new InstallKeyError(
          "malformed",
          path,
          `${path} has ${size} bytes; a key has ${installKeyBytes}. Restore it from a backup, or have a new one made at the next start. ${again}`,
        );
      }
      return createSecretKey(bytes);
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof InstallKeyError) throw cause;
    if (hasCode(cause, "ENOENT")) return undefined;
    throw new InstallKeyError("unreadable", path, `${path} cannot be read (${(cause as Error).message}).`, { cause });
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
