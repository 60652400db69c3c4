import { closeSync, readdirSync, readFileSync } from "node:fs";

/**
 * Closes the file descriptors that this process was started with, besides the first three: Node keeps low ones from its
 * children, but not one beyond a gap (as shells number `<(...)`), and what is open outside could be read through it.
 */
export function closeInheritedDescriptors(): void {
  for (const name of readdirSync("/proc/self/fd")) {
    const descriptor = Number(name);
    if (descriptor > 2 && isInherited(descriptor)) closeSync(descriptor);
  }
}

/** Node's own are closed on exec (O_CLOEXEC, octal 02000000; proc_pid_fdinfo(5)). */
function isInherited(descriptor: number): boolean {
  try {
    const flags = /^flags:\s+([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "latin1"))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & 0o2000000) === 0;
  } catch {
    return false;
  }
}
