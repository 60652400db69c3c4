import { randomBytes } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { link, lstat, mkdir, rename, rm, stat } from "node:fs/promises";
import { createConnection } from "node:net";
import { dirname, join } from "node:path";
import { shellQuote } from "./shell-quote.ts";
import { VendingSocketError } from "./vending-socket-error.ts";

/** Which file a name stands for: tells a socket from one that took its name later. */
export type FileIdentity = string;

/** A name beside the socket's own, to bind or to move aside. Short, so that it fits where the socket's does. */
export function nameBeside(socketPath: string): string {
  return join(dirname(socketPath), `.${randomBytes(4).toString("hex")}`);
}

/** Makes the directory, or checks that it is this user's alone; and that the path fits a socket address. */
export async function prepareSocketDirectory(socketPath: string): Promise<void> {
  // sun_path holds 108 bytes on Linux and 104 elsewhere, with a NUL at the end (unix(7)).
  const limit = process.platform === "linux" ? 107 : 103;
  const length = Math.max(Buffer.byteLength(socketPath), Buffer.byteLength(nameBeside(socketPath)));
  if (length > limit) {
    throw new VendingSocketError(
      "pathTooLong",
      socketPath,
      `The socket path ${socketPath} needs ${length} bytes, and a socket address holds ${limit}. Choose a shorter one with PROXY_SOCK_PATH.`,
    );
  }
  const dir = dirname(socketPath);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const { mode, uid } = await stat(dir);
  const foreign = process.geteuid !== undefined && uid !== process.geteuid();
  if (foreign || (mode & 0o077) !== 0) {
    throw new VendingSocketError(
      "insecurePermissions",
      socketPath,
      `${dir} ${foreign ? "belongs to another user" : "is open to other users"}; credentials are handed out in a directory that is yours alone. ${
        foreign || (mode & 0o1000) !== 0
          ? "Choose another with PROXY_SOCK_PATH."
          : `Run: chmod 700 ${shellQuote(dir)}, or choose another with PROXY_SOCK_PATH.`
      }`,
    );
  }
}

/**
 * Gives a bound socket its public name. A dead socket that has the name is moved out of the way; a live one is
 * respected, whenever it came.
 */
export async function publishSocket(bound: string, socketPath: string): Promise<FileIdentity> {
  const identity = identityOf(await lstat(bound, { bigint: true }));
  for (let attempt = 0; attempt < 10; attempt++) {
    if (await linkNew(bound, socketPath)) return identity;
    const found = await lstatOrNone(socketPath);
    if (found === undefined) continue;
    if (!found.isSocket()) {
      throw new VendingSocketError(
        "notASocket",
        socketPath,
        `${socketPath} is there and is not a socket. Move it away, or choose another path with PROXY_SOCK_PATH.`,
      );
    }
    if (await isServing(socketPath)) break;
    await removeSocket(socketPath, identityOf(found));
  }
  throw new VendingSocketError(
    "alreadyServing",
    socketPath,
    `another iam-agent-proxy is serving ${socketPath}. Stop it, or choose another path with PROXY_SOCK_PATH.`,
  );
}

/**
 * Removes the name if it still stands for the file given. What took the name meanwhile keeps it: the name is moved
 * aside before it is looked at, and given back.
 */
export async function removeSocket(socketPath: string, identity: FileIdentity): Promise<void> {
  if ((await identify(socketPath)) !== identity) return;
  const aside = nameBeside(socketPath);
  try {
    await rename(socketPath, aside);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw error;
  }
  if ((await identify(aside)) !== identity) await linkNew(aside, socketPath);
  await rm(aside, { force: true });
}

/** Whether a process accepts connections there. */
export function isServing(socketPath: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path: socketPath });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error) => {
      if (hasCode(error, "ECONNREFUSED", "ENOENT")) resolve(false);
      // A full backlog is a process that is busy.
      else if (hasCode(error, "EAGAIN", "ETIMEDOUT", "ECONNRESET")) resolve(true);
      else reject(error);
    });
  });
}

async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    // A file system without links to sockets: a rename would replace what is there, so look first.
    if (!hasCode(error, "EPERM", "ENOTSUP", "EOPNOTSUPP", "EMLINK")) throw error;
    if ((await lstatOrNone(to)) !== undefined) return false;
    await rename(from, to);
    return true;
  }
}

async function identify(path: string): Promise<FileIdentity | undefined> {
  const found = await lstatOrNone(path);
  return found && identityOf(found);
}

function identityOf({ dev, ino, mtimeNs }: BigIntStats): FileIdentity {
  // With the time it was made: file systems use the number of a removed file again at once.
  return `${dev}:${ino}:${mtimeNs}`;
}

async function lstatOrNone(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
