import { type Dirent, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * The Unix sockets of other programs that have a path, by their real names: those that are listened on
 * (proc_pid_net(5)), and those that lie in the home directory and two levels below, whoever listens. A read-only mount
 * does not keep a program from connecting to them, and behind some is an agent that has keys, or a container engine.
 */
export function unixSockets(home: string): readonly string[] {
  const listening = read("/proc/net/unix")
    .split("\n")
    // Num RefCount Protocol Flags Type St Inode Path
    .map((line) => /^(?:\S+\s+){7}(\/.+)$/.exec(line)?.[1])
    .filter((path) => path !== undefined);
  return [...new Set([...listening, ...socketsIn(home, 2)].flatMap(real))];
}

function real(path: string): readonly string[] {
  try {
    return lstatSync(path).isSocket() ? [realpathSync(path)].filter(isReachable) : [];
  } catch {
    return [];
  }
}

/**
 * Whether a process of this user that has no capabilities may go through all the directories above a path: root outside
 * reaches what root inside does not.
 */
function isReachable(path: string): boolean {
  const above = dirname(path);
  const { mode, uid, gid } = statSync(above);
  const groups = [process.getegid?.(), ...(process.getgroups?.() ?? [])];
  const shift = uid === process.geteuid?.() ? 6 : groups.includes(gid) ? 3 : 0;
  return ((mode >> shift) & 1) === 1 && (above === "/" || isReachable(above));
}

function socketsIn(directory: string, depth: number): readonly string[] {
  let entries: readonly Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isSocket()) return [path];
    return entry.isDirectory() && depth > 0 ? socketsIn(path, depth - 1) : [];
  });
}

function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
