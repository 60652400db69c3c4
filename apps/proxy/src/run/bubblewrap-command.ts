import { existsSync } from "node:fs";
import { fresh, type IsolationView } from "./isolation-view.ts";

/** Below /run, what a system needs to find its programs and drivers (NixOS). */
const keptInRun = ["/run/current-system", "/run/opengl-driver", "/run/booted-system"];

/** The bubblewrap command that runs a command in a view: no network but loopback, no other processes, a read-only system. */
export function bubblewrapCommand(
  { runDir, workingDirectory, writable, hidden, shown, newSession }: IsolationView,
  command: readonly string[],
  { program }: { readonly program: string },
): readonly string[] {
  return [
    program,
    "--unshare-all",
    "--die-with-parent",
    ...(newSession ? ["--new-session"] : []),
    ...["--cap-drop", "ALL"],
    ...["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"],
    ...fresh.filter((path) => existsSync(path)).flatMap((path) => ["--tmpfs", path]),
    ...keptInRun.flatMap((path) => ["--ro-bind-try", path, path]),
    ...[workingDirectory, ...writable].flatMap((path) => ["--bind", path, path]),
    ...hidden.flatMap(({ path, kind }) =>
      kind === "directory" ? ["--tmpfs", path] : ["--ro-bind", "/dev/null", path],
    ),
    ...[runDir, ...shown].flatMap((path) => ["--ro-bind", path, path]),
    ...["--chdir", workingDirectory, "--"],
    ...command,
  ];
}
