import type { HiddenPath } from "./hidden-paths.ts";
import type { RebuiltDirectory } from "./rebuilt-directories.ts";

/** What the command is to see, by absolute paths. */
export interface IsolationView {
  /** The directory of this run: its sockets, certificates and configuration. Read-only. */
  readonly runDir: string;
  readonly workingDirectory: string;
  /** All that can be written to: the working directory, unless it is the home directory, and what the user named. */
  readonly writable: readonly string[];
  /** Directories that are shown with what they have now, less what is hidden: parents come before what is in them. */
  readonly rebuilt: readonly RebuiltDirectory[];
  /** What is hidden and in none of those directories: shown empty. */
  readonly masked: readonly HiddenPath[];
  /** Read-only, though in a directory that is hidden. */
  readonly shown: readonly string[];
  /** A file with the system calls that the command may not make: `seccompFilter`. */
  readonly seccompFile: string;
}

/** Directories that an isolated command gets anew: other programs' sockets are in them. */
export const fresh: readonly string[] = ["/tmp", "/var/tmp", "/run"];
