import { existsSync } from "node:fs";
import { fresh, type IsolationView } from "./isolation-view.ts";

/** Below /run, what a system needs to find its programs and drivers (NixOS). */
const keptInRun = ["/run/current-system", "/run/opengl-driver", "/run/booted-system"];

/** The bubblewrap command that runs a command in a view: no network but loopback, no other processes, a read-only system. */
export function bubblewrapCommand(
  { runDir, workingDirectory, writable, rebuilt, masked, shown, seccompFile }: IsolationView,
  command: readonly string[],
  { program }: { readonly program: string },
): readonly string[] {
  const line = [
    program,
    "--unshare-all",
    "--die-with-parent",
    ...["--cap-drop", "ALL"],
    ...["--seccomp", "4"],
    ...["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"],
    ...fresh.filter((path) => existsSync(path)).flatMap((path) => ["--tmpfs", path]),
    ...keptInRun.flatMap((path) => ["--ro-bind-try", path, path]),
    ...rebuilt.flatMap(({ path, entries }) => [
      ...["--perms", "0755", "--tmpfs", path],
      ...entries.flatMap(({ path: entry, kind }) =>
        typeof kind === "object" ? ["--symlink", kind.link, entry] : ["--ro-bind-try", entry, entry],
      ),
    ]),
    ...writable.flatMap((path) => ["--bind", path, path]),
    ...masked.flatMap(({ path, kind }) =>
      kind === "directory" ? ["--tmpfs", path] : ["--ro-bind", "/dev/null", path],
    ),
    ...[runDir, ...shown].flatMap((path) => ["--ro-bind", path, path]),
    ...rebuilt.flatMap(({ path }) => ["--remount-ro", path]),
    ...["--chdir", workingDirectory, "--"],
    ...command,
  ];
  // A shell opens the file, and goes on as bubblewrap.
  return ["sh", "-c", 'filter=$1; shift; exec "$@" 4<"$filter"', "sh", seccompFile, ...line];
}
